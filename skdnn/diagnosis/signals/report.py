r"""Whether signals vanish or explode on their way through the layers.

With linear layers and :math:`W^{[l]} = c I`, activations scale as :math:`c^l` and
gradients as :math:`c^{L-l}`, exponentially in depth. Good initial weights keep c
near 1.
"""

from dataclasses import dataclass

import numpy as np

from skdnn._reports import Report
from skdnn.diagnosis.arguments import check_count
from skdnn.diagnosis.networks import problem_at_init
from skdnn.diagnosis.signals.statistics import SignalStage, measure
from skdnn.diagnosis.signals.verdict import (
    fitting_initializer,
    mean_change,
    remedies_for,
    verdict_in_training,
    verdict_of,
)
from skdnn.estimators import plan
from skdnn.estimators.checks.scales import scale_findings
from skdnn.estimators.inspection import TrainingProblem


@dataclass(frozen=True, eq=False, repr=False)
class SignalReport(Report):
    """Signals per layer at initialisation and after training; prints as tables.

    Attributes
    ----------
    at_init : SignalStage
        Signals at the random initial parameters: `layers` (the statistics of each
        layer), `input_rms`, `cost`, `forward_changes` and `backward_changes`.
    trained : SignalStage or None
        The same after `n_epochs` epochs; None if training was not requested.
    n_epochs : int
        Number of epochs trained.
    diverged_at : int or None
        Epoch in which training diverged; `trained` is then measured at the last finite
        parameters.
    init : str
        The estimator's initialiser.
    initializer : str or None
        The initialiser to use instead; None if signals are healthy at initialisation
        or the estimator already has the one that suits its activations.
    remedies : tuple of str
        What to try, the most promising first.
    notes : tuple of str
        Remarks on the settings and the inputs.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdnn import MLPRegularizedClassifier, signal_propagation
    >>> X, y = load_digits(return_X_y=True)
    >>> deep = MLPRegularizedClassifier((32,) * 10, init="xavier", random_state=0)
    >>> report = signal_propagation(deep, X[:200] / 16, y[:200], n_epochs=0)
    >>> report.verdict, report.remedies
    ('vanishing', ("Initialise with init='he'.",))
    """

    at_init: SignalStage
    trained: SignalStage | None
    n_epochs: int
    diverged_at: int | None
    init: str
    initializer: str | None
    remedies: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict_at_init(self) -> str:
        """Return the verdict at initialisation."""
        return verdict_of(self.at_init)

    @property
    def verdict(self) -> str:
        """Return the verdict at initialisation or, if healthy, after training.

        It is "healthy", "vanishing", "exploding", "saturated" (bounded activations in
        their flat parts) or "dead" (units that are zero or flat for all rows).
        """
        at_init = self.verdict_at_init
        if at_init != "healthy":
            return at_init
        return verdict_in_training(self.trained, self.diverged_at)

    @property
    def stages(self) -> dict[str, SignalStage]:
        """Return the measurements by stage, "at init" first."""
        after = {} if self.trained is None else {self._after: self.trained}
        return {"at init": self.at_init, **after}

    @property
    def _after(self) -> str:
        return f"after {self.n_epochs} epoch{'' if self.n_epochs == 1 else 's'}"

    def to_dict(self) -> dict:
        """Return everything as plain numbers, lists and strings."""
        return {
            "verdict": self.verdict,
            "verdict_at_init": self.verdict_at_init,
            "init": self.init,
            "initializer": self.initializer,
            "remedies": list(self.remedies),
            "notes": list(self.notes),
            "n_epochs": self.n_epochs,
            "diverged_at": self.diverged_at,
            "at_init": _to_dict(self.at_init),
            "trained": None if self.trained is None else _to_dict(self.trained),
        }

    def to_frame(self):
        """Return a pandas data frame with one row per stage and layer."""
        import pandas as pd

        rows = [
            {"stage": when, **layer._asdict()}
            for when, stage in self.stages.items()
            for layer in stage.layers
        ]
        return pd.DataFrame(rows).set_index(["stage", "layer"])

    def __str__(self) -> str:
        """Return the report with one table per stage."""
        lines = [f"Signals with init={self.init}: {self.verdict}", *self.notes]
        for when, stage in self.stages.items():
            lines += ["", *_table(when, stage)]
        if self.remedies:
            lines += ["", "What to try:", *(f"- {r}" for r in self.remedies)]
        return "\n".join(lines)


def _to_dict(stage: SignalStage) -> dict:
    return {
        "layers": [layer._asdict() for layer in stage.layers],
        "input_rms": stage.input_rms,
        "cost": stage.cost,
        "forward_changes": stage.forward_changes,
        "backward_changes": stage.backward_changes,
    }


def _table(when: str, stage: SignalStage) -> list[str]:
    lines = [
        f"{when}: {verdict_of(stage)} (J = {stage.cost:.6g}, rms of the inputs "
        f"{stage.input_rms:.3g})"
    ]
    changes = {"forward": stage.forward_changes, "backward": stage.backward_changes}
    means = [f"{mean_change(c):.3g} {way}" for way, c in changes.items() if c]
    if means:
        lines.append(f"mean change per layer: {', '.join(means)}")
    lines.append(
        f"{'layer':>5} {'units':>5} {'activation':<10}"
        f"{'mean':>10}{'std':>10}{'rms':>10}{'stuck':>7}"
        f"{'rms dZ':>10}{'norm dW':>10}{'rms dW':>10}{'dW/W step':>10}"
    )
    for l in stage.layers:
        stuck = "-" if np.isnan(l.stuck) else f"{l.stuck:.0%}"
        lines.append(
            f"{l.layer:>5} {l.n_units:>5} {l.activation:<10}{l.mean:>10.2g}"
            f"{l.std:>10.2g}{l.rms:>10.2g}{stuck:>7}{l.backward_rms:>10.1e}"
            f"{l.gradient_norm:>10.1e}{l.gradient_rms:>10.1e}{l.update_ratio:>10.1e}"
        )
    return lines


def signal_propagation(
    estimator, X, y, sample_weight=None, *, n_epochs=5
) -> SignalReport:
    r"""Measure the signals in each layer at initialisation and after some training.

    Forward signals are the activations A[l] and the logits; backward signals are the
    derivatives dZ[l] of each row's loss and the gradient dW[l] of the data term of J.
    All are measured in float64 without dropout and augmentation. `update_ratio` is
    ‖ΔW[l]‖ / ‖W[l]‖ for the next step of the estimator's own solver on all rows.

    A signal vanishes if its rms changes by a factor below 0.8 per layer (geometric
    mean) and falls more than tenfold in total; it explodes if the factor is above 1.25
    and it grows more than tenfold. Forward changes are measured from the inputs to the
    last hidden layer, backward changes from there to the first.

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
        Sample weights; None is 1 for each row. Activations are not weighted.
    n_epochs : int, default=5
        Number of epochs (iterations of lbfgs) before the second measurement, at most;
        0 measures at initialisation only.

    Returns
    -------
    SignalReport
        Statistics per layer, a `verdict`, and the `initializer` to use instead. Print
        it for tables, or call `to_frame()`.

    See Also
    --------
    SignalPropagationDisplay : Plot the signals, for several initialisers.

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", 2010. K. He et al., "Delving deep into rectifiers", 2015.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdnn import MLPRegularizedClassifier, signal_propagation
    >>> X, y = load_digits(return_X_y=True)
    >>> deep = MLPRegularizedClassifier((32,) * 10, init="normal", random_state=0)
    >>> report = signal_propagation(deep, X[:200] / 16, y[:200], n_epochs=0)
    >>> report.verdict, report.initializer
    ('vanishing', 'he')
    """
    check_count("n_epochs", n_epochs, least=0)
    return report_of(problem_at_init(estimator, X, y, sample_weight), n_epochs)


def report_of(problem: TrainingProblem, n_epochs: int) -> SignalReport:
    """Return the report on a training problem, before and after training it."""
    net = problem.estimator
    at_init, trained, notes = measure(problem), None, _notes(net)
    notes += [finding.message for finding in scale_findings(net, problem.rows)]
    n_trained, diverged_at = 0, None
    if n_epochs:
        outcome = problem.train(n_epochs)
        n_trained, diverged_at = len(outcome.history), outcome.diverged_at
        trained = measure(problem)
        if diverged_at is not None:
            notes.append(f"Training diverged in epoch {diverged_at}.")
    initializer = None
    if verdict_of(at_init) != "healthy":
        activations = [layer.activation for layer in at_init.layers[:-1]]
        initializer = fitting_initializer(net, activations)
    return SignalReport(
        at_init,
        trained,
        n_trained,
        diverged_at,
        name_of_init(net.init),
        initializer,
        tuple(
            remedies_for(
                at_init, verdict_in_training(trained, diverged_at), net, initializer
            )
        ),
        tuple(notes),
    )


def name_of_init(init) -> str:
    """Return a name for `init`; a function has its own."""
    if isinstance(init, str):
        return init
    return getattr(init, "__name__", type(init).__name__)


def _notes(net) -> list[str]:
    n_hidden = len(plan.hidden_sizes(net))
    notes = []
    if n_hidden == 0:
        notes.append(
            "There is no hidden layer in which a signal could vanish or explode: only "
            "the output layer is measured."
        )
    if np.any(plan.keep_probs(net) < 1):
        notes.append(
            f"Dropout (input_keep_prob={net.input_keep_prob}, "
            f"keep_prob={net.keep_prob}) is off while measuring and on while training."
        )
    return notes
