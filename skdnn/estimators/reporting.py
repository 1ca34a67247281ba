"""What a fit says: a line per epoch, and a warning where it ended badly."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skdnn.training.loop import EpochRecord, Outcome

# Up from here: _fit, fit, scikit-learn's wrapper around it, and whoever called that.
_CALLER_OF_FIT = 5


def print_epoch(record: EpochRecord) -> None:
    """Print one aligned line: training cost, dev cost, learning rate, seconds."""
    dev = "" if record.dev is None else f"  dev cost {record.dev.cost:10.6f}"
    print(
        f"Epoch {record.epoch:4d}  train cost {record.cost:10.6f}{dev}"
        f"  learning rate {record.learning_rate:.1e}  {record.seconds:7.3f} s"
    )


def warn_about(outcome: Outcome, estimator) -> None:
    """Warn if training diverged, or ran out of epochs before it converged."""
    if outcome.diverged_at is not None:
        warnings.warn(
            f"Training diverged in epoch {outcome.diverged_at}: the cost is no longer "
            "finite. The last finite parameters are kept. Lower "
            f"learning_rate_init={estimator.learning_rate_init}, standardise the "
            "inputs, or set max_grad_norm.",
            ConvergenceWarning,
            stacklevel=_CALLER_OF_FIT,
        )
    elif not outcome.converged and estimator.solver == "lbfgs":
        warnings.warn(
            f"lbfgs stopped before it converged (max_iter={estimator.max_iter}): "
            f"{outcome.message}. Increase max_iter or standardise the inputs.",
            ConvergenceWarning,
            stacklevel=_CALLER_OF_FIT,
        )
    elif not outcome.converged and estimator.learning_rate != "cosine":
        # A cosine schedule is meant to end with the last epoch.
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=_CALLER_OF_FIT,
        )
