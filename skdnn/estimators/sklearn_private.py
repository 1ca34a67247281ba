"""The corners of scikit-learn that are not public API: all of them, in this file."""

import sys

from sklearn.base import _fit_context
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from sklearn.utils._plotting import (
    _interval_max_min_ratio,
    _validate_score_name,
    _validate_style_kwargs,
)
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
)

check_feature_names = _check_feature_names
check_partial_fit_first_call = _check_partial_fit_first_call
check_sample_weight = _check_sample_weight
fit_context = _fit_context
interval_max_min_ratio = _interval_max_min_ratio
name_of_score = _validate_score_name
style_kwargs = _validate_style_kwargs

# What calls fit for its caller, once: fit's own wrappers, and estimators around one.
_WRAPPERS = (
    "sklearn.base",
    "sklearn.callback",
    "sklearn.compose._target",
    "sklearn.pipeline",
    "sklearn.utils.metaestimators",
    "skdnn.estimators",
)
_CALLERS_OF_MANY_FITS = ("joblib", "sklearn", "skdnn")


def is_part_of_something_larger() -> bool:
    """Whether a search, an ensemble or another loop over fits has called this fit."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if _is_in(module, _CALLERS_OF_MANY_FITS) and not _is_in(module, _WRAPPERS):
            return True
        frame = frame.f_back
    return False


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == p or module.startswith(f"{p}.") for p in packages)


__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_feature_names",
    "check_matplotlib_support",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "fit_context",
    "interval_max_min_ratio",
    "is_part_of_something_larger",
    "name_of_score",
    "style_kwargs",
]
