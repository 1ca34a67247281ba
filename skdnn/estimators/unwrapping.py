"""What a caller hands over, taken apart: wrappers, and the one model inside them.

The only place that knows how estimators wrap one another. Diagnoses, displays and
exports ask here, so that all of them take the same things.
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

# The parameter that holds the one estimator; what `fit` makes of it has the same name
# and an underscore. FrozenEstimator comes first: it passes on what is inside it.
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
    """A model and the way to it."""

    model: Any
    wrappers: tuple[Any, ...]  # outermost first
    transformers: tuple[tuple[str, Any], ...]  # of X, none a Pipeline, with long names
    prefix: str  # of the model's parameters, in the best estimator of a search
    is_frozen: bool  # no parameter can be set then

    def rows(self, X, y, *, refit: bool) -> tuple[Any, Any]:
        """Return X and y as the model sees them.

        Parameters
        ----------
        X, y : array-like
            Rows as the outermost wrapper is given them.
        refit : bool
            True fits copies of the transformers to these rows, as `fit` would; the
            frozen ones stay as they are. False takes those that have been fitted.
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

    A fitted search stands for its best estimator. One that has not been fitted is taken
    for a model, as is all else.

    Parameters
    ----------
    estimator : object
        Anything.
    fitted : bool, default=True
        Take the estimator that a wrapper has fitted, where it has. False takes the
        parameter, which the next `fit` copies.
    until : type or tuple of types, default=()
        What is taken for the model, even if it has one inside.
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
    """Return the same, of what has one of our networks inside.

    Raises
    ------
    TypeError
        If there is none.
    """
    unwrapped = unwrap(estimator, fitted=fitted)
    if not fitted and not isinstance(unwrapped.model, BaseMLPRegularized):
        # A search inside another wrapper knows its best estimator only where it has
        # been fitted.
        unwrapped = unwrap(estimator)
    if isinstance(unwrapped.model, BaseMLPRegularized):
        return unwrapped
    raise TypeError(
        "estimator must be an MLPRegularizedClassifier or an MLPRegularizedRegressor, "
        f"{WRAPPED}, got {described(unwrapped, estimator)}."
    )


def described(unwrapped: Unwrapped, estimator) -> str:
    """Return what a caller has given in place of a network, for an error."""
    got = type(estimator).__name__
    if unwrapped.wrappers:
        got += f" that ends with {unwrapped.model!r}"
    return got + hint_at_several(unwrapped.model)


def hint_at_several(model) -> str:
    """Return what to do with a model that is made of several, or ""."""
    if hasattr(type(model), "members_"):  # a single one would have been found inside
        if not hasattr(model, "members_"):
            return ", which has no network before fit"
        return f", which has {len(model.members_)} networks: give one of its members_"
    is_several = isinstance(model, CalibratedClassifierCV) or any(
        hasattr(model, name) for name in ("estimators", "estimators_")
    )
    return ", which trains several models: give one of them" if is_several else ""


def _inside(estimator, fitted: bool) -> tuple[str | None, Any] | None:
    """Return the name and the value of the parameter with the one estimator inside.

    The best estimator of a search has no name of its own.
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
    """Return the transformers of X in pipelines, which may be pipelines or frozen."""
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
    """Return y as the regressor inside is given it by `fit`."""
    y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
    if refit:
        # Any regressor will do, and this one looks at no X: it is the transformer that
        # has to be made and fitted as `fit` does it.
        model = clone(model).set_params(regressor=DummyRegressor()).fit(y, y)
    is_single = y.ndim == 1
    transformed = model.transformer_.transform(y.reshape(-1, 1) if is_single else y)
    if is_single and transformed.ndim == 2 and transformed.shape[1] == 1:
        transformed = transformed.squeeze(axis=1)
    return transformed
