r"""Check that J falls at every step, before dropout is switched on.

Plain gradient descent on all rows; L1 is the proximal step that training takes too:

.. math::

    \theta := \operatorname{prox}_{\eta \Omega_1}
        \left(\theta - \eta \nabla J_{smooth}(\theta)\right)

Every step lowers J if η is small enough. The bound depends on the curvature: for a
quadratic J it is :math:`2 / \lambda_{max}` of the Hessian. If J rises at every η, the
gradient is wrong, or the inputs have scales that no η of the grid suits.

Source: L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale
machine learning", 2018, section 4; N. Parikh and S. Boyd, "Proximal algorithms", 2014,
section 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skdnn._reports import Report
from skdnn.diagnosis.arguments import check_count
from skdnn.diagnosis.networks import problem_at_init
from skdnn.estimators import inspection
from skdnn.network.objective import Objective
from skdnn.network.segments import per_parameter
from skdnn.training.threads import blas_threads_for

LEARNING_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# J is a sum, so a change of a few units in the last place is rounding.
_ROUNDING = 8 * np.finfo(np.float64).eps


@dataclass(frozen=True, eq=False, repr=False)
class CostDescentReport(Report):
    """J after each step at several learning rates; prints as a table.

    Attributes
    ----------
    learning_rates : ndarray of shape (n_rates,)
        Learning rates η, ascending.
    costs : ndarray of shape (n_rates, n_steps + 1)
        J before the first step and after each; infinite once it has overflowed.
    first_rises : tuple of int or None
        For each η the first step at which J rose, counted from 1; None if it never did.
    solver : str
        The estimator's `solver`.
    learning_rate_init : float
        The estimator's `learning_rate_init`.
    notes : tuple of str
        What was switched off or left out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, check_cost_descends
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), random_state=0)
    >>> report = check_cost_descends(net, X, y, learning_rates=[0.01, 100])
    >>> report.largest_descending_rate, report.first_rising_rate
    (0.01, 100.0)
    """

    learning_rates: np.ndarray
    costs: np.ndarray
    first_rises: tuple[int | None, ...]
    solver: str
    learning_rate_init: float
    notes: tuple[str, ...] = ()

    @property
    def first_rising_rate(self) -> float | None:
        """Return the smallest η at which J rose, or None."""
        rates = zip(self.learning_rates, self.first_rises, strict=True)
        return next((float(rate) for rate, step in rates if step is not None), None)

    @property
    def first_rise_step(self) -> int | None:
        """Return the step at which J rose at that η, or None."""
        return next((step for step in self.first_rises if step is not None), None)

    @property
    def largest_descending_rate(self) -> float | None:
        """Return the largest η below `first_rising_rate`, or None."""
        rising = self.first_rising_rate
        below = self.learning_rates
        if rising is not None:
            below = below[below < rising]
        return float(below[-1]) if below.size else None

    @property
    def verdict(self) -> str:
        """Return "descends", "rises" (even at the smallest η) or "constant"."""
        if self.largest_descending_rate is None:
            return "rises"
        start, ends = self.costs[:, 0], self.costs[:, -1]
        fell = start - ends > _ROUNDING * np.abs(start)
        steady = np.array([step is None for step in self.first_rises])
        return "descends" if np.any(fell & steady) else "constant"

    @property
    def passed(self) -> bool:
        """Whether the verdict is "descends"."""
        return self.verdict == "descends"

    def to_dict(self) -> dict:
        """Return everything as plain numbers, lists and strings."""
        return {
            "verdict": self.verdict,
            "passed": self.passed,
            "first_rising_rate": self.first_rising_rate,
            "first_rise_step": self.first_rise_step,
            "largest_descending_rate": self.largest_descending_rate,
            "learning_rates": self.learning_rates.tolist(),
            "costs": self.costs.tolist(),
            "first_rises": list(self.first_rises),
            "solver": self.solver,
            "learning_rate_init": self.learning_rate_init,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Return the report as a table."""
        n_steps = self.costs.shape[1] - 1
        head = [
            f"Cost descent: {_HEADLINES[self.verdict]}",
            f"{n_steps} steps of plain gradient descent on all rows",
            *self._rate_lines(),
            *self.notes,
            "",
            f"{'learning rate':>13}{'J at start':>14}{'J at end':>14}  first rise",
        ]
        rows = [
            f"{rate:>13.3g}{J[0]:>14.6g}{J[-1]:>14.6g}  "
            + ("none" if step is None else f"step {step}")
            for rate, J, step in zip(
                self.learning_rates, self.costs, self.first_rises, strict=True
            )
        ]
        return "\n".join(head + rows)

    def _rate_lines(self) -> list[str]:
        lines = []
        if self.first_rising_rate is not None:
            lines.append(
                f"J first rises at learning rate {self.first_rising_rate:g}, in step "
                f"{self.first_rise_step}."
            )
        if self.largest_descending_rate is not None:
            lines.append(
                "J never rises at learning rates up to "
                f"{self.largest_descending_rate:g}."
            )
        comparison = _COMPARED.get(self.solver, _NOT_COMPARABLE)
        lines.append(
            comparison.format(rate=self.learning_rate_init, solver=self.solver)
        )
        return lines


_HEADLINES = {
    "descends": "J falls at every step if the learning rate is small enough",
    "rises": "J RISES even at the smallest learning rate; check the gradient, then the "
    "scale of the inputs",
    "constant": "J DOES NOT CHANGE; the gradient vanishes, or every learning rate "
    "is too small",
}
_COMPARED = {
    "sgd": "The estimator has learning_rate_init={rate:g}; momentum amplifies its "
    "steps, mini-batches add noise.",
    "lbfgs": "lbfgs has no learning rate: it uses a line search.",
}
_NOT_COMPARABLE = (
    "The estimator's learning_rate_init={rate:g} is not comparable: {solver} rescales "
    "the gradient."
)


def check_cost_descends(
    estimator, X, y, sample_weight=None, *, learning_rates=None, n_steps=20
) -> CostDescentReport:
    r"""Check that J falls at every step of plain gradient descent.

    Run it after the gradient check and before switching dropout on: with dropout, J is
    a different function at each step and need not fall. Each learning rate starts from
    the same random parameters and takes `n_steps` steps on all rows, without momentum,
    in float64. J is the whole objective, penalty included. The L1 part is a proximal
    step, since a subgradient need not be a descent direction.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, fitted or not, or one in
        a Pipeline, a fitted search, a TransformedTargetRegressor or similar. A clone
        starts from new parameters; the estimator is not changed. Clones of the
        transformers before it, and of that of y, are fitted to the rows.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, taken as the whole training set. A few hundred are enough.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights; None is 1 for each row.
    learning_rates : array-like of float, default=None
        Learning rates η > 0 to try; None is 1e-4, 3e-4, …, 3, 10.
    n_steps : int, default=20
        Steps at each learning rate.

    Returns
    -------
    CostDescentReport
        `passed` is True if J falls at every step for each rate below
        `first_rising_rate`, the smallest rate at which it rises. Print it for a table.

    See Also
    --------
    check_gradients : Check the gradient itself; run it first.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import InputStandardizer, MLPRegularizedClassifier
    >>> from skdnn import check_cost_descends
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((8,), keep_prob=0.8, random_state=0)
    >>> report = check_cost_descends(make_pipeline(InputStandardizer(), net), X, y)
    >>> report.passed, report.verdict
    (True, 'descends')
    """
    rates = _checked_rates(learning_rates)
    check_count("n_steps", n_steps)
    problem = problem_at_init(estimator, X, y, sample_weight)
    objective, net = problem.objective, problem.estimator
    with blas_threads_for(objective.network, objective.block_rows):
        costs = [descend(objective, problem.state.theta, r, n_steps) for r in rates]
    with np.errstate(over="ignore"):  # where the descent diverges
        shown = problem.model.targets.cost_unit * np.array(costs)
    return CostDescentReport(
        rates,
        shown,
        tuple(_first_rise(J) for J in costs),
        net.solver,
        float(net.learning_rate_init),
        tuple(_notes(net)),
    )


def descend(
    objective: Objective, theta: np.ndarray, learning_rate: float, n_steps: int
) -> np.ndarray:
    """Return J before the first step of plain gradient descent and after each."""
    smooth = objective.without_l1()
    l1 = objective.penalty.l1 * per_parameter(objective.network.segments, "l1")
    threshold = learning_rate * l1
    costs = np.full(n_steps + 1, np.inf)
    costs[0] = objective.value(theta).total
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, n_steps + 1):
            theta = theta - learning_rate * smooth.value_and_gradient(theta)[1]
            theta -= np.clip(theta, -threshold, threshold)
            J = objective.value(theta).total
            if not np.isfinite(J):
                break
            costs[step] = J
    return costs


def _first_rise(costs: np.ndarray) -> int | None:
    before, after = costs[:-1], costs[1:]
    rises = after > before + _ROUNDING * np.abs(before)
    return int(np.argmax(rises)) + 1 if rises.any() else None


def _checked_rates(learning_rates: Sequence[float] | None) -> np.ndarray:
    given = LEARNING_RATES if learning_rates is None else learning_rates
    try:
        rates = np.unique(np.asarray(given, dtype=np.float64).ravel())
    except (TypeError, ValueError):
        rates = np.empty(0)
    if not (rates.size and np.all(np.isfinite(rates)) and rates[0] > 0):
        raise ValueError(
            "learning_rates must hold at least one number, each finite and > 0, got "
            f"{given!r}."
        )
    return rates


def _notes(net) -> list[str]:
    """Return what this check leaves out of the estimator's training."""
    notes = inspection.gradient_check_notes(net)
    if net.alpha and net.l1_ratio:
        notes.append(
            f"The L1 part of the penalty (l1_ratio={net.l1_ratio:g}) is a proximal "
            "step."
        )
    left_out = {
        name: getattr(net, name)
        for name in ("max_norm", "max_grad_norm", "augmentation")
        if getattr(net, name) is not None
    }
    if left_out:
        settings = ", ".join(f"{name}={value}" for name, value in left_out.items())
        notes.append(f"Left out, as not part of J: {settings}.")
    return notes
