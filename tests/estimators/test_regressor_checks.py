"""scikit-learn's own checks of the regressor, for every solver and loss."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdnn import MLPRegularizedRegressor
from tests.estimators.test_classifier_checks import EQUIVALENCE_CHECKS, MASKS, SPLIT

# The checks' data are small, and some set max_iter themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Much of the checks' data has means of 100.
    pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning"),
    # partial_fit is called without a dev set, also where there is early stopping.
    pytest.mark.filterwarnings("ignore:early_stopping=True has nothing to follow"),
]

IN_FULL = [
    MLPRegularizedRegressor(),
    MLPRegularizedRegressor(solver="sgd", max_grad_norm=1.0),
    MLPRegularizedRegressor(hidden_layer_sizes=(), solver="lbfgs"),
    # With less penalty J has many minima, and rounding decides which one is found.
    MLPRegularizedRegressor(solver="lbfgs", alpha=10.0),
    MLPRegularizedRegressor("huber", l1_ratio=0.5),
]
EXCUSED = [
    (MLPRegularizedRegressor(keep_prob=0.8), MASKS),
    (MLPRegularizedRegressor(early_stopping=True), SPLIT),
]


def _excused(estimator):
    for excused, reason in EXCUSED:
        if excused is estimator:
            return dict.fromkeys(EQUIVALENCE_CHECKS, reason)
    return {}


@parametrize_with_checks(IN_FULL)
def test_checks_without_exception(estimator, check):
    check(estimator)


@parametrize_with_checks([e for e, _ in EXCUSED], expected_failed_checks=_excused)
def test_checks_but_weight_equivalence(estimator, check):
    check(estimator)
