"""The network inside scikit-learn's meta-estimators, searches and inspection tools."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skdnn import InputStandardizer, MLPRegularizedClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N_CLEAN, N_WRONG = 90, 150
NAMES = ["a", "b", "c"]


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (8,),
        "batch_size": 32,
        "learning_rate_init": 0.03,
        "max_iter": 25,
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


def _routed_net(**params):
    return (
        _net(**params)
        .set_fit_request(
            sample_weight=True, X_val=True, y_val=True, sample_weight_val=True
        )
        .set_partial_fit_request(sample_weight=True)
        .set_score_request(sample_weight=True)
    )


def _rows(n_rows, seed, n_classes=3):
    """Return rows with classes in sectors of two columns; the third column is noise.

    With two classes, the second has a tenth of the rows and is hard to separate.
    """
    rng = np.random.default_rng(seed)
    if n_classes == 2:
        y = (rng.random(n_rows) < 0.1).astype(int)
        return rng.normal(size=(n_rows, 3)) + y[:, np.newaxis], y
    y = np.arange(n_rows) % 3
    angle = 2 * np.pi * (y + rng.uniform(-0.4, 0.4, n_rows)) / 3
    return np.c_[2 * np.cos(angle), 2 * np.sin(angle), rng.normal(size=n_rows)], y


def _mislabelled():
    """Return rows with mostly wrong labels, and weights that are zero for those."""
    X, y = _rows(N_CLEAN + N_WRONG, seed=1)
    weight = np.random.default_rng(2).integers(1, 3, len(X)).astype(float)
    wrong = np.random.default_rng(3).permutation(len(X))[:N_WRONG]
    y[wrong] = (y[wrong] + 1) % 3
    weight[wrong] = 0
    return X, y, weight


@pytest.fixture
def metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# -- meta-estimators -------------------------------------------------------------------


def _one_hot(y):
    return (y[:, np.newaxis] == np.unique(y)).astype(int)


def _in_pipeline(net, X, y, **weights):
    scale = StandardScaler()
    if sklearn.get_config()["enable_metadata_routing"]:
        scale.set_fit_request(sample_weight=False)
    else:
        weights = {f"net__{name}": weight for name, weight in weights.items()}
    return Pipeline([("scale", scale), ("net", net)]).fit(X, y, **weights).predict


def _chained(net, X, y, **weights):
    if len(np.unique(y)) == 2:
        chain = ClassifierChain(net).fit(X, np.c_[y, y], **weights)
        return lambda X: chain.predict(X)[:, 1].astype(int)
    chain = ClassifierChain(net).fit(X, _one_hot(y), **weights)
    return lambda X: chain.predict_proba(X).argmax(axis=1)


def _two_outputs(net, X, y, **weights):
    both = MultiOutputClassifier(net).fit(X, np.c_[y.max() - y, y], **weights)
    return lambda X: both.predict(X)[:, 1]


def _self_trained(net, X, y):
    labels = np.where(np.random.default_rng(0).random(len(y)) < 0.4, -1, y)
    learner = SelfTrainingClassifier(net, threshold=0.6).fit(X, labels)
    assert np.sum(learner.labeled_iter_ > 0) > 10
    return learner.predict


def _calibrated_when_frozen(net, X, y, **weights):
    frozen = FrozenEstimator(net.fit(X, y, **weights))
    model = CalibratedClassifierCV(frozen, method="temperature").fit(X, y, **weights)
    return model.predict


def _boosted(net, X, y, **weights):
    """Boost networks, whose penalty assumes m rows; boosting weights sum to one."""
    net.set_params(alpha=net.alpha / len(X))
    boosted = AdaBoostClassifier(net, n_estimators=3, random_state=0)
    return boosted.fit(X, y, **weights).predict


def _halved(net, X, y, **weights):
    search = HalvingGridSearchCV(
        net,
        {"alpha": [0.1, 1.0, 2.0]},
        factor=2,
        min_resources=90,
        cv=3,
        random_state=0,
    )
    search.fit(X, y, **weights)
    assert search.n_iterations_ >= 2
    return search.predict


def _halved_by_epochs(net, X, y, **weights):
    search = HalvingRandomSearchCV(
        net,
        {"alpha": [0.1, 0.5, 1.0, 2.0]},
        n_candidates=4,
        resource="max_iter",
        max_resources=24,
        min_resources="exhaust",
        factor=2,
        cv=3,
        random_state=0,
    )
    search.fit(X, y, **weights)
    assert search.best_estimator_.max_iter == 24
    return search.predict


def _through(meta):
    """Return a function that fits a meta-estimator and returns its `predict`."""
    return lambda net, X, y, **weights: meta(net).fit(X, y, **weights).predict


# name: (how the network is used, when scikit-learn 1.9 passes it weights)
META_ESTIMATORS = {
    "bagging": (
        _through(lambda net: BaggingClassifier(net, n_estimators=5, random_state=0)),
        "always",
    ),
    "boosting": (_boosted, "unrouted"),
    "voting": (
        _through(
            lambda net: VotingClassifier(
                [("one", net), ("two", clone(net).set_params(activation="tanh"))],
                voting="soft",
            )
        ),
        "always",
    ),
    "stacking": (
        _through(
            lambda net: StackingClassifier(
                [("one", net), ("two", clone(net).set_params(activation="tanh"))],
                final_estimator=net,
                cv=3,
            )
        ),
        "always",
    ),
    "calibrated": (
        _through(lambda net: CalibratedClassifierCV(net, method="temperature", cv=3)),
        "always",
    ),
    "calibrated when frozen": (_calibrated_when_frozen, "always"),
    "pipeline": (_in_pipeline, "always"),
    "grid": (
        _through(lambda net: GridSearchCV(net, {"alpha": [0.1, 1.0]}, cv=3)),
        "always",
    ),
    "random search": (
        _through(
            lambda net: RandomizedSearchCV(
                net, {"alpha": [0.1, 0.3, 1.0]}, n_iter=2, cv=3, random_state=0
            )
        ),
        "always",
    ),
    "halving": (_halved, "always"),
    "halving by epochs": (_halved_by_epochs, "always"),
    "chain": (_chained, "routed"),
    "two outputs": (_two_outputs, "always"),
    "one against the rest": (_through(OneVsRestClassifier), "routed"),
    # For two classes only.
    "fixed threshold": (_through(FixedThresholdClassifier), None),
    "one against one": (_through(OneVsOneClassifier), "never"),
    "output code": (
        _through(lambda net: OutputCodeClassifier(net, code_size=4, random_state=0)),
        "never",
    ),
    # It would pass the weights of all rows with a subset of the rows.
    "self-training": (_self_trained, "never"),
}

WEIGHTED = [
    pytest.param(use, routing, id=f"{name}, {'routed' if routing else 'unrouted'}")
    for name, (use, when) in META_ESTIMATORS.items()
    for routing in (False, True)
    if when in ("always", "routed" if routing else "unrouted")
]


@pytest.mark.filterwarnings("ignore:Since FrozenEstimator does not appear to accept")
@pytest.mark.parametrize(("use", "routing"), WEIGHTED)
def test_sample_weight_reaches_the_network(use, routing):
    X, y, weight = _mislabelled()
    X_test, y_test = _rows(300, seed=4)
    with sklearn.config_context(enable_metadata_routing=routing):
        net = _routed_net() if routing else _net()
        misled = use(clone(net), X, y)(X_test)
        predicted = use(clone(net), X, y, sample_weight=weight)(X_test)
    assert np.mean(misled == y_test) < 0.5
    assert np.mean(predicted == y_test) > 0.9


@pytest.mark.parametrize(
    "name", [n for n, v in META_ESTIMATORS.items() if "never" in v]
)
def test_meta_estimators_that_pass_no_weights(name):
    use, _ = META_ESTIMATORS[name]
    X_test, y_test = _rows(300, seed=4)
    assert np.mean(use(_net(), *_rows(150, seed=1))(X_test) == y_test) > 0.9


@pytest.mark.parametrize(
    ("name", "class_weight"),
    [
        (name, ("balanced", {0: 1, 1: 9})[i % 2])
        for i, name in enumerate(META_ESTIMATORS)
        if name != "output code"
    ],
)
def test_class_weight_reaches_the_network(name, class_weight):
    """Output codes are left out: their binary codes are not the classes of y."""
    use, _ = META_ESTIMATORS[name]
    X, y = _rows(300, seed=1, n_classes=2)
    X_test, y_test = _rows(500, seed=4, n_classes=2)
    plain = use(_net(), X, y)(X_test)
    weighted = use(_net(class_weight=class_weight), X, y)(X_test)
    found = [
        np.mean(predicted_labels[y_test == 1] == 1)
        for predicted_labels in (plain, weighted)
    ]
    assert found[0] < 0.55 and found[1] > found[0] + 0.15, found
    assert np.mean(weighted[y_test == 0] == 0) > 0.5


def test_temperature_scaling_divides_the_logits():
    X, y = _rows(150, seed=1)
    net = _net().fit(X, y)
    model = CalibratedClassifierCV(FrozenEstimator(net), method="temperature")
    y_other = np.where(np.arange(150) % 10 == 0, (y + 1) % 3, y)
    p = model.fit(X, y_other).predict_proba(X)
    Z = net.decision_function(X).astype(np.float64)
    (calibrated,) = model.calibrated_classifiers_
    beta = calibrated.calibrators[0].beta_
    assert 0.05 < beta < 0.8  # less confident than before
    assert_allclose(p, softmax(beta * Z, axis=1), rtol=1e-4)


# -- inspection tools ------------------------------------------------------------------


def _importances_of_permuted_columns(net, X, y, weight):
    net.fit(X, y, weight)
    with_weights, without = (
        permutation_importance(
            net, X, y, n_repeats=5, random_state=0, sample_weight=each
        ).importances_mean
        for each in (weight, None)
    )
    assert np.all(with_weights[:2] > 0.3) and abs(with_weights[2]) < 0.1
    assert np.all(without[:2] < 0.2)  # most labels are wrong


def _partial_dependence(net, X, y, weight):
    net.fit(X, y, weight)
    result = partial_dependence(
        net, X, [1], sample_weight=weight, grid_resolution=4, kind="average"
    )
    assert result.average.shape == (3, 4)
    for k, value in enumerate(result.grid_values[0]):
        moved = np.c_[X[:, 0], np.full(len(X), value), X[:, 2]]
        by_hand = np.average(net.predict_proba(moved), axis=0, weights=weight)
        assert_allclose(result.average[:, k], by_hand, rtol=1e-5)
    assert np.ptp(result.average) > 0.3


def _partial_dependence_of_a_frame(net, X, y, weight):
    frame = pd.DataFrame(X, columns=NAMES)
    net.fit(frame, y, weight)
    display = PartialDependenceDisplay.from_estimator(
        net, frame, ["a", ("a", "b")], target=1, grid_resolution=5
    )
    assert display.lines_[0, 0].get_ydata().size == 5


def _decision_boundary(net, X, y, weight):
    net.fit(X[:, :2], y, weight)
    for method in ("predict", "predict_proba", "decision_function"):
        display = DecisionBoundaryDisplay.from_estimator(
            net, X[:, :2], response_method=method, grid_resolution=7
        )
        grid = np.c_[display.xx0.ravel(), display.xx1.ravel()]
        expected = getattr(net, method)(grid)
        shape = (7, 7) if method == "predict" else (7, 7, 3)
        assert_allclose(display.response, expected.reshape(shape), rtol=1e-4)


def _threshold_for_a_rare_class(net, X, y, weight):
    X, y = _rows(300, seed=1, n_classes=2)
    net.fit(X, y)
    tuned = TunedThresholdClassifierCV(net, cv=3, random_state=0).fit(X, y)
    assert 0.02 < tuned.best_threshold_ < 0.4
    assert tuned.predict(X).sum() > 2 * net.predict(X).sum()


def _predictions_by_cross_validation(net, X, y, weight):
    cv, right = KFold(3, shuffle=True, random_state=0), weight > 0
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        scores = cross_val_predict(
            net, X, y, cv=cv, method=method, params={"sample_weight": weight}
        )
        train, test = next(cv.split(X))
        fold = clone(net).fit(X[train], y[train], weight[train])
        assert_array_equal(scores[test], getattr(fold, method)(X[test]))
        assert np.mean(scores.argmax(axis=1)[right] == y[right]) > 0.9


def _learning_curve(net, X, y, weight):
    _, _, scores = learning_curve(
        net,
        X,
        y,
        cv=3,
        train_sizes=[32, len(X) * 2 // 3],
        params={"sample_weight": weight},
        shuffle=True,
        random_state=0,
    )
    assert scores[1].mean() > scores[0].mean()
    assert scores[1].mean() > 0.9


def _eliminated_columns(net, X, y, weight):
    def importance(net):
        return np.linalg.norm(net.coefs_[0], axis=1)

    kept = RFE(net, n_features_to_select=2, importance_getter=importance)
    kept.fit(X, y, sample_weight=weight)
    assert_array_equal(kept.get_support(), [True, True, False])


def _selected_columns(net, X, y, weight):
    chosen = SequentialFeatureSelector(net, n_features_to_select=2, cv=3)
    chosen.fit(X, y, sample_weight=weight)
    assert_array_equal(chosen.get_support(), [True, True, False])


TOOLS = [
    _importances_of_permuted_columns,
    _partial_dependence,
    _partial_dependence_of_a_frame,
    _decision_boundary,
    _threshold_for_a_rare_class,
    _predictions_by_cross_validation,
    _learning_curve,
    _eliminated_columns,
    _selected_columns,
]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__[1:])
def test_tools(tool, metadata_routing):
    tool(_routed_net(), *_mislabelled())


# -- routing of the dev set ------------------------------------------------------------


def _dev_rows():
    """Return X_val, y_val, sample_weight_val; wrong labels have zero weight."""
    X, y = _rows(66, seed=5)
    weight = np.linspace(0.5, 2, 66)
    y[::4], weight[::4] = (y[::4] + 1) % 3, 0
    return {"X_val": X, "y_val": y, "sample_weight_val": weight}


def _dev_cost(net, dev):
    p = net.predict_log_proba(dev["X_val"])[np.arange(66), dev["y_val"]]
    return -np.average(p.astype(np.float64), weights=dev["sample_weight_val"])


FRAMES = {
    "array": ("default", np.asarray),
    "pandas": ("pandas", lambda X: pd.DataFrame(X, columns=NAMES)),
    "polars": ("polars", lambda X: pl.DataFrame(X, schema=NAMES)),
}


@pytest.mark.parametrize("standardizer", [InputStandardizer, StandardScaler])
@pytest.mark.parametrize("kind", FRAMES)
def test_grid_search_over_a_pipeline_with_a_dev_set(
    kind, standardizer, metadata_routing
):
    """The dev set is transformed like the training rows; both weights arrive."""
    container, frame = FRAMES[kind]
    X, y, weight = _mislabelled()
    dev, offset = _dev_rows(), np.array([50.0, -9, 1])
    X, dev["X_val"] = offset + 10 * X, offset + 10 * dev["X_val"]
    grid, cv = [1e5, 0.3], KFold(3, shuffle=True, random_state=0)

    def scaler():
        scale = standardizer().set_output(transform=container)
        return scale.set_fit_request(sample_weight=True)

    net = _routed_net(early_stopping=True)
    pipe = Pipeline([("scale", scaler()), ("net", net)], transform_input=["X_val"])
    search = GridSearchCV(pipe, {"net__alpha": grid}, cv=cv)
    routed = {**dev, "X_val": frame(dev["X_val"])}
    search.fit(frame(X), y, sample_weight=weight, **routed)

    def by_hand(alpha, train):
        scale = standardizer().fit(X[train], sample_weight=weight[train])
        net = _net(early_stopping=True, alpha=alpha)
        own = {**dev, "X_val": scale.transform(dev["X_val"])}
        return scale, net.fit(scale.transform(X[train]), y[train], weight[train], **own)

    for fold, (train, test) in enumerate(cv.split(X)):
        for k, alpha in enumerate(grid):
            scale, net = by_hand(alpha, train)
            expected = net.score(scale.transform(X[test]), y[test], weight[test])
            score = search.cv_results_[f"split{fold}_test_score"][k]
            assert_allclose(score, expected, rtol=1e-6)
    assert search.best_params_ == {"net__alpha": 0.3}
    assert search.best_score_ > 0.9
    scale, net = by_hand(0.3, slice(None))
    found = search.best_estimator_["net"]
    assert_allclose(found.validation_loss_curve_, net.validation_loss_curve_, rtol=1e-5)
    assert_allclose(
        search.predict_proba(frame(X)),
        net.predict_proba(scale.transform(X)),
        rtol=1e-3,
        atol=1e-6,
    )
    names = {} if kind == "array" else {"feature_names_in_": NAMES}
    assert all(list(getattr(found, name)) == names[name] for name in names)


# name: fit networks through it and return them
WITH_DEV_SET = {
    "cross-validation": lambda net, X, y, **dev: cross_validate(
        net, X, y, cv=3, params=dev, return_estimator=True
    )["estimator"],
    "bagging": lambda net, X, y, **dev: (
        BaggingClassifier(net, n_estimators=2, random_state=0)
        .fit(X, y, **dev)
        .estimators_
    ),
    "voting": lambda net, X, y, **dev: (
        VotingClassifier([("net", net)]).fit(X, y, **dev).estimators_
    ),
    "stacking": lambda net, X, y, **dev: (
        StackingClassifier([("net", net)], final_estimator=_net(), cv=3)
        .fit(X, y, **dev)
        .estimators_
    ),
    "calibrated": lambda net, X, y, **dev: [
        calibrated.estimator
        for calibrated in CalibratedClassifierCV(net, method="temperature", cv=3)
        .fit(X, y, **dev)
        .calibrated_classifiers_
    ],
    "self-training": lambda net, X, y, **dev: [
        SelfTrainingClassifier(net, threshold=0.6)
        .fit(X, np.where(np.random.default_rng(0).random(len(y)) < 0.4, -1, y), **dev)
        .estimator_
    ],
    "random search": lambda net, X, y, **dev: [
        RandomizedSearchCV(net, {"alpha": [0.1, 0.3]}, n_iter=1, cv=3, random_state=0)
        .fit(X, y, **dev)
        .best_estimator_
    ],
}


@pytest.mark.parametrize("name", WITH_DEV_SET)
def test_dev_set_reaches_the_network(name, metadata_routing):
    X, y = _rows(150, seed=1)
    dev = _dev_rows()
    net = _routed_net(early_stopping=True, alpha=0.3)
    for fitted in WITH_DEV_SET[name](net, X, y, **dev):
        best = fitted.validation_loss_curve_[fitted.best_iteration_ - 1]
        assert_allclose(best, _dev_cost(fitted, dev), rtol=1e-5)
        without = {**dev, "sample_weight_val": np.ones(66)}
        assert abs(best - _dev_cost(fitted, without)) > 0.1


def test_refused_if_routing_was_not_requested(metadata_routing):
    X, y = _rows(60, seed=1)
    dev = _dev_rows()
    with pytest.raises(ValueError, match=r"X_val.*not explicitly set as requested"):
        VotingClassifier([("net", _net())]).fit(X, y, **dev)
    unasked = _net().set_fit_request(X_val=False, y_val=False, sample_weight_val=False)
    with pytest.raises(TypeError, match=r"unexpected argument.*X_val"):
        VotingClassifier([("net", unasked)]).fit(X, y, **dev)
