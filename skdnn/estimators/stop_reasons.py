"""Why a training stopped, in a sentence: what all messages of a fit are made of.

The codes are those of training/stopping.py. A sentence may say more than the code:
what is to be done about it in this fit.
"""

from skdnn.training import stopping
from skdnn.training.history import Outcome

# What is said of a training that cannot have worked.
FAILURES = (stopping.RISING, stopping.WORSE_THAN_CONSTANT, stopping.DIVERGED)


# A dev cost that has not fallen for so many epochs does not fall any more.
_PATIENCE = 10


def sentence(outcome: Outcome, estimator) -> str:
    """Return why the training of a fitted estimator stopped."""
    return _SENTENCES[outcome.reason](outcome, estimator)


def cure(estimator) -> str:
    """Return what helps where steps are too long, or of very different lengths."""
    if estimator.solver == "lbfgs":
        return "Standardise the inputs, or draw smaller first weights with init."
    return (
        f"Lower learning_rate_init={estimator.learning_rate_init}, standardise the "
        "inputs (make_pipeline(StandardScaler(), net)), or set max_grad_norm."
    )


def _converged(outcome, estimator):
    if estimator.solver == "lbfgs":
        return f"no component of the gradient is larger than tol={estimator.tol}"
    what = "the training cost has"
    if estimator.learning_rate == "adaptive":
        what = "the learning rate has fallen to 1e-6, and the training cost has"
    return f"{what} not fallen by more than {_patience(estimator)}"


def _early_stopping(outcome, estimator):
    is_loss = isinstance(estimator.scoring, str) and estimator.scoring == "loss"
    what = "cost has not fallen" if is_loss else "score has not risen"
    return (
        f"the dev {what} by more than {_patience(estimator)}; the parameters are those "
        f"of epoch {estimator.best_iteration_}"
    )


def _patience(estimator) -> str:
    return (
        f"tol={estimator.tol} in n_iter_no_change={estimator.n_iter_no_change} epochs"
    )


def _max_iter(outcome, estimator):
    unit = "iterations" if estimator.solver == "lbfgs" else "epochs"
    return f"max_iter={estimator.max_iter} {unit} are over"


def _rising(outcome, estimator):
    first, last = estimator._state.first_cost, outcome.history[-1].cost
    return (
        f"the training cost rose from {first:.3g} in the first epoch to {last:.3g} in "
        "the last: the steps are too long"
    )


def _worse_than_constant(outcome, estimator):
    if estimator.early_stopping and estimator.validation_loss_curve_:
        return (
            f"the dev cost stayed at {min(estimator.validation_loss_curve_):.3g} or "
            "more, above that of a network that predicts the same for every row"
        )
    return (
        f"the training cost has stalled at {outcome.history[-1].cost:.3g}, above that "
        "of a network that predicts the same for every row"
    )


_SENTENCES = {
    stopping.CONVERGED: _converged,
    stopping.EARLY_STOPPING: _early_stopping,
    stopping.MAX_ITER: _max_iter,
    stopping.MAX_FUN: lambda outcome, estimator: (
        f"max_fun={estimator.max_fun} evaluations of J are over"
    ),
    stopping.LINE_SEARCH: lambda outcome, estimator: (
        f"lbfgs found no lower J along its direction ({outcome.message})"
    ),
    stopping.CALLBACK: lambda outcome, estimator: "a callback asked for it",
    stopping.ONE_EPOCH: lambda outcome, estimator: (
        "partial_fit trains for one epoch in each call"
    ),
    stopping.ONE_CLASS: lambda outcome, estimator: (
        "y has one class only, so there is nothing to learn"
    ),
    stopping.INTERRUPTED: lambda outcome, estimator: "it was interrupted (Ctrl-C)",
    stopping.LOST_TO_PENALTY: lambda outcome, estimator: (
        "the penalty has taken the network: its minimum is near zero weights"
    ),
    stopping.CONSTANT: lambda outcome, estimator: (
        "every row gets almost the same prediction"
    ),
    stopping.RISING: _rising,
    stopping.WORSE_THAN_CONSTANT: _worse_than_constant,
    stopping.DIVERGED: lambda outcome, estimator: (
        f"training diverged in epoch {outcome.diverged_at}: the cost is no longer "
        "finite; the last parameters of a finite cost are kept"
    ),
}


def advice_at_max_iter(estimator) -> str:
    """Return what to do about a training that ran out of epochs, by its curves."""
    more = f"max_iter={2 * estimator.max_iter}"
    if estimator.solver == "lbfgs":
        return f"Standardise the inputs, or set {more} and max_fun as high."
    curve, best = estimator.validation_loss_curve_, estimator.best_iteration_
    patience = min(estimator.n_iter_no_change, _PATIENCE)
    if curve is None:
        return (
            f"If the cost of rows that are not trained on still falls, set {more}; "
            "early_stopping=True watches some rows and stops when it does not."
        )
    if estimator.early_stopping:
        if len(estimator.loss_curve_) - best < patience / 2:
            return f"The dev set was still gaining: set {more}."
        return (
            f"The parameters are those of epoch {best}; more epochs would hardly help."
        )
    lowest = 1 + min(range(len(curve)), key=curve.__getitem__)
    if len(curve) - lowest < patience:
        return f"The dev cost was still falling: set {more}."
    return (
        f"The dev cost was lowest in epoch {lowest}: more epochs do not help; "
        "early_stopping=True keeps the parameters of that epoch."
    )
