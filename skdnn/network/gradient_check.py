r"""Gradient checking: training must use the derivative of J, and nothing else.

.. math::

    d\theta_{approx,i} = \frac{J(\theta + \epsilon e_i) - J(\theta - \epsilon e_i)}
        {2\epsilon} = \frac{\partial J}{\partial \theta_i} + O(\epsilon^2), \qquad
    \text{error} = \frac{\|d\theta_{approx} - d\theta\|_2}
        {\|d\theta_{approx}\|_2 + \|d\theta\|_2}

Up to 1e-7 the gradient is correct, above 1e-3 there is a bug; in between, it is
suspicious. Two effects make a correct gradient look wrong, and both are recognised
here. A component whose step of ±ε crosses a kink (of ReLU at z = 0, of the L1 penalty
at w = 0) has no derivative to compare with: it is left out and counted. And the
difference has an error of its own: the rounding of two nearly equal values of J, about
u |J| / ε with the unit roundoff u, and the O(ε²) above, which a second difference with
step 2ε reveals (there it is four times as large). Where the gradient itself is that
small, as at a minimum, such an error is not held against it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skdnn._reports import Report
from skdnn.network import segments as table
from skdnn.network.objective import Objective

CORRECT_UP_TO, WRONG_ABOVE = 1e-7, 1e-3
_UNIT_ROUNDOFF = np.finfo(np.float64).eps
# J is a sum over rows and outputs: its rounding is a few units in the last place.
_ROUNDING_OF_J = 8.0
_N_WORST = 10

Gradient = Callable[[np.ndarray], np.ndarray]


class CheckedComponent(NamedTuple):
    """One component of θ and its two derivatives."""

    layer: int  # l of W[l] or b[l], counted from 1
    kind: str  # "W" or "b"
    # (row, column) in W[l], (unit,) in b[l]; shadows tuple.index
    index: tuple[int, ...]  # type: ignore[assignment]
    analytic: float
    numeric: float

    @property
    def difference(self) -> float:
        """Analytic minus numeric."""
        return self.analytic - self.numeric


class LayerError(NamedTuple):
    """The relative error of one W[l] or b[l]."""

    layer: int
    kind: str
    relative_error: float
    n_checked: int
    n_kinks: int


@dataclass(frozen=True, repr=False)
class GradientCheckReport(Report):
    """What a gradient check found; printing it gives a table.

    Attributes
    ----------
    relative_error : float
        ‖numeric − analytic‖₂ / (‖numeric‖₂ + ‖analytic‖₂) over the components compared;
        NaN if there were none.
    numeric_error : float
        The relative error that the differences themselves can have, from rounding and
        from the size of ε; larger than 1e-7 only where the gradient nearly vanishes.
    layers : tuple of LayerError
        The same error for each W[l] and b[l].
    worst : tuple of CheckedComponent
        The components with the largest differences, worst first, at most ten.
    kinks : tuple of CheckedComponent
        Components left out because a kink lies within ±ε.
    n_parameters, n_checked : int
        Length of θ, and how many components were compared.
    epsilon : float
        The step ε.
    cost : float
        The cost J(θ).
    notes : tuple of str
        Remarks on how the check was made.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> report = net.gradient_check(X / 10, y, at="init")
    >>> report.verdict, report.passed, report.relative_error < 1e-7
    ('correct', True, True)
    """

    relative_error: float
    numeric_error: float
    layers: tuple[LayerError, ...]
    worst: tuple[CheckedComponent, ...]
    kinks: tuple[CheckedComponent, ...]
    n_parameters: int
    n_checked: int
    epsilon: float
    cost: float
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The verdict: "correct", "suspicious" or "wrong".

        The gradient is correct up to a relative error of 1e-7, or of `numeric_error` if
        that is larger; above 1e-3 it is wrong.
        """
        if self.relative_error <= max(CORRECT_UP_TO, self.numeric_error):
            return "correct"
        return "wrong" if self.relative_error > WRONG_ABOVE else "suspicious"

    @property
    def passed(self) -> bool:
        """Whether the verdict is "correct"."""
        return self.verdict == "correct"

    def __str__(self) -> str:
        """Return the report as a table."""
        head = [
            f"Gradient check: {self.verdict} "
            f"(relative error {self.relative_error:.1e}; "
            f"correct up to {CORRECT_UP_TO:.0e}, wrong above {WRONG_ABOVE:.0e})",
            f"J = {self.cost:.6g}, epsilon = {self.epsilon:.0e}, "
            f"{self.n_checked} of {self.n_parameters} components compared, "
            f"{len(self.kinks)} left out on a kink",
            *self.notes,
            *self._numeric_lines(),
            "",
            f"{'':6}{'error':>10}{'compared':>10}{'kinks':>7}",
        ]
        rows = [
            f"{e.kind}[{e.layer}]".ljust(6)
            + f"{e.relative_error:>10.1e}{e.n_checked:>10}{e.n_kinks:>7}"
            for e in self.layers
        ]
        return "\n".join(head + rows + self._worst_lines())

    def _numeric_lines(self) -> list[str]:
        if self.numeric_error <= CORRECT_UP_TO:
            return []
        return [
            "The gradient nearly vanishes here: the differences themselves can have a "
            f"relative error of {self.numeric_error:.1e}. Check at initialisation too."
        ]

    def _worst_lines(self) -> list[str]:
        if self.passed:
            return []
        lines = ["", f"{'worst':18}{'analytic':>14}{'numeric':>14}{'difference':>13}"]
        for c in self.worst:
            at = ", ".join(str(i) for i in c.index)
            lines.append(
                f"{c.kind}[{c.layer}][{at}]".ljust(18)
                + f"{c.analytic:>14.6e}{c.numeric:>14.6e}{c.difference:>13.1e}"
            )
        return lines


def check_gradient(
    objective: Objective,
    theta: np.ndarray,
    *,
    epsilon: float = 1e-5,
    max_params: int | None = 1000,
    rng: np.random.Generator | None = None,
    gradient: Gradient | None = None,
    notes: Sequence[str] = (),
) -> GradientCheckReport:
    """Compare the gradient of J with two-sided differences, component by component.

    Parameters
    ----------
    objective : Objective
        The objective J, in float64 and without dropout.
    theta : ndarray of shape (n_parameters,)
        Where to compare.
    epsilon : float, default=1e-5
        The step ε.
    max_params : int or None, default=1000
        The most components to compare, drawn evenly from all W[l] and b[l]; None
        compares all.
    rng : numpy.random.Generator, optional
        Draws the components; by default a generator with seed 0.
    gradient : callable (theta) -> ndarray, optional
        The gradient to check; by default the objective's own.
    notes : sequence of str
        Lines to add to the report.

    Returns
    -------
    GradientCheckReport
    """
    theta = np.array(theta, dtype=np.float64)
    segments = objective.network.segments
    cost = objective.value(theta).total
    if gradient is None:
        analytic = objective.value_and_gradient(theta)[1]
    else:
        analytic = gradient(theta)
    chosen = _choose(segments, max_params, rng or np.random.default_rng(0))
    if chosen.size < theta.size:
        drawn = f"A random {chosen.size} of {theta.size} components, from all layers."
        notes = [*notes, drawn]
    numeric = np.array([_two_sided(objective, theta, i, epsilon) for i in chosen])
    rounding = _ROUNDING_OF_J * _UNIT_ROUNDOFF * max(abs(cost), 1e-3) / epsilon
    to_explain = np.abs(numeric - analytic[chosen]) > rounding
    on_kink = np.array(
        [
            _is_on_kink(objective, theta, i, epsilon, differs)
            for i, differs in zip(chosen, to_explain, strict=True)
        ],
        dtype=bool,
    )
    components = [
        CheckedComponent(*table.describe(segments, i), float(analytic[i]), float(d))
        for i, d in zip(chosen, numeric, strict=True)
    ]
    smooth = [c for c, kink in zip(components, on_kink, strict=True) if not kink]
    size = _norm([c.analytic for c in smooth]) + _norm([c.numeric for c in smooth])
    noise = np.hypot(
        rounding * np.sqrt(len(smooth)),
        _truncation(objective, theta, chosen, numeric, to_explain & ~on_kink, epsilon),
    )
    return GradientCheckReport(
        relative_error=_relative_error(smooth),
        numeric_error=float(noise / size) if size else np.inf,
        layers=_errors_by_layer(components, on_kink),
        worst=tuple(sorted(smooth, key=lambda c: -abs(c.difference))[:_N_WORST]),
        kinks=tuple(c for c, kink in zip(components, on_kink, strict=True) if kink),
        n_parameters=theta.size,
        n_checked=len(smooth),
        epsilon=epsilon,
        cost=cost,
        notes=tuple(notes),
    )


def _two_sided(objective, theta, i, epsilon):
    """Return (J(θ + ε eᵢ) − J(θ − ε eᵢ)) / 2ε, with the step that θ really moved by."""
    above, below = theta.copy(), theta.copy()
    above[i] += epsilon
    below[i] -= epsilon
    rise = objective.value(above).total - objective.value(below).total
    return rise / (above[i] - below[i])


def _truncation(objective, theta, chosen, numeric, to_explain, epsilon):
    """Return the norm of the O(ε²) errors of the differences to be explained.

    Twice the step makes the error four times as large, so the two differences are three
    errors apart. Components with a kink within the longer step, which would look the
    same, are skipped.
    """
    errors = [
        (_two_sided(objective, theta, i, 2 * epsilon) - d) / 3
        for i, d in zip(chosen[to_explain], numeric[to_explain], strict=True)
        if not _is_on_kink(objective, theta, i, 2 * epsilon, differs=True)
    ]
    # Doubled to cover the next order of the error.
    return 2 * _norm(errors)


def _is_on_kink(objective, theta, i, epsilon, differs):
    """Whether J has a kink within ±ε of θ along component i.

    Hidden units are checked only for components that differ: the check costs as much as
    the difference itself, and a kink that does not show does not matter.
    """
    has_l1 = table.segment_of(objective.network.segments, i)["l1"] > 0
    if objective.penalty.l1 and has_l1 and abs(theta[i]) <= epsilon:
        return True
    if not differs:
        return False
    above, below = theta.copy(), theta.copy()
    above[i] += epsilon
    below[i] -= epsilon
    active_above = objective.active_units(above)
    return not np.array_equal(active_above, objective.active_units(below))


def _choose(segments, max_params, rng):
    """Return the components to compare: all, or an even share of each W[l] and b[l]."""
    n_parameters = table.n_parameters(segments)
    if max_params is None or max_params >= n_parameters:
        return np.arange(n_parameters)
    chosen, left = [], max_params
    components = [np.arange(s["start"], s["stop"]) for s in segments]
    for n_done, segment in enumerate(sorted(components, key=len)):
        share = min(len(segment), left // (len(components) - n_done))
        chosen.append(rng.choice(segment, share, replace=False))
        left -= share
    return np.sort(np.concatenate(chosen))


def _norm(values):
    return float(np.linalg.norm(values)) if len(values) else 0.0


def _relative_error(components):
    if not components:
        return np.nan
    size = _norm([c.analytic for c in components])
    size += _norm([c.numeric for c in components])
    return _norm([c.difference for c in components]) / size if size else 0.0


def _errors_by_layer(components, on_kink):
    errors = []
    for layer, kind in sorted({(c.layer, c.kind) for c in components}):
        here = [
            (c, kink)
            for c, kink in zip(components, on_kink, strict=True)
            if (c.layer, c.kind) == (layer, kind)
        ]
        smooth = [c for c, kink in here if not kink]
        error = _relative_error(smooth)
        errors.append(
            LayerError(layer, kind, error, len(smooth), len(here) - len(smooth))
        )
    return tuple(errors)
