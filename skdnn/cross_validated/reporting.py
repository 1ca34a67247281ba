"""The output of a cross-validated fit: progress lines, errors and warnings."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skdnn.cross_validated.callbacks import CheckpointRecord
from skdnn.cross_validated.candidates import Candidate
from skdnn.cross_validated.contenders import Contender
from skdnn.estimators.reporting import warn_once_per_search

# Relative to the loss of a constant prediction; a smaller gain may be noise.
_HARDLY_BETTER = 0.999


class CheckpointPrinter:
    """Prints a line for each checkpoint.

    Parameters
    ----------
    candidates : list of Candidate
        All candidates. A line shows those values of the best one that vary.
    is_loss : bool
        Whether lower scores are better.
    """

    def __init__(self, candidates: list[Candidate], is_loss: bool):
        self._best_of = min if is_loss else max
        self._varied = [
            name
            for name, *values in zip(Candidate._fields, *candidates, strict=True)
            if any(value != values[0] for value in values)
        ]
        self._best = ""

    def checkpoint(self, record: CheckpointRecord, n_nets: int) -> None:
        """Print the best score at this checkpoint, and the best so far."""
        if record.best_n_steps == record.n_steps:
            self._best = self._named(record)
        now = f"{self._best_of(record.scores.values()):.6f}" if record.scores else "-"
        print(
            f"Step {record.n_steps:6d}, networks in training: {n_nets:3d}, held-out "
            f"score {now}, best {record.best_score:.6f} at step {record.best_n_steps}"
            f"{self._best}"
        )

    def _named(self, record: CheckpointRecord) -> str:
        of_best = (c for c, s in record.scores.items() if s == record.best_score)
        best = next(of_best)._asdict()
        named = ", ".join(f"{name}={best[name]}" for name in self._varied)
        return f" ({named})" if named else ""


def refuse_divergence(contenders: list[Contender]) -> None:
    """Raise an error if every candidate diverged before its first checkpoint."""
    if all(contender.best is None for contender in contenders):
        raise ValueError(
            "Training diverged before the first checkpoint: the cost is not finite. "
            f"Lower learning_rate_init={_rate_of(contenders[0])}, standardise the "
            "inputs (preprocess=True), or set max_grad_norm."
        )


def _rate_of(contender: Contender) -> float:
    """Return the learning rate that was used, which may come from "auto"."""
    return contender.nets[0].estimator.learning_rate_init


def warn(contenders: list[Contender], best: Contender, estimator, last: int) -> None:
    """Warn if training failed or ended too early.

    Parameters
    ----------
    contenders : list of Contender
        All candidates.
    best : Contender
        The chosen candidate.
    estimator : BaseMLPRegularizedCV
        Messages quote its parameters.
    last : int
        The maximum number of steps.
    """
    targets = best.nets[0].model.targets
    if targets.is_constant:
        warn_once_per_search(
            "y has one class only, so there is nothing to learn: every row is predicted"
            f" to be of class {targets.classes.tolist()[0]!r}.",
            UserWarning,
            "one_class",
        )
        return
    _warn_of_divergence(contenders)
    if _is_no_gain(best, estimator):
        return
    if best.snapshot.n_steps == last and not best.n_stalled:
        warn_once_per_search(
            f"The held-out score was still improving after max_steps={last} steps. Set "
            f"max_steps={2 * last}.",
            ConvergenceWarning,
            "max_steps",
        )


def _warn_of_divergence(contenders: list[Contender]) -> None:
    diverged = [contender for contender in contenders if contender.has_diverged]
    if diverged:
        listed = ", ".join(str(each.candidate._asdict()) for each in diverged)
        warn_once_per_search(
            f"Training of {len(diverged)} of {len(contenders)} candidates diverged; "
            f"they were stopped at that point: {listed}. Lower "
            f"learning_rate_init={_rate_of(diverged[0])} or set max_grad_norm.",
            ConvergenceWarning,
            "diverged",
        )


def _is_no_gain(best: Contender, estimator) -> bool:
    """Warn and return True if a constant predicts the held-out rows as well."""
    if best.scorers:
        return False
    score = best.snapshot.score.value
    constant = _constant_cost(best)
    is_no_gain = score >= _HARDLY_BETTER * constant > 0
    if is_no_gain:
        warn_once_per_search(
            f"The held-out loss, {score:.4g}, is not below that of a "
            f"constant prediction, {constant:.4g}: nothing was learnt that generalises "
            "to new rows. Check the columns and the scale of X, add more rows, or "
            f"lower alphas={estimator.alphas} or learning_rate_init="
            f"{_rate_of(best)}.",
            ConvergenceWarning,
            "no_gain",
        )
    return is_no_gain


def _constant_cost(best: Contender) -> float:
    """Return the cost of the best constant prediction for all held-out rows.

    One constant per fold would fit the held-out rows better, the fewer they are.
    """
    model, examples = best.nets[0].model, [part.examples for part in best.held_out]
    in_units = [
        net.model.targets.outward(each.Y)
        for net, each in zip(best.nets, examples, strict=True)
    ]
    Y = model.targets.inward(np.concatenate(in_units))
    weights = [each.s * (each.weight / each.n_rows) for each in examples]
    option = model.targets.without_smoothing(model.network).loss_option
    constant = model.targets.constant_cost(Y, np.concatenate(weights), option)
    return best.held_out[0].cost_unit * constant
