"""Saved estimators: content, version, and lossless round trips."""

import copy
import pickle
import pickletools
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import skdnn
from skdnn import (
    GaussianNoise,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressor,
    MLPRegularizedRegressorCV,
    PiecewiseLinearEncoder,
    _version,
)
from skdnn.preprocessing.mixed_tables import UniformMissing, VaryingColumns
from tests.estimators.datasets import KINDS, make_rows, parameters
from tests.estimators.refusals import same_state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOLVERS = ["sgd", "adam", "adamw", "lbfgs"]
# The types that the user guide lists for skops.io to trust.
TYPES = [
    "skdnn.estimators.classifier.MLPRegularizedClassifier",
    "skdnn.estimators.regressor.MLPRegularizedRegressor",
    "skdnn.preprocessing.standardizer.InputStandardizer",
    "skdnn.preprocessing.encoder.PiecewiseLinearEncoder",
    "skdnn.cross_validated.classifier.MLPRegularizedClassifierCV",
    "skdnn.cross_validated.regressor.MLPRegularizedRegressorCV",
    "skdnn.preprocessing.mixed_tables.UniformMissing",
    "skdnn.preprocessing.mixed_tables.VaryingColumns",
]


def _classifier(**params):
    options = {"hidden_layer_sizes": (5, 3), "max_iter": 4, "random_state": 0}
    options |= {"warm_start": True, "early_stopping": True, "batch_size": 20}
    return MLPRegularizedClassifier(**(options | params))


def _cases():
    """Yield estimators of every kind with matching rows."""
    X, y = make_rows()
    names = np.array(["b", "a", "c"], dtype=object)
    mixed = {"activation": ["gelu", "tanh"], "class_weight": {0: 1.0, 1: 2.0, 2: 1.5}}
    for kind in KINDS:
        yield _classifier(keep_prob=0.9, label_smoothing=0.1), *make_rows(kind)
    for solver in SOLVERS:
        yield _classifier(solver=solver, early_stopping=solver == "sgd"), X, y
    yield _classifier(**mixed), X, y
    yield _classifier(class_weight="balanced"), X, names[y]
    yield _classifier(random_state=np.random.RandomState(3)), X, y
    for loss in ("squared_error", "poisson", "huber"):
        net = MLPRegularizedRegressor(
            loss, (5,), delta=0.3, max_iter=4, warm_start=True
        )
        yield net.set_params(random_state=0), X, np.abs(X[:, :2])


CASES = list(_cases())
ROUND_TRIPS = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "skops": lambda net: skops.io.loads(skops.io.dumps(net), trusted=TYPES),
}


@pytest.mark.parametrize("way", ROUND_TRIPS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_round_trip_is_lossless(case, way):
    net, X, y = CASES[case]
    net = clone(net).fit(X, y)
    before = copy.deepcopy(vars(net))
    copied = ROUND_TRIPS[way](net)
    assert same_state(vars(net), before)
    assert vars(copied).keys() == vars(net).keys()
    assert_array_equal(copied.predict(X), net.predict(X))
    for name, value in vars(net).items():
        assert type(vars(copied)[name]) is type(value), name
    assert copied.optimizer_state_ is copied._state.optimizer
    assert_array_equal(parameters(copied.fit(X, y)), parameters(net.fit(X, y)))
    assert copied.loss_curve_ == net.loss_curve_
    assert copied.validation_scores_ == net.validation_scores_


@pytest.mark.parametrize("way", ROUND_TRIPS)
def test_before_fit(way):
    net = _classifier(alpha=3.0, scoring="accuracy")
    copied = ROUND_TRIPS[way](net)
    assert copied.get_params() == net.get_params()
    assert not hasattr(copied, "coefs_")


def test_a_joblib_file(tmp_path):
    X, y = make_rows()
    net = _classifier().fit(X, y)
    joblib.dump(net, tmp_path / "net.joblib", compress=3)
    loaded = joblib.load(tmp_path / "net.joblib")
    assert_array_equal(parameters(loaded.fit(X, y)), parameters(net.fit(X, y)))


def test_a_file_holds_no_other_class_of_ours():
    """Internal classes may be renamed or changed; the content of files may not."""
    X, y = make_rows()
    pickled = pickle.dumps(_classifier().fit(X, y), protocol=2)
    named = {
        argument
        for opcode, argument, _ in pickletools.genops(pickled)
        if opcode.name == "GLOBAL" and argument.startswith("skdnn")
    }
    assert named == {
        "skdnn.estimators.classifier MLPRegularizedClassifier",
    }


def test_types_that_skops_has_to_trust():
    X, y = make_rows()
    models = [
        _classifier().fit(X, y),
        MLPRegularizedRegressor(max_iter=3).fit(X, X[:, 0]),
        InputStandardizer().fit(X),
        PiecewiseLinearEncoder().fit(X),
        MLPRegularizedClassifierCV(),
        MLPRegularizedRegressorCV(),
        UniformMissing().fit(X),
        VaryingColumns().fit(X),
    ]
    for model, expected in zip(models, TYPES, strict=True):
        data = skops.io.dumps(model)
        assert skops.io.get_untrusted_types(data=data) == [expected]
    augmented = skops.io.dumps(_classifier(augmentation=GaussianNoise(0.1)).fit(X, y))
    also = "skdnn.augmentation.noise.GaussianNoise"
    assert skops.io.get_untrusted_types(data=augmented) == [also, TYPES[0]]
    model = make_pipeline(InputStandardizer(), _classifier()).fit(X, y)
    loaded = skops.io.loads(skops.io.dumps(model), trusted=TYPES)
    assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_the_user_guide_lists_these_types():
    guide = Path(skdnn.__file__).parents[1] / "docs/user_guide/moving_models.md"
    listed = re.findall(r"^- `(skdnn\.[\w.]+)`$", guide.read_text("utf-8"), flags=re.M)
    assert listed == TYPES


# -- versions --------------------------------------------------------------------------


def _saveable():
    X, y = make_rows()
    return [
        _classifier().fit(X, y),
        MLPRegularizedRegressor(max_iter=3).fit(X, X[:, 0]),
        InputStandardizer().fit(X),
        InputStandardizer(),
    ]


@pytest.mark.parametrize("case", range(4))
def test_a_file_states_its_version(case):
    assert _saveable()[case].__getstate__()["_skdnn_version"] == skdnn.__version__


@pytest.mark.parametrize("way", ["pickle", "joblib", "skops"])
@pytest.mark.parametrize("case", range(4))
def test_a_newer_file_is_refused(case, way, monkeypatch, tmp_path):
    model = _saveable()[case]
    with monkeypatch.context() as newer:
        newer.setattr(_version, "__version__", "99.10.0")
        joblib.dump(model, tmp_path / "model.joblib")
        pickled, skops_file = pickle.dumps(model), skops.io.dumps(model)
    load = {
        "pickle": lambda: pickle.loads(pickled),
        "joblib": lambda: joblib.load(tmp_path / "model.joblib"),
        "skops": lambda: skops.io.loads(skops_file, trusted=TYPES),
    }[way]
    words = f"{type(model).__name__} was saved by skdnn 99.10.0; .* {skdnn.__version__}"
    with pytest.raises(ValueError, match=words) as caught:
        load()
    assert "pip install 'skdnn>=99.10.0'" in str(caught.value)


@pytest.mark.parametrize(
    ("written_by", "read_by"),
    [("1.2.0", "1.2.0"), ("1.2.0", "1.10.0"), ("1.9.9", "2.0"), ("1.3.0rc1", "1.3.0")],
)
def test_an_older_or_equal_file_is_read(written_by, read_by, monkeypatch):
    X, y = make_rows()
    net = _classifier().fit(X, y)
    monkeypatch.setattr(_version, "__version__", written_by)
    pickled = pickle.dumps(net)
    monkeypatch.setattr(_version, "__version__", read_by)
    loaded = pickle.loads(pickled)
    assert_array_equal(loaded.predict(X), net.predict(X))
    assert "_skdnn_version" not in vars(loaded)


def test_a_newer_file_of_another_format_is_refused_by_its_version():
    """The version is checked before any other entry is read."""
    state = _classifier().fit(*make_rows()).__getstate__()
    state |= {"_skdnn_version": "99.0.0", "_model": {"other": 1}, "_state": None}
    with pytest.raises(ValueError, match=r"saved by skdnn 99\.0\.0"):
        _classifier().__setstate__(state)


def test_a_fitted_model_without_a_version_is_refused():
    """Models of 0.1.0 have a different state."""
    X, y = make_rows()
    state = _classifier().fit(X, y).__getstate__()
    del state["_skdnn_version"]
    with pytest.raises(ValueError, match=r"saved by skdnn 0\.1\.0.*Fit it again"):
        MLPRegularizedClassifier().__setstate__(state)
