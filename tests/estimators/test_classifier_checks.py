"""scikit-learn's estimator checks, for every solver and main option."""

import pytest

from skdnn import MLPRegularizedClassifier
from tests.estimators.common_checks import MASKS, SPLIT, with_checks

# The data of the checks is small, and some checks set max_iter.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Much of the data has means of 100.
    pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning"),
    # The checks call partial_fit without a dev set even with early stopping.
    pytest.mark.filterwarnings("ignore:early_stopping=True has no effect"),
    pytest.mark.filterwarnings("ignore:y has one class only:UserWarning"),
]

DROPPING = MLPRegularizedClassifier(keep_prob=0.8)
STOPPING = MLPRegularizedClassifier(early_stopping=True)
LBFGS_STOPPING = MLPRegularizedClassifier(solver="lbfgs", early_stopping=True)


@with_checks(
    in_full=[
        MLPRegularizedClassifier(),
        STOPPING,
    ],
    in_part=[
        # Each iteration amplifies rounding errors: after 100, repeated rows and weights
        # agree to 1e-9; after 200, nine of ten seeds exceed the tolerance of the
        # checks, 1e-7.
        MLPRegularizedClassifier(solver="lbfgs", max_iter=100),
        MLPRegularizedClassifier(solver="sgd"),
        MLPRegularizedClassifier(solver="adamw"),
        MLPRegularizedClassifier(l1_ratio=0.5, class_weight="balanced"),
        MLPRegularizedClassifier(max_norm=2.0, label_smoothing=0.1, max_grad_norm=1.0),
        MLPRegularizedClassifier(hidden_layer_sizes=(), solver="lbfgs"),
        # Adam needs this rate: without a hidden layer, weights must move further.
        MLPRegularizedClassifier(hidden_layer_sizes=(), learning_rate_init=0.01),
        DROPPING,
        LBFGS_STOPPING,
    ],
    excuses=[(DROPPING, MASKS), (STOPPING, SPLIT), (LBFGS_STOPPING, SPLIT)],
)
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)
