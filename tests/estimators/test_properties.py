"""Property tests: any call of fit gives one clear error or a sound fit.

Cases are drawn at random. The default run repeats the same ones; the slow test draws
new ones each time and prints how to reproduce a failure.
"""

import pickle
import re
import traceback
import warnings
from copy import deepcopy
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import (
    ConvergenceWarning,
    DataConversionWarning,
    UndefinedMetricWarning,
)

import skdnn
from skdnn import DataScaleWarning
from skdnn.training import stopping
from tests.estimators.array_strategies import fingerprint
from tests.estimators.call_strategies import ESTIMATORS, cases
from tests.estimators.refusals import same_state

WARNINGS = {
    UserWarning,
    ConvergenceWarning,
    DataConversionWarning,
    UndefinedMetricWarning,
    DataScaleWarning,
}
STOP_REASONS = {v for k, v in vars(stopping).items() if k.isupper() and type(v) is str}
ARGUMENTS = {
    "X",
    "y",
    "sample_weight",
    "X_val",
    "y_val",
    "sample_weight_val",
    "classes",
    "total_weight",
}
SEEN = (
    "coefs_",
    "intercepts_",
    "loss_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "stop_message_",
)
# Functions of scikit-learn whose errors are clear, too.
CLEAR_IN_SCIKIT_LEARN = {
    "validate_parameter_constraints",
    "_check_partial_fit_first_call",
}


def check_properties(case):
    """Assert the properties for a case."""
    first, second = case.estimator(), case.estimator()
    first_values = first.get_params(deep=False)
    for call in case.calls:
        previous = {name: first_values[name] for name in call.parameters}
        for net in (first, second):
            net.set_params(**call.parameters)
        if hasattr(first, call.method):  # lbfgs has no partial_fit
            assert same_state(_make(call, first), _make(call, second))
        for net in (first, second):
            net.set_params(**previous)


def _make(call, net):
    """Make a call, check its outcome, and return the state after a fit."""
    arguments = call.arguments()
    given_in = {name: fingerprint(a) for name, a in arguments.items()}
    before, error, seen = _state(net), None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            assert getattr(net, call.method)(**arguments) is net
        except (ValueError, TypeError) as refusal:
            error = refusal
        else:
            _assert_sound(net, arguments["X"], call.method)
            seen = {name: getattr(net, name) for name in SEEN}
            seen["predictions"] = net.predict(arguments["X"])
    for warning in caught:
        assert warning.category in WARNINGS, warning
    assert {name: fingerprint(a) for name, a in arguments.items()} == given_in
    if error is not None:
        _assert_clear(error, net)
        assert same_state(vars(net), before)
    return seen


def _state(net):
    """Return all attributes: parameters by reference, the others copied."""
    given = signature(type(net)).parameters
    return {k: v if k in given else deepcopy(v) for k, v in vars(net).items()}


def _assert_clear(error, net):
    of_parameters = {name.split("__")[-1] for name in net.get_params()}
    names = "|".join(ARGUMENTS | of_parameters)
    assert re.search(rf"\b({names})\b", str(error)), f"names no argument: {error}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    is_ours = Path(skdnn.__file__).parent in Path(frame.filename).parents
    assert is_ours or frame.name in CLEAR_IN_SCIKIT_LEARN, f"{frame.name} says: {error}"


def _assert_sound(net, X, method):
    for array in [*net.coefs_, *net.intercepts_]:
        assert np.all(np.isfinite(array))
    assert net.stop_reason_ in STOP_REASONS
    assert net.stop_message_
    assert 1 <= net.n_iter_ <= (1 if method == "partial_fit" else net.max_iter)
    assert np.all(np.isfinite(net.loss_curve_))
    (_assert_probabilities if is_classifier(net) else _assert_numbers)(net, X)
    predictions = net.predict(X)
    assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), predictions)
    clone(net)  # clone checks the parameters


def _assert_probabilities(net, X):
    P, Z, predicted = net.predict_proba(X), net.decision_function(X), net.predict(X)
    type_in = X.dtype if hasattr(X, "dtype") else np.asarray(X).dtype
    assert P.dtype == (np.float32 if type_in == np.float32 else np.float64)
    is_multilabel = predicted.ndim == 2
    assert np.all((P >= 0) & (P <= 1))
    if is_multilabel:
        assert_array_equal(predicted, Z > 0)
        return
    tolerance = 1e-6 if P.dtype == np.float32 else 1e-12
    assert_allclose(P.sum(axis=1), 1, rtol=0, atol=tolerance)
    chosen = (Z > 0).astype(int) if Z.ndim == 1 else Z.argmax(axis=1)
    assert_array_equal(predicted, net.classes_[chosen])
    assert_allclose(P[np.arange(len(P)), chosen], P.max(axis=1), rtol=tolerance)


def _assert_numbers(net, X):
    predicted = net.predict(X)
    n_outputs = () if predicted.ndim == 1 else (net.n_outputs_,)
    assert predicted.shape[1:] == n_outputs
    assert not np.any(np.isnan(predicted))


CASES = st.sampled_from(ESTIMATORS).flatmap(cases)


@settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate])
@given(case=CASES)
def test_one_clear_error_or_a_sound_fit(case):
    check_properties(case)


@pytest.mark.slow
@settings(
    max_examples=2000,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(case=CASES)
def test_one_clear_error_or_a_sound_fit_of_many_cases(case):
    check_properties(case)
