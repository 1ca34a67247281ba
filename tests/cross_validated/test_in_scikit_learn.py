"""CV estimators in pipelines, searches and wrappers; their fitted attributes."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skdnn import MLPRegularizedClassifier
from tests.cross_validated.small import classifier, regressor, steps, thetas
from tests.estimators.datasets import KINDS, make_rows

X, Y = make_rows()
GROUPS = np.arange(60) // 6
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_pipeline_passes_a_frame_on():
    named = pd.DataFrame(X, columns=list("abcd")).assign(label=list("xyz") * 20)
    model = make_pipeline(FunctionTransformer(), classifier(n_members=2))
    model.fit(named, Y)
    assert model.predict_proba(named).shape == (60, 3)
    assert model[-1].feature_names_in_.tolist() == [*"abcd", "label"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_grid_search_around_a_cv_estimator(n_jobs):
    grid = {"hidden_layer_sizes": [(3,), (6,)], "n_members": [1, 2]}
    search = GridSearchCV(classifier(max_steps=5, n_jobs=n_jobs), grid, cv=2)
    with parallel_config(backend="threading", n_jobs=n_jobs):
        search.fit(X, Y)
    assert search.best_estimator_.predict(X).shape == (60,)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    alone = classifier(max_steps=5).set_params(**search.best_params_).fit(X, Y)
    assert_array_equal(thetas(search.best_estimator_), thetas(alone))


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda model: CalibratedClassifierCV(model, cv=2),
        lambda model: StackingClassifier([("a", model), ("b", model)], cv=2),
        lambda model: BaggingClassifier(model, n_estimators=2, random_state=0),
        lambda model: OneVsRestClassifier(model),
        lambda model: make_pipeline(StandardScaler(), model),
    ],
    ids=["calibration", "stacking", "bagging", "one vs rest", "pipeline"],
)
def test_wrappers(wrapped):
    model = wrapped(classifier(max_steps=9)).fit(X, Y)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_transformed_targets():
    y = np.exp(X[:, 0])
    model = TransformedTargetRegressor(
        regressor(max_steps=60), func=np.log, inverse_func=np.exp
    ).fit(X, y)
    assert model.score(X, y) > 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_cross_val_predict(kind):
    rows, y = make_rows(kind)
    predicted = cross_val_predict(classifier(max_steps=5), rows, y, cv=2)
    assert predicted.shape == y.shape


def test_groups_and_weights_are_routed():
    weight = 1.0 + np.arange(60) % 2
    seen = []

    class Recording:
        """A splitter that records its arguments."""

        def split(self, X, y=None, groups=None):
            seen.append(sorted(set(groups)))
            return GroupKFold(2).split(X, y, groups)

        def get_n_splits(self, X=None, y=None, groups=None):
            return 2

        def __deepcopy__(self, memo):
            return self

    with sklearn.config_context(enable_metadata_routing=True):
        model = classifier(cv=Recording(), max_steps=5)
        model.set_fit_request(groups=True, sample_weight=True)
        model.set_score_request(sample_weight=True)
        given = {"groups": GROUPS, "sample_weight": weight}
        cross_validate(model, X, Y, params=given, cv=GroupKFold(2))
        assert [len(groups) for groups in seen] == [5, 5]
        assert set(seen[0]).isdisjoint(seen[1])
        search = GridSearchCV(model, {"alphas": [0.1, 1.0]}, cv=GroupKFold(2))
        search.fit(X, Y, **given)
        assert [len(groups) for groups in seen[2:]] == [5] * 4 + [10]
    alone = classifier(cv=GroupKFold(2), max_steps=5).set_params(**search.best_params_)
    alone.fit(X, Y, sample_weight=weight, groups=GROUPS)
    assert_array_equal(thetas(alone), thetas(search.best_estimator_))


# -- fitted attributes -----------------------------------------------------------------

FITTED = {
    "best_n_steps_",
    "alpha_",
    "keep_prob_",
    "encoding_",
    "candidates_",
    "n_steps_",
    "scores_",
    "oof_score_",
    "n_features_in_",
}


@pytest.mark.parametrize("make", [classifier, regressor])
def test_the_fitted_attributes_are_those_of_the_documentation(make):
    y = Y if make is classifier else X[:, 0]
    model = make().fit(X, y)
    found = {k for k in vars(model) if k.endswith("_") and not k.startswith("_")}
    own = {"classes_", "temperature_", "oof_decision_function_"}
    own = own if make is classifier else {"oof_prediction_"}
    assert found == FITTED | own
    for name in found:
        assert name in type(model).__doc__
    assert isinstance(model.best_n_steps_, int)
    assert isinstance(model.oof_score_, float)


def test_attributes_of_a_single_network():
    model = classifier().fit(X, Y)
    (member,) = model.members_
    assert [W.shape for W in model.coefs_] == [(4, 6), (6, 3)]
    assert [b.shape for b in model.intercepts_] == [(6,), (3,)]
    assert model.preprocessor_ is member[0]
    assert model.best_estimator_[-1] is member[-1]
    assert isinstance(member[-1], MLPRegularizedClassifier)
    assert_array_equal(model.predict_proba(X), member.predict_proba(X))
    assert member[-1].stop_message_.startswith("the number of steps was chosen on")
    assert member[-1].optimizer_state_.t == model.best_n_steps_


def test_attributes_of_several_networks_belong_to_members():
    model = classifier(n_members=2).fit(X, Y)
    for name in ("coefs_", "intercepts_", "best_estimator_"):
        with pytest.raises(AttributeError, match=r"2 networks.* use one of members_"):
            getattr(model, name)
    assert all(member[0] is model.preprocessor_ for member in model.members_)
    of_folds = classifier(refit=False).fit(X, Y)
    with pytest.raises(AttributeError, match="with refit=False, each of members_ has"):
        _ = of_folds.preprocessor_
    ready = classifier(preprocess=False).fit(X, Y)
    with pytest.raises(AttributeError, match="preprocess=False uses X as it is"):
        _ = ready.preprocessor_


@pytest.mark.parametrize("make", [classifier, regressor])
def test_no_fitted_attributes_before_fit(make):
    model = make()
    for name in ("members_", "coefs_", "intercepts_", "preprocessor_", "best_estim"):
        with pytest.raises(AttributeError):
            getattr(model, name)
    with pytest.raises(sklearn.exceptions.NotFittedError):
        model.predict(X)


def test_input_tags():
    tags = sklearn.utils.get_tags(classifier()).input_tags
    assert tags.sparse and tags.allow_nan and tags.categorical and tags.string
    tags = sklearn.utils.get_tags(classifier(preprocess=False)).input_tags
    assert tags.sparse and not (tags.allow_nan or tags.categorical or tags.string)


def test_candidates_and_checkpoints_are_in_the_order_of_scores(monkeypatch):
    steps(monkeypatch, 4, 12)
    model = classifier(alphas=[0.1, 1.0], keep_probs=[1.0, 0.5]).fit(X, Y)
    assert model.n_steps_.tolist() == [4, 12]
    assert model.scores_.shape == (4, 2, 3)
    for k, candidate in enumerate(model.candidates_):
        alone = classifier(
            alphas=candidate["alpha"], keep_probs=candidate["keep_prob"]
        ).fit(X, Y)
        assert_array_equal(alone.scores_[0], model.scores_[k])
