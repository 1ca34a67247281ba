r"""Orders of accuracy of one- and two-sided difference quotients of J.

.. math::

    \frac{f(\theta + \epsilon) - f(\theta)}{\epsilon} = f'(\theta) + O(\epsilon),
    \qquad
    \frac{f(\theta + \epsilon) - f(\theta - \epsilon)}{2\epsilon}
        = f'(\theta) + O(\epsilon^2)

On a log-log plot of error against ε these are lines of slopes 1 and 2. For smaller ε
the rounding error of J dominates, about u |J| / ε with the unit roundoff u, and the
error grows again.

Source: P. Gill, W. Murray and M. Wright, "Practical Optimization", 1981, section 8.6.
"""

from dataclasses import dataclass

import numpy as np

from skdnn._reports import Report
from skdnn.diagnosis.arguments import check_count
from skdnn.diagnosis.networks import problem_at_init
from skdnn.estimators import inspection
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.objective import Objective
from skdnn.training.threads import blas_threads_for

_UNIT_ROUNDOFF = np.finfo(np.float64).eps
# Truncation dominates where the error exceeds the rounding error by this factor; the
# next power of ε is negligible up to this step.
_ABOVE_ROUNDING = 20.0
_LARGEST_STEP = 1e-2


@dataclass(frozen=True, eq=False, repr=False)
class DifferenceOrders(Report):
    """Errors of one- and two-sided differences against ε; prints as a table.

    An error is ‖numeric − analytic‖₂ / (‖numeric‖₂ + ‖analytic‖₂) over the components.

    Attributes
    ----------
    epsilons : ndarray of shape (n_steps,)
        Steps ε, ascending.
    one_sided, two_sided : ndarray of shape (n_steps,)
        The errors.
    rounding : ndarray of shape (n_steps,)
        The order of magnitude of the rounding error.
    n_params : int
        Number of components of θ compared.
    notes : tuple of str
        Remarks on the settings, such as kinks that spoil the orders.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, difference_orders
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> orders = difference_orders(net, X / 10, y, epsilons=[1e-4, 1e-3, 1e-2])
    >>> bool(orders.two_sided[0] < orders.one_sided[0])
    True
    """

    epsilons: np.ndarray
    one_sided: np.ndarray
    two_sided: np.ndarray
    rounding: np.ndarray
    n_params: int
    notes: tuple[str, ...] = ()

    @property
    def one_sided_order(self) -> float:
        """Return the slope of log error over log ε where truncation dominates."""
        return self._slope(self.one_sided)

    @property
    def two_sided_order(self) -> float:
        """Return that slope for two-sided differences; NaN if they are exact."""
        return self._slope(self.two_sided)

    def truncation_dominates(self, errors: np.ndarray) -> np.ndarray:
        """Return a mask of the ε to which the slope is fitted."""
        above = errors > _ABOVE_ROUNDING * self.rounding
        return above & (self.epsilons <= _LARGEST_STEP)

    def _slope(self, errors) -> float:
        use = self.truncation_dominates(errors)
        if np.count_nonzero(use) < 3:
            return np.nan
        return float(np.polyfit(np.log(self.epsilons[use]), np.log(errors[use]), 1)[0])

    def to_dict(self) -> dict:
        """Return everything as plain numbers, lists and strings."""
        return {
            "one_sided_order": self.one_sided_order,
            "two_sided_order": self.two_sided_order,
            "epsilons": self.epsilons.tolist(),
            "one_sided": self.one_sided.tolist(),
            "two_sided": self.two_sided.tolist(),
            "rounding": self.rounding.tolist(),
            "n_params": self.n_params,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Return the errors as a table."""
        head = [
            f"Orders of the differences: {self.one_sided_order:.2f} one-sided, "
            f"{self.two_sided_order:.2f} two-sided ({self.n_params} components)",
            *self.notes,
            "",
            f"{'epsilon':>10}{'one-sided':>12}{'two-sided':>12}{'rounding':>12}",
        ]
        columns = (self.epsilons, self.one_sided, self.two_sided, self.rounding)
        rows = [
            f"{e:>10.1e}{one:>12.1e}{two:>12.1e}{r:>12.1e}"
            for e, one, two, r in zip(*columns, strict=True)
        ]
        return "\n".join(head + rows)


def difference_orders(
    estimator,
    X,
    y,
    sample_weight=None,
    *,
    epsilons=None,
    n_params=20,
) -> DifferenceOrders:
    r"""Measure the errors of one- and two-sided differences of J against the step.

    J is evaluated at the random initial parameters, in float64 and without dropout.
    Smooth activations ("tanh", "gelu", …) show the orders 1 and 2; a kink of ReLU
    within a step spoils them. The L1 part of the penalty is left out, since it has
    kinks too.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, fitted or not, or one in
        a Pipeline, a fitted search, a TransformedTargetRegressor or similar. A clone
        starts from new parameters; the estimator is not changed. Clones of the
        transformers before it, and of that of y, are fitted to the rows.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; a few dozen are enough.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights; None is 1 for each row.
    epsilons : array-like of float, default=None
        Steps ε from 1e-14 to 1; None is 1e-12 to 0.1, two per decade.
    n_params : int, default=20
        Number of components of θ, drawn at random, that are compared.

    Returns
    -------
    DifferenceOrders
        The errors and their slopes, `one_sided_order` and `two_sided_order`.

    See Also
    --------
    DifferenceOrderDisplay : Plot the errors.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, difference_orders
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> orders = difference_orders(net, X / 10, y)
    >>> print(f"{orders.one_sided_order:.1f} and {orders.two_sided_order:.1f}")
    1.0 and 2.0
    """
    steps = _checked_steps(epsilons)
    check_count("n_params", n_params)
    problem = problem_at_init(estimator, X, y, sample_weight)
    objective, theta = problem.objective.without_l1(), problem.state.theta
    rng = np.random.default_rng(0)
    chosen = rng.permutation(theta.size)[:n_params]
    with blas_threads_for(objective.network, objective.block_rows):
        cost, gradient = objective.value_and_gradient(theta)
        analytic = gradient[chosen]
        differences = [
            _differences(objective, theta, cost.total, chosen, step) for step in steps
        ]
    one_sided = [_relative_error(one, analytic) for one, _ in differences]
    two_sided = [_relative_error(two, analytic) for _, two in differences]
    size = max(2 * np.linalg.norm(analytic), np.finfo(np.float64).tiny)
    rounding = _UNIT_ROUNDOFF * abs(cost.total) * np.sqrt(chosen.size) / steps / size
    return DifferenceOrders(
        steps,
        np.array(one_sided),
        np.array(two_sided),
        rounding,
        chosen.size,
        tuple(_notes(problem.estimator, objective)),
    )


def _differences(objective: Objective, theta, cost, chosen, epsilon):
    """Return one- and two-sided difference quotients for the chosen components."""
    one_sided, two_sided = [], []
    for i in chosen:
        above, below = theta.copy(), theta.copy()
        above[i] += epsilon
        below[i] -= epsilon
        J_above, J_below = objective.value(above).total, objective.value(below).total
        # Divided by the actual change of θ, which rounding makes differ from ε.
        one_sided.append((J_above - cost) / (above[i] - theta[i]))
        two_sided.append((J_above - J_below) / (above[i] - below[i]))
    return np.array(one_sided), np.array(two_sided)


def _relative_error(numeric, analytic):
    size = np.linalg.norm(numeric) + np.linalg.norm(analytic)
    return np.linalg.norm(numeric - analytic) / size if size else 0.0


def _checked_steps(epsilons) -> np.ndarray:
    given = np.logspace(-12, -1, 23) if epsilons is None else epsilons
    try:
        steps = np.unique(np.asarray(given, dtype=np.float64).ravel())
    except (TypeError, ValueError):
        steps = np.empty(0)
    if not (steps.size and 1e-14 <= steps[0] and steps[-1] <= 1):
        raise ValueError(
            "epsilons must hold at least one number, each from 1e-14 to 1, got "
            f"{epsilons!r}."
        )
    return steps


def _notes(net, objective: Objective) -> list[str]:
    notes = inspection.gradient_check_notes(net)
    names = set(objective.network.activations)
    kinked = sorted(name for name in names if ACTIVATIONS[name].has_kink)
    if kinked:
        notes.append(
            f"A kink of {', '.join(kinked)} within a step spoils the orders; use "
            "activation='tanh' to see them."
        )
    if net.alpha and net.l1_ratio:
        notes.append("The L1 part of the penalty is left out, since it has kinks.")
    return notes
