"""What a fit says: a line per epoch, a warning or an error where it ended badly."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skdnn.estimators.sklearn_private import is_part_of_something_larger
from skdnn.training.loop import EpochRecord, Outcome

# Up from here: _fit, fit, two wrappers of scikit-learn's and one of ours around it, and
# who called that. Around partial_fit there is only one of scikit-learn's.
_CALLER_OF_FIT, _CALLER_OF_PARTIAL_FIT = 7, 6


def print_epoch(record: EpochRecord) -> None:
    """Print one aligned line: training cost, dev cost, learning rate, seconds."""
    dev = "" if record.dev is None else f"  dev cost {record.dev.cost:10.6f}"
    print(
        f"Epoch {record.epoch:4d}  train cost {record.cost:10.6f}{dev}"
        f"  learning rate {record.learning_rate:.1e}  {record.seconds:7.3f} s"
    )


def refuse(outcome: Outcome, estimator, incremental: bool) -> None:
    """Raise what leaves nothing worth keeping.

    An interrupt ends more than this fit where the fit is part of something larger: a
    search would otherwise go on with the next candidate.
    """
    interrupt = outcome.interrupted_by
    if interrupt is not None and (incremental or is_part_of_something_larger()):
        raise interrupt
    if outcome.diverged_at is None or outcome.history:
        return
    remedies = "Standardise the inputs, or draw smaller first weights with init."
    if estimator.solver != "lbfgs":
        remedies = (
            f"Lower learning_rate_init={estimator.learning_rate_init}, standardise the "
            "inputs, or set max_grad_norm."
        )
    raise ValueError(
        f"Training diverged in its first epoch: the cost is not finite. {remedies}"
    )


def warn_about(outcome: Outcome, estimator, incremental: bool = False) -> None:
    """Warn if training diverged, was interrupted, or ran out of epochs."""
    caller = _CALLER_OF_PARTIAL_FIT if incremental else _CALLER_OF_FIT
    if outcome.interrupted_by is not None:
        kept = "of the last one"
        if estimator.early_stopping:
            kept = f"of the best one, {estimator.best_iteration_},"
        warnings.warn(
            f"Training was interrupted after {estimator.n_iter_} epochs. The "
            f"parameters {kept} are kept; with warm_start=True, fit goes on from here.",
            ConvergenceWarning,
            stacklevel=caller,
        )
    elif outcome.diverged_at is not None:
        warnings.warn(
            f"Training diverged in epoch {outcome.diverged_at}: the cost is no longer "
            "finite. The last finite parameters are kept. Lower "
            f"learning_rate_init={estimator.learning_rate_init}, standardise the "
            "inputs, or set max_grad_norm.",
            ConvergenceWarning,
            stacklevel=caller,
        )
    elif outcome.converged or outcome.told_to_stop or incremental:
        return
    elif estimator.solver == "lbfgs":
        warnings.warn(
            f"lbfgs stopped before it converged (max_iter={estimator.max_iter}): "
            f"{outcome.message}. Increase max_iter or standardise the inputs.",
            ConvergenceWarning,
            stacklevel=caller,
        )
    elif estimator.learning_rate != "cosine":
        # A cosine schedule is meant to end with the last epoch.
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=caller,
        )
