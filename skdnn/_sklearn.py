"""The private parts of scikit-learn that skdnn uses, imported in one place.

Only hooks that scikit-learn itself looks up by name are elsewhere:
`_validate_params`, `_parameter_constraints`, `_doc_link_module` and so on.
"""

from collections.abc import Callable
from copy import copy
from typing import TypeVar

import numpy as np
from sklearn.base import _fit_context
from sklearn.callback import CallbackContext
from sklearn.callback import with_callbacks as _with_callbacks
from sklearn.metrics._scorer import _BaseScorer
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import _safe_indexing
from sklearn.utils._optional_dependencies import (
    check_matplotlib_support,
    check_pandas_support,
)
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_params,
)
from sklearn.utils._plotting import (
    _interval_max_min_ratio,
    _validate_score_name,
    _validate_style_kwargs,
)
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.metaestimators import available_if as _available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_sample_weight,
)

_Method = TypeVar("_Method", bound=Callable)

BaseComposition = _BaseComposition
check_feature_names = _check_feature_names
check_feature_names_in = _check_feature_names_in
check_partial_fit_first_call = _check_partial_fit_first_call
check_sample_weight = _check_sample_weight
interval_max_min_ratio = _interval_max_min_ratio
name_of_score = _validate_score_name
safe_indexing = _safe_indexing
style_kwargs = _validate_style_kwargs


# scikit-learn's decorators have no annotations; with these wrappers a method keeps its
# own.
def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Method], _Method]:
    """Validate parameters once, then call the method."""
    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)


def with_callbacks(fit: _Method) -> _Method:
    """Set callbacks up before fit and take them down after it."""
    return _with_callbacks(fit)


def available_if(check: Callable) -> Callable[[_Method], _Method]:
    """Hide the method from estimators that fail the check."""
    return _available_if(check)


def input_columns(transformer, name: str) -> list[int]:
    """Return the positions of the columns that a step of a ColumnTransformer takes."""
    return list(transformer._transformer_to_input_indices[name])


def best_score(scorer) -> float:
    """Return the score of a perfect model: 0 for negated losses, 1 for all others."""
    return 1.0 if getattr(scorer, "_sign", 1) > 0 else 0.0


def score_function(scorer) -> Callable | None:
    """Return the function of (y, predictions) in a scikit-learn scorer, else None."""
    return scorer._score_func if isinstance(scorer, _BaseScorer) else None


def scores_probabilities(scorer) -> bool:
    """Whether a scikit-learn scorer needs probabilities or decision values."""
    return scorer._response_method != "predict"


def options_of(scorer) -> dict:
    """Return the keyword arguments that a scikit-learn scorer passes on."""
    return scorer._kwargs


def with_options(scorer, options: dict):
    """Return a scorer that also passes these options on; its own take precedence."""
    scorer = copy(scorer)
    scorer._kwargs = {**options, **scorer._kwargs}
    return scorer


def complete_fitted_mlp(mlp, is_multilabel: bool) -> None:
    """Set what fit leaves in addition to coefs_, intercepts_ and classes_."""
    if hasattr(mlp, "classes_"):  # predict needs it
        labels = np.eye(len(mlp.classes_), dtype=int) if is_multilabel else mlp.classes_
        mlp._label_binarizer = LabelBinarizer().fit(labels)
    # Continued training (warm_start, partial_fit) needs these.
    mlp._best_coefs = [W.copy() for W in mlp.coefs_]
    mlp._best_intercepts = [b.copy() for b in mlp.intercepts_]
    mlp._no_improvement_count = 0


def callbacks_of(estimator) -> list:
    """Return the callbacks that `set_callbacks` has attached to the estimator."""
    return list(getattr(estimator, "_skl_callbacks", None) or [])


def has_callbacks(estimator) -> bool:
    """Whether `set_callbacks` has attached any to the estimator."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def callback_context(estimator, task_name: str, max_subtasks: int) -> CallbackContext:
    """Return the context through which the callbacks of a fit are called."""
    return estimator._init_callback_context(
        task_name=task_name, max_subtasks=max_subtasks
    )


__all__ = [
    "BaseComposition",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "available_if",
    "best_score",
    "callback_context",
    "callbacks_of",
    "check_feature_names",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_pandas_support",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "complete_fitted_mlp",
    "fit_context",
    "has_callbacks",
    "interval_max_min_ratio",
    "name_of_score",
    "options_of",
    "safe_indexing",
    "score_function",
    "scores_probabilities",
    "style_kwargs",
    "validate_params",
    "with_callbacks",
    "with_options",
]
