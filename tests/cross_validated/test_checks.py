"""scikit-learn's own checks of the cross-validated estimators."""

import pytest

from tests.cross_validated.small import classifier, regressor
from tests.estimators.common_checks import with_checks

pytestmark = [
    # The data of the checks is small and mostly noise.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:y has one class only:UserWarning"),
]

BATCHES = "mini-batches are drawn by rows, so a weight is not the same as repeated rows"
ENCODING = "the preprocessing counts each row once, whatever its weight"
# With full batches a weight of 2 is equivalent to repeating the row.
WHOLE = {"preprocess": False, "batch_size": 10_000, "dtype": "float64"}
FEW = {"max_steps": 40, "cv": 2, "learning_rate_init": 0.1}

TABLES = classifier(**FEW)
NUMBERS = regressor(**FEW)
SEVERAL = classifier(
    **FEW,
    alphas=[0.1, 1.0],
    encodings=("standard", "piecewise"),
    n_members=2,
    calibrate=False,
)
OF_FOLDS = regressor(**FEW, refit=False, encodings="piecewise", n_jobs=2)
IN_BATCHES = classifier(**FEW, preprocess=False, keep_probs=0.9)


@with_checks(
    in_full=[TABLES, NUMBERS],
    in_part=[
        SEVERAL,
        OF_FOLDS,
        IN_BATCHES,
        classifier(**FEW, **WHOLE, refit=False),
        regressor(**FEW, **WHOLE, n_members=2),
    ],
    excuses=[
        (TABLES, ENCODING),
        (NUMBERS, ENCODING),
        (SEVERAL, ENCODING),
        (OF_FOLDS, ENCODING),
        (IN_BATCHES, BATCHES),
    ],
)
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)
