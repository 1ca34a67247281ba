"""What a caller hands to a display: one fitted model or several, bare or wrapped."""

from collections.abc import Mapping

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def by_name(estimator, name=None) -> dict:
    """Return the models by their names; the name of a single one may be None."""
    if not isinstance(estimator, Mapping):
        return {name: estimator}
    if name is not None:
        raise ValueError(
            f"name={name!r} is for a single estimator; the keys of a dict are names."
        )
    if not estimator:
        raise ValueError("estimator must hold at least one model, got an empty dict.")
    return dict(estimator)


def fitted_steps(estimator) -> tuple[list, object]:
    """Return (transformers, last step) of a fitted model.

    A search stands for its `best_estimator_`, a pipeline for its steps; what is neither
    has no transformers.
    """
    check_is_fitted(estimator)
    if hasattr(estimator, "best_estimator_"):
        return fitted_steps(estimator.best_estimator_)
    if not isinstance(estimator, Pipeline):
        return [], estimator
    inner, last = fitted_steps(estimator.steps[-1][1])
    before = [step for _, step in estimator.steps[:-1] if step not in _NO_STEP]
    return [*before, *inner], last


def fitted_network(estimator, *attributes):
    """Return the fitted last step of a model, which must have these attributes."""
    network = fitted_steps(estimator)[1]
    missing = [name for name in attributes if not hasattr(network, name)]
    if missing:
        raise TypeError(
            f"{network!r} has no attribute {missing[0]!r}. A fitted "
            "MLPRegularizedClassifier or MLPRegularizedRegressor has it."
        )
    return network


_NO_STEP = (None, "passthrough")
