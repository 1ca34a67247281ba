"""What a call of fit or partial_fit does around the training itself."""

from contextlib import contextmanager

from skdnn.estimators.fit_callbacks import FitCallbacks
from skdnn.estimators.reporting import EpochPrinter
from skdnn.estimators.rows import check_total_weight
from skdnn.training.loop import OnEpoch
from skdnn.training.state import TrainingState
from skdnn.training.stopping import MAX_ITER, ONE_CLASS, ONE_EPOCH
from skdnn.training.tables import Examples


def epochs_of_call(targets, incremental: bool) -> tuple[int | None, str]:
    """Return the epochs of a call, None for all, and why it stops after them."""
    if incremental:
        return 1, ONE_EPOCH
    return (1, ONE_CLASS) if targets.is_constant else (None, MAX_ITER)


def listener(printer: EpochPrinter | None, callbacks: FitCallbacks) -> OnEpoch | None:
    """Return who is told of each epoch; None, where nobody wants to be."""
    if printer is None and not callbacks.are_set:
        return None

    def on_epoch(record, theta):
        if printer is not None:
            printer.epoch(record)
        return callbacks.are_set and callbacks.end_epoch(record, theta)

    return on_epoch


def count_rows(
    examples: Examples, state: TrainingState, incremental: bool, total_weight
) -> None:
    """Count rows that are about to be trained on; they may be one part of several."""
    state.rows_seen = state.rows_seen.after(
        examples.weight, examples.checksum(), total_weight
    )
    if incremental:
        check_total_weight(state.rows_seen.known, examples.weight)
        examples.total_weight = state.rows_seen.total
        state.time = state.rows_seen.passes


@contextmanager
def unchanged_on_failure(estimator):
    """Put all attributes back if the block fails.

    It works because a fit replaces attributes and never changes what they refer to.
    """
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
