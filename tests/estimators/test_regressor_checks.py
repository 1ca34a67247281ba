"""scikit-learn's estimator checks of the regressor, for every solver and loss."""

import pytest

from skdnn import MLPRegularizedRegressor
from tests.estimators.common_checks import MASKS, SPLIT, with_checks

# The data of the checks is small, and some checks set max_iter.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Much of the data has means of 100.
    pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning"),
    # The checks call partial_fit without a dev set even with early stopping.
    pytest.mark.filterwarnings("ignore:early_stopping=True has no effect"),
]

DROPPING = MLPRegularizedRegressor(keep_prob=0.8)
STOPPING = MLPRegularizedRegressor(early_stopping=True)


@with_checks(
    in_full=[
        MLPRegularizedRegressor(),
    ],
    in_part=[
        # With a weaker penalty J has many minima, and rounding decides which is found.
        MLPRegularizedRegressor(solver="lbfgs", alpha=10.0),
        STOPPING,
        MLPRegularizedRegressor(solver="sgd", max_grad_norm=1.0),
        MLPRegularizedRegressor(hidden_layer_sizes=(), solver="lbfgs"),
        MLPRegularizedRegressor("huber", l1_ratio=0.5),
        DROPPING,
    ],
    excuses=[(DROPPING, MASKS), (STOPPING, SPLIT)],
)
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)
