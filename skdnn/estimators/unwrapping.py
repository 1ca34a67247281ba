"""Unwrap an estimator: its wrappers, and the one model inside them.

This is the only module that knows how estimators wrap one another. Diagnoses, displays
and exports use it, so that all of them accept the same estimators.
"""

from typing import Any, NamedTuple

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

from skdnn.estimators.base import BaseMLPRegularized

# The parameter that holds the inner estimator; the fitted one has the same name and an
# underscore. FrozenEstimator comes first because it delegates attributes.
PARAMETER_INSIDE = {
    FrozenEstimator: "estimator",
    TransformedTargetRegressor: "regressor",
    FixedThresholdClassifier: "estimator",
    TunedThresholdClassifierCV: "estimator",
}
WRAPPED = (
    "or one of them in a Pipeline, a fitted search, a TransformedTargetRegressor, a "
    "FixedThresholdClassifier, a TunedThresholdClassifierCV or a FrozenEstimator"
)


class Unwrapped(NamedTuple):
    """A model and the wrappers around it."""

    model: Any
    wrappers: tuple[Any, ...]  # outermost first
    transformers: tuple[tuple[str, Any], ...]  # of X, pipelines flattened, long names
    prefix: str  # of the model's parameters, in the best estimator of a search
    is_frozen: bool  # its parameters cannot be set

    def rows(self, X, y, *, refit: bool) -> tuple[Any, Any]:
        """Return X and y as the model is given them.

        Parameters
        ----------
        X, y : array-like
            Rows as the outermost wrapper is given them.
        refit : bool
            True fits copies of the transformers to these rows, as `fit` would, except
            for frozen ones. False uses the fitted transformers.
        """
        for wrapper in self.wrappers:
            refit = refit and not isinstance(wrapper, FrozenEstimator)
            if isinstance(wrapper, Pipeline) and len(wrapper.steps) > 1:
                before = wrapper[:-1]
                if refit:
                    X = clone(before).fit_transform(X, y)
                else:
                    X = before.transform(X)
            elif isinstance(wrapper, TransformedTargetRegressor):
                y = _transformed_target(wrapper, y, refit)
        return X, y


def unwrap(
    estimator, *, fitted: bool = True, until: type | tuple[type, ...] = ()
) -> Unwrapped:
    """Return the model inside pipelines, searches and other wrappers of one estimator.

    A fitted search is unwrapped to its best estimator. Anything that is not a known
    wrapper is taken for the model, including a search that has not been fitted.

    Parameters
    ----------
    estimator : object
        Anything.
    fitted : bool, default=True
        True follows the estimators that wrappers have fitted, if they have; False their
        parameters, of which the next `fit` makes clones.
    until : type or tuple of types, default=()
        Types that are taken for the model even if they wrap one.
    """
    model, wrappers, transformers = estimator, [], []
    prefix, is_frozen = "", False
    while (
        not isinstance(model, until) and (inside := _inside(model, fitted)) is not None
    ):
        wrappers.append(model)
        is_frozen = is_frozen or isinstance(model, FrozenEstimator)
        if isinstance(model, Pipeline):
            transformers += flat(model.steps[:-1], prefix)
        name, model = inside
        prefix = "" if name is None else f"{prefix}{name}__"
    return Unwrapped(model, tuple(wrappers), tuple(transformers), prefix, is_frozen)


def unwrap_network(estimator, *, fitted: bool) -> Unwrapped:
    """Unwrap an estimator to the network of this package inside it.

    Raises
    ------
    TypeError
        If there is none.
    """
    unwrapped = unwrap(estimator, fitted=fitted)
    if not fitted and not isinstance(unwrapped.model, BaseMLPRegularized):
        # A search inside another wrapper has a best estimator only if it is fitted.
        unwrapped = unwrap(estimator)
    if isinstance(unwrapped.model, BaseMLPRegularized):
        return unwrapped
    raise TypeError(
        "estimator must be an MLPRegularizedClassifier or an MLPRegularizedRegressor, "
        f"{WRAPPED}, got {described(unwrapped, estimator)}."
    )


def described(unwrapped: Unwrapped, estimator) -> str:
    """Return what was given instead of a network, for an error message."""
    got = type(estimator).__name__
    if unwrapped.wrappers:
        got += f" that ends with {unwrapped.model!r}"
    return got + hint_at_ensemble(unwrapped.model)


def hint_at_ensemble(model) -> str:
    """Return what to do with an ensemble, or "" for any other model."""
    if hasattr(type(model), "members_"):  # a single member would have been unwrapped
        if not hasattr(model, "members_"):
            return ", which has no network before fit"
        return f", which has {len(model.members_)} networks: give one of its members_"
    is_several = isinstance(model, CalibratedClassifierCV) or any(
        hasattr(model, name) for name in ("estimators", "estimators_")
    )
    return ", which trains several models: give one of them" if is_several else ""


def _inside(estimator, fitted: bool) -> tuple[str | None, Any] | None:
    """Return the name and value of the parameter with the inner estimator, or None.

    The name is None for the best estimator of a search, which is no parameter.
    """
    for kind, name in PARAMETER_INSIDE.items():
        if isinstance(estimator, kind):
            inner = getattr(estimator, name)
            if fitted and kind is not FrozenEstimator:
                inner = getattr(estimator, f"{name}_", inner)
            return None if inner is None else (name, inner)
    if isinstance(estimator, Pipeline):
        return estimator.steps[-1] if estimator.steps else None
    if hasattr(estimator, "best_estimator_"):
        return None, estimator.best_estimator_
    return None


def flat(steps, prefix: str = "") -> list[tuple[str, Any]]:
    """Return the transformers in steps, flattened and without FrozenEstimator."""
    found = []
    for name, step in steps:
        while isinstance(step, FrozenEstimator):
            step = step.estimator
        if isinstance(step, Pipeline):
            found += flat(step.steps, f"{prefix}{name}__")
        elif step not in (None, "passthrough"):
            found.append((prefix + name, step))
    return found


def _transformed_target(model: TransformedTargetRegressor, y, refit: bool):
    """Return y as `fit` passes it to the inner regressor."""
    y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
    if refit:
        # Only the transformer, made and fitted as `fit` does it, is needed. The dummy
        # regressor ignores X.
        model = clone(model).set_params(regressor=DummyRegressor()).fit(y, y)
    is_single = y.ndim == 1
    transformed = model.transformer_.transform(y.reshape(-1, 1) if is_single else y)
    if is_single and transformed.ndim == 2 and transformed.shape[1] == 1:
        transformed = transformed.squeeze(axis=1)
    return transformed
