"""Dev sizes, bias and variance from the out-of-fold predictions of several fits."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdnn import (
    BiasVarianceDecomposition,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressorCV,
    dev_size_for,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3))
Y = np.array(["no", "yes"])[(X[:, 0] + RNG.normal(size=90) > 0).astype(int)]
Z = X[:, 0] + RNG.normal(size=90)
from_out_of_fold = BiasVarianceDecomposition.from_out_of_fold


def fit(kind, y, seed, **options):
    model = kind(
        (3,),
        **{
            "alphas": 1.0,
            "encodings": "standard",
            "cv": 2,
            "max_steps": 40,
            "learning_rate_init": 0.05,
            "random_state": seed,
        }
        | options,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so few steps
        return model.fit(X, y)


@pytest.fixture(scope="module")
def classifiers():
    return [fit(MLPRegularizedClassifierCV, Y, seed) for seed in range(3)]


@pytest.fixture(scope="module")
def regressors():
    return [fit(MLPRegularizedRegressorCV, Z, seed) for seed in range(3)]


def wrong_rows(models):
    labels = np.array(["no", "yes"])
    predicted = [labels[(m.oof_decision_function_ > 0) * 1] for m in models]
    return np.array([rows != Y for rows in predicted])


def test_dev_rows_for_measured_error_and_disagreement(classifiers):
    wrong = wrong_rows(classifiers)
    errors = wrong.mean(axis=1)
    best = int(errors.argmin())
    apart = max((wrong[best] != rows).mean() for rows in wrong)
    assert 0.05 < apart < 0.3  # equal rows, but different errors
    expected = dev_size_for(0.02, errors.min(), 3, disagreement=apart)
    assert dev_size_for(0.02, estimators=classifiers, y=Y) == expected
    one = dev_size_for(0.02, errors[0])
    piped = make_pipeline(FunctionTransformer(), classifiers[0])
    assert dev_size_for(0.02, estimators=piped, y=Y) == one
    more = dev_size_for(0.02, candidates=9, estimators=classifiers, y=Y)
    assert more == dev_size_for(0.02, errors.min(), 9, disagreement=apart)


def test_the_brier_score_of_several_fits_and_its_parts(classifiers):
    parts = from_out_of_fold(classifiers, Y)
    p = np.array([1 / (1 + np.exp(-m.oof_decision_function_)) for m in classifiers])
    is_yes = Y == "yes"
    assert_allclose(parts.expected_loss, 2 * ((p - is_yes) ** 2).mean())
    assert_allclose(parts.variance, 2 * p.var(axis=0).mean())
    assert_allclose(parts.bias + parts.variance, parts.expected_loss)
    assert parts.variance > 0 and parts.n_rounds == 3
    assert "Means over 90 rows and 3 cross-validated fits" in str(parts)
    zero_one = from_out_of_fold(classifiers, Y, "zero_one")
    assert_allclose(zero_one.expected_loss, wrong_rows(classifiers).mean())
    truth = np.column_stack([1 - p[0], p[0]])
    known = from_out_of_fold(classifiers, Y, "log_loss", truth=truth)
    assert known.noise_is_known and known.noise > 0


def test_regressors_and_partly_held_out_rows(regressors):
    predictions = np.array([model.oof_prediction_ for model in regressors])
    parts = from_out_of_fold(regressors, Z, truth=X[:, 0], noise=1.0)
    assert_allclose(parts.bias, ((predictions.mean(axis=0) - X[:, 0]) ** 2).mean())
    assert_allclose(parts.variance, predictions.var(axis=0).mean())
    assert parts.noise == 1.0
    cv = ShuffleSplit(1, test_size=0.5, random_state=0)
    in_part = fit(MLPRegularizedRegressorCV, Z, 0, cv=cv)
    both = from_out_of_fold([in_part, regressors[1]], Z, noise=0)
    assert len(both.rows.bias) == 45
    held_out = np.isfinite(in_part.oof_prediction_)
    pair = np.array([in_part.oof_prediction_, predictions[1]])[:, held_out]
    assert_allclose(both.expected_loss, ((pair - Z[held_out]) ** 2).mean())


def test_what_is_refused(classifiers, regressors):
    with pytest.raises(ValueError, match="list of two or more"):
        from_out_of_fold(classifiers[0], Y)
    with pytest.raises(ValueError, match=r"loss must be one of .* got 'hinge'"):
        from_out_of_fold(classifiers, Y, "hinge")
    with pytest.raises(ValueError, match="y has 80 rows, but an estimator was fitted"):
        from_out_of_fold(classifiers, Y[:80])
    with pytest.raises(ValueError, match="is for classifiers"):
        from_out_of_fold(regressors, Z, "log_loss")
    with pytest.raises(TypeError, match="must be classifiers"):
        dev_size_for(0.1, estimators=regressors, y=Z)
    with pytest.raises(ValueError, match="y must be given with estimators"):
        dev_size_for(0.1, estimators=classifiers)
    with pytest.raises(ValueError, match="y is given without estimators"):
        dev_size_for(0.1, 0.1, y=Y)
    with pytest.raises(ValueError, match="either estimators, or error"):
        dev_size_for(0.1, 0.1, estimators=classifiers, y=Y)
    with pytest.raises(ValueError, match="only a cross-validated estimator"):
        dev_size_for(0.1, estimators=LogisticRegression(), y=Y)
    with pytest.raises(ValueError, match="estimators is an empty list"):
        dev_size_for(0.1, estimators=[], y=Y)
    with pytest.raises(TypeError, match="all classifiers or all regressors"):
        from_out_of_fold([classifiers[0], regressors[0]], Y)
