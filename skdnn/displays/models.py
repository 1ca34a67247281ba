"""The models of a display: one or several, possibly wrapped."""

from collections.abc import Mapping

from sklearn.utils.validation import check_is_fitted

from skdnn.displays.arguments import check_text
from skdnn.estimators.unwrapping import Unwrapped, hint_at_ensemble, unwrap


def by_name(one_or_many, name=None, argument="estimator") -> dict:
    """Return models as a dict by name; the name of a single one may be None."""
    check_text("name", name)
    if not isinstance(one_or_many, Mapping):
        return {name: one_or_many}
    if name is not None:
        raise ValueError(
            f"name={name!r} is for a single {argument}; a dict has names as its keys."
        )
    if not one_or_many:
        raise ValueError(f"{argument} must not be an empty dict.")
    return dict(one_or_many)


def fitted_network(estimator, *attributes) -> Unwrapped:
    """Unwrap a fitted model and check that it has these attributes."""
    check_is_fitted(estimator)
    unwrapped = unwrap(estimator)
    network = unwrapped.model
    missing = [name for name in attributes if not hasattr(network, name)]
    if missing:
        raise TypeError(
            f"{network!r} has no attribute {missing[0]!r}"
            f"{hint_at_ensemble(network)}. A fitted MLPRegularizedClassifier or "
            "MLPRegularizedRegressor has it."
        )
    return unwrapped
