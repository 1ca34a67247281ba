"""The corners of scikit-learn that are not public API: all of them, in this file."""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
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

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_feature_names",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "fit_context",
]
