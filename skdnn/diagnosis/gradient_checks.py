"""Two gradient checks: at random initialisation, and after some training.

At initialisation some mistakes do not show: biases of later layers are zero, weights
are small, and no unit is saturated. After training others are hidden, because the
gradient has become small.
"""

from dataclasses import dataclass

import numpy as np

from skdnn._reports import Report
from skdnn.diagnosis.arguments import check_count
from skdnn.diagnosis.networks import problem_at_init
from skdnn.estimators import inspection
from skdnn.network.gradient_check import (
    CORRECT_UP_TO,
    WRONG_ABOVE,
    GradientCheckReport,
)

_VERDICTS = ("correct", "suspicious", "wrong")  # from best to worst


@dataclass(frozen=True, eq=False, repr=False)
class GradientChecks(Report):
    """Two gradient checks of one network; prints as one table.

    Attributes
    ----------
    at_init : GradientCheckReport
        The check at the random initial parameters.
    trained : GradientCheckReport
        The check after `n_epochs` epochs of training.
    n_epochs : int
        Number of epochs trained.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, check_gradients
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> checks = check_gradients(net, X / 10, y, n_epochs=3)
    >>> checks.passed, checks.n_epochs, checks.trained.verdict
    (True, 3, 'correct')
    """

    at_init: GradientCheckReport
    trained: GradientCheckReport
    n_epochs: int

    @property
    def verdict(self) -> str:
        """Return the worse of the two verdicts."""
        both = (self.at_init.verdict, self.trained.verdict)
        return max(both, key=_VERDICTS.index)

    @property
    def passed(self) -> bool:
        """Whether both verdicts are "correct"."""
        return self.verdict == "correct"

    def to_dict(self) -> dict:
        """Return everything as plain numbers, lists and strings."""
        return {
            "verdict": self.verdict,
            "passed": self.passed,
            "n_epochs": self.n_epochs,
            "at_init": _to_dict(self.at_init),
            "trained": _to_dict(self.trained),
        }

    def __str__(self) -> str:
        """Return both checks as one table, followed by any failed check in full."""
        init, trained = self.at_init, self.trained
        epochs = f"{self.n_epochs} epoch{'' if self.n_epochs == 1 else 's'}"
        columns = ("at init", epochs)
        head = [
            f"Gradient check at initialisation and after {epochs}: {self.verdict}",
            f"(correct up to {CORRECT_UP_TO:.0e}, wrong above {WRONG_ABOVE:.0e}; "
            f"epsilon = {init.epsilon:.0e})",
            *self.trained.notes,
            "",
            f"{'':10}{columns[0]:>12}{columns[1]:>12}",
            _row("verdict", init.verdict, trained.verdict),
            _row("J", f"{init.cost:.6g}", f"{trained.cost:.6g}"),
            _row("compared", init.n_checked, trained.n_checked),
            _row("on a kink", len(init.kinks), len(trained.kinks)),
            _row(
                "error", f"{init.relative_error:.1e}", f"{trained.relative_error:.1e}"
            ),
        ]
        rows = [
            _errors(f"{before.kind}[{before.layer}]", before, after)
            for before, after in zip(init.layers, trained.layers, strict=True)
        ]
        return "\n".join(head + rows + self._failures())

    def _failures(self) -> list[str]:
        reports = {"At init": self.at_init, "Trained": self.trained}
        lines = []
        for when, report in reports.items():
            if not report.passed:
                lines += ["", f"{when}, in full:", str(report)]
        return lines


def _row(name, at_init, trained) -> str:
    return f"{name:10}{at_init:>12}{trained:>12}"


def _errors(name, at_init, trained) -> str:
    both = (at_init.relative_error, trained.relative_error)
    return _row(name, *(f"{error:.1e}" for error in both))


def _to_dict(report: GradientCheckReport) -> dict:
    return {
        "verdict": report.verdict,
        "relative_error": report.relative_error,
        "numeric_error": report.numeric_error,
        "cost": report.cost,
        "epsilon": report.epsilon,
        "n_parameters": report.n_parameters,
        "n_checked": report.n_checked,
        "n_kinks": len(report.kinks),
        "layers": [error._asdict() for error in report.layers],
        "worst": [component._asdict() for component in report.worst],
        "notes": list(report.notes),
    }


def check_gradients(
    estimator,
    X,
    y,
    sample_weight=None,
    *,
    n_epochs=5,
    epsilon=1e-5,
    max_params=1000,
) -> GradientChecks:
    r"""Check the gradient at random initialisation and again after some training.

    This is for debugging: each check takes two evaluations of J per component. A few
    hundred rows and a small network are enough. For one check at the fitted parameters,
    see :meth:`MLPRegularizedClassifier.gradient_check`.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, fitted or not, or one in
        a Pipeline, a fitted search, a TransformedTargetRegressor or similar. A clone
        starts from new parameters and is trained on the rows; the estimator is not
        changed. Clones of the transformers before it, and of that of y, are fitted to
        the rows.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, taken as the whole training set.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights; None is 1 for each row.
    n_epochs : int, default=5
        Number of epochs (iterations of lbfgs) before the second check, at most.
        Training uses the estimator's settings, dropout included; the checks are without
        dropout.
    epsilon : float, default=1e-5
        The step ε of the two-sided differences.
    max_params : int or None, default=1000
        Number of components checked, at most. They are drawn evenly from all layers and
        are the same in both checks; None checks all.

    Returns
    -------
    GradientChecks
        Both checks, and the worse of their verdicts. Print it for a table.

    See Also
    --------
    check_cost_descends : Check that J falls at every step; run it next.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, check_gradients
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> checks = check_gradients(net, X / 10, y)
    >>> checks.verdict, checks.at_init.passed, checks.trained.passed
    ('correct', True, True)
    """
    inspection.check_gradient_check_arguments("init", epsilon, max_params)
    check_count("n_epochs", n_epochs)
    problem = problem_at_init(estimator, X, y, sample_weight)
    notes = inspection.gradient_check_notes(problem.estimator)

    def check(theta: np.ndarray, notes) -> GradientCheckReport:
        model = problem.model.with_theta(theta)
        return inspection.gradient_report(
            problem.objective, model, epsilon, max_params, notes
        )

    at_init = check(problem.state.theta, notes)
    outcome = problem.train(n_epochs)
    if outcome.diverged_at is not None:
        notes = [*notes, f"Training diverged in epoch {outcome.diverged_at}."]
    trained = check(problem.state.theta, notes)
    return GradientChecks(at_init, trained, len(outcome.history))
