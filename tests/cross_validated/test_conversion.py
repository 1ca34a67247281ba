"""Fitted CV estimators in scikit-learn, ONNX, files, diagnostics and plots."""

import copy
import pickle
import re
from functools import cache
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx.common import data_types
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdnn
from skdnn import (
    DecisionRegionsDisplay,
    FirstLayerDisplay,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressorCV,
    WeightsDisplay,
    _version,
    check_gradients,
    register_onnx_converters,
    signal_propagation,
    to_onnx,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:y has one class only:UserWarning"),
]
N_ROWS = 90
MEMBERS = {
    "one": {},
    "two": {"n_members": 2},
    "of_folds": {"refit": False},
}
TYPES = {
    "tensor(float)": np.float32,
    "tensor(int64)": np.int64,
    "tensor(string)": object,
}


def cv(kind, **options):
    small = {
        "hidden_layer_sizes": (4,),
        "activation": "tanh",
        "alphas": 0.1,
        "keep_probs": 1.0,
        "encodings": "standard",
        "batch_size": 16,
        "learning_rate_init": 0.02,
        "max_steps": 40,
        "cv": 2,
        "random_state": 0,
    }
    return kind(**(small | options))


def classifier(**options):
    return cv(MLPRegularizedClassifierCV, **options)


def regressor(**options):
    return cv(MLPRegularizedRegressorCV, **options)


@cache
def frame():
    """Return numbers far from 0, text and codes, each with missing values."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "year": 2000 + rng.integers(0, 30, N_ROWS) / 4,
            "weight in kg": 50 * rng.normal(size=N_ROWS),
            "town": rng.choice(["Bonn", "Köln", "Ulm"], N_ROWS),
            "code": pd.Categorical(rng.integers(0, 3, N_ROWS)),
            "constant": 1.0,
        }
    )
    table.loc[3:9, "weight in kg"] = np.nan
    table.loc[4:8, "town"] = np.nan
    return table


def numbers():
    return frame()[["year", "weight in kg"]].to_numpy()


def ready():
    return StandardScaler().fit_transform(np.nan_to_num(numbers()))


@cache
def y_of(kind):
    y = frame()["year"].to_numpy() / 4 + (frame()["town"] == "Ulm") - 495
    if kind == "numbers":
        return y
    if kind == "two outputs":
        return np.column_stack([y, -y])
    three = np.digitize(y, np.quantile(y, [0.33, 0.66]))
    return {
        "binary": three > 1,
        "words": np.array(["a", "b", "c"])[three],
        "labels": np.column_stack([three == 1, three > 1]).astype(int),
        "one class": np.full(N_ROWS, "a"),
    }[kind]


@cache
def fitted(make, kind, members="one", **options):
    """Return a CV estimator fitted to the table; tests that modify it copy it."""
    return make(**MEMBERS[members], **options).fit(frame(), y_of(kind))


@cache
def fitted_to_numbers(kind, members="one"):
    return classifier(**MEMBERS[members], preprocess=False).fit(ready(), y_of(kind))


def run(written, X):
    """Return the outputs of onnxruntime by name.

    skl2onnx writes "weight_in_kg" for "weight in kg".
    """
    session = onnxruntime.InferenceSession(
        written.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    inputs = {}
    for each in session.get_inputs():
        column = X
        if hasattr(X, "columns"):
            column = X[[each.name.replace("_in_", " in ")]]
        inputs[each.name] = np.asarray(column).astype(TYPES[each.type])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def assert_same(written, model, X):
    found = run(written, X)
    if hasattr(model, "predict_proba"):
        assert_allclose(found["probabilities"], model.predict_proba(X), atol=1e-5)
        assert_array_equal(found["label"], model.predict(X))
    else:
        assert_allclose(found["y"], model.predict(X), rtol=1e-5, atol=1e-5)


# -- ONNX ------------------------------------------------------------------------------


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("kind", ["binary", "words", "labels", "one class"])
def test_classifier_in_onnx(members, kind):
    model = fitted(classifier, kind, members)
    written = model.to_onnx()
    assert_same(written, model, frame())
    assert {each.name for each in written.graph.input} <= {*frame()}


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize(
    "options", [{"encodings": "piecewise"}, {"loss": "poisson"}], ids=str
)
def test_regressor_in_onnx(members, options):
    kind = "numbers" if "loss" in options else "two outputs"
    model = fitted(regressor, kind, members, **options)
    assert_same(to_onnx(model), model, frame())


@pytest.mark.parametrize("members", MEMBERS)
def test_arrays_in_onnx(members):
    options = MEMBERS[members]
    model = classifier(**options, encodings="piecewise")
    model.fit(numbers(), y_of("binary"))
    assert_same(to_onnx(model), model, numbers())
    model = fitted_to_numbers("words", members)
    assert_same(to_onnx(model), model, ready())


@pytest.mark.parametrize("members", MEMBERS)
def test_cv_inside_others_in_onnx(members):
    options = MEMBERS[members]
    for own in [{}, {"preprocess": False}][: 1 + (members == "two")]:
        model = make_pipeline(StandardScaler(), classifier(**options, **own))
        model.fit(ready(), y_of("binary"))
        assert_same(to_onnx(model), model, ready())
    log = TransformedTargetRegressor(
        regressor(**options), func=np.log, inverse_func=np.exp
    ).fit(frame(), y_of("numbers"))
    assert_same(to_onnx(log), log, frame())


def test_members_share_the_preprocessing_operators():
    def operators(model):
        return [node.op_type for node in to_onnx(model).graph.node]

    one, two, folds = (fitted(classifier, "words", members) for members in MEMBERS)
    assert operators(two).count("IsNaN") == operators(one).count("IsNaN")
    assert operators(folds).count("IsNaN") == 2 * operators(one).count("IsNaN")


def test_a_category_with_missing_values_in_one_fold_only():
    """Integers in one fold, floats with NaN in the other."""
    codes = np.array([1.0, 2.0] * 20 + [1.0] * 20)
    table = pd.DataFrame({"code": pd.Series(codes, dtype=object)})
    table.loc[:, "code"] = [int(code) for code in codes]
    table.loc[2:9, "code"] = np.nan
    first, second = np.arange(30), np.arange(30, 60)
    model = classifier(
        refit=False,
        categorical_features=["code"],
        cv=[(first, second), (second, first)],
    ).fit(table, codes > 1)
    assert_same(to_onnx(model), model, table)


def test_extreme_logits_of_members_stay_finite():
    X = ready()
    for kind in ("words", "labels"):
        model = copy.deepcopy(fitted_to_numbers(kind, "two"))
        for net in model._nets:
            net.coefs_ = [1e3 * W for W in net.coefs_]
        found = run(to_onnx(model), X)["probabilities"]
        assert_allclose(found, model.predict_proba(X), atol=1e-5)


def test_before_fit():
    for unfitted in (classifier(), classifier(n_members=2), regressor()):
        for move in (to_onnx, type(unfitted).to_onnx, type(unfitted).to_sklearn):
            with pytest.raises(NotFittedError):
                move(unfitted)


@pytest.mark.parametrize(
    ("members", "target_opset"), [("one", 13), ("two", 21), ("of_folds", 21)]
)
def test_skl2onnx_converts_cv_estimators(members, target_opset):
    register_onnx_converters()
    types = {
        "year": data_types.FloatTensorType([None, 1]),
        "weight in kg": data_types.FloatTensorType([None, 1]),
        "town": data_types.StringTensorType([None, 1]),
        "code": data_types.Int64TensorType([None, 1]),
        "constant": data_types.FloatTensorType([None, 1]),
    }

    def converted(model, initial_types, **options):
        return skl2onnx.convert_sklearn(
            model, initial_types=initial_types, target_opset=target_opset, **options
        )

    numeric = fitted(regressor, "numbers", members)
    found = run(converted(numeric, list(types.items())), frame())["variable"]
    assert_allclose(found[:, 0], numeric.predict(frame()), rtol=1e-5)
    X = numbers().astype(np.float32)
    voting = VotingClassifier(
        [("cv", classifier(**MEMBERS[members])), ("linear", LogisticRegression())],
        voting="soft",
        flatten_transform=False,
    ).fit(np.nan_to_num(X), y_of("words"))
    one_block = [("X", data_types.FloatTensorType([None, 2]))]
    written = converted(voting, one_block, options={"zipmap": False})
    assert_same(written, voting, np.nan_to_num(X))


def test_text_columns_need_a_string_tensor_type():
    register_onnx_converters()
    model = regressor().fit(frame()[["year", "town"]], y_of("numbers"))
    types = [("X", data_types.FloatTensorType([None, 2]))]
    with pytest.raises(TypeError, match=r"Column 1 .* holds text: .* StringTensorType"):
        skl2onnx.convert_sklearn(model, initial_types=types, target_opset=13)


# -- scikit-learn ----------------------------------------------------------------------


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("kind", ["binary", "words"])
def test_classifier_to_scikit_learn(members, kind):
    model = fitted(classifier, kind, members)
    moved = model.to_sklearn()
    assert_allclose(
        moved.predict_proba(frame()), model.predict_proba(frame()), atol=1e-6
    )
    assert_array_equal(moved.predict(frame()), model.predict(frame()))
    assert_array_equal(moved.classes_, model.classes_)
    assert_array_equal(moved.feature_names_in_, [*frame()])
    hard = moved if members == "of_folds" else moved[-1]
    if members != "one":  # its networks predict class indices
        hard.voting = "hard"
        assert {*moved.predict(frame())} <= {*model.classes_}


@pytest.mark.parametrize("members", MEMBERS)
def test_regressor_to_scikit_learn(members):
    model = fitted(regressor, "numbers", members)
    moved = model.to_sklearn()
    assert_allclose(moved.predict(frame()), model.predict(frame()), rtol=1e-6)
    before = model.predict(frame())
    if members == "one":
        moved.set_params(net__max_iter=3).fit(frame()[::2], y_of("numbers")[::2])
    assert_array_equal(model.predict(frame()), before)


def test_without_preprocessing_there_is_no_pipeline():
    X = ready()
    for members in MEMBERS:
        model = fitted_to_numbers("words", members)
        moved = model.to_sklearn()
        assert not hasattr(moved, "steps")
        assert_allclose(moved.predict_proba(X), model.predict_proba(X), atol=1e-6)


def test_alpha_in_scikit_learn_counts_batches():
    model = classifier(preprocess=False, alphas=3.0).fit(ready(), y_of("binary"))
    assert model.to_sklearn().alpha == pytest.approx(3.0 / (N_ROWS / 16))


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (classifier, "labels", "VotingClassifier does not support y with several lab"),
        (classifier, "one class", "VotingClassifier does not support y with one class"),
        (regressor, "two outputs", "VotingRegressor does not support y with several o"),
    ],
)
def test_targets_that_scikit_learn_ensembles_do_not_support(make, kind, words):
    two = fitted(make, kind, "two")
    with pytest.raises(ValueError, match=f"{words}.*the 2 networks of members_ one"):
        two.to_sklearn()
    one = fitted(make, kind)
    assert_array_equal(
        one.to_sklearn().predict(frame()).shape, one.predict(frame()).shape
    )


def test_activations_unknown_to_scikit_learn():
    model = classifier(activation="gelu").fit(frame(), y_of("binary"))
    with pytest.raises(ValueError, match="cannot express activation"):
        model.to_sklearn()


# -- files -----------------------------------------------------------------------------


def trusted():
    """Return the types that the user guide lists for skops.io to trust."""
    guide = Path(skdnn.__file__).parents[1] / "docs/user_guide/moving_models.md"
    return re.findall(r"^- `([\w.]+)`$", guide.read_text("utf-8"), flags=re.M)


def by_joblib(model, path):
    joblib.dump(model, path, compress=3)
    return joblib.load(path)


@pytest.mark.parametrize("members", MEMBERS)
def test_files(members, tmp_path):
    model = fitted(classifier, "words", members)
    numeric = fitted(regressor, "two outputs", members, encodings="piecewise")
    for each in (model, numeric):
        for loaded in (
            pickle.loads(pickle.dumps(each)),
            copy.deepcopy(each),
            by_joblib(each, tmp_path / "model.joblib"),
            skops.io.loads(skops.io.dumps(each), trusted=trusted()),
        ):
            assert vars(loaded).keys() == vars(each).keys()
            assert_array_equal(loaded.predict(frame()), each.predict(frame()))
            assert len(loaded.members_) == len(each.members_)
            assert_array_equal(loaded.scores_, each.scores_)
            assert clone(loaded).get_params().keys() == each.get_params().keys()


@pytest.mark.parametrize("save", [pickle.dumps, skops.io.dumps])
def test_a_newer_file_is_refused(save, monkeypatch):
    model = fitted_to_numbers("binary")
    with monkeypatch.context() as newer:
        newer.setattr(_version, "__version__", "99.10.0")
        saved = save(model)
    with pytest.raises(ValueError, match=r"saved by skdnn 99\.10\.0"):
        if save is pickle.dumps:
            pickle.loads(saved)
        else:
            skops.io.loads(saved, trusted=trusted())


def test_a_file_holds_no_training_rows():
    X, y = ready(), y_of("binary")
    one, four = (
        classifier(preprocess=False, refit=False, max_steps=24).fit(
            np.tile(X, (n, 1)), np.tile(y, n)
        )
        for n in (1, 4)
    )
    out_of_fold = 8 * 3 * N_ROWS  # out-of-fold predictions
    assert len(pickle.dumps(four)) < len(pickle.dumps(one)) + out_of_fold + 100


def test_a_member_from_a_file_can_be_trained_on():
    model = fitted_to_numbers("binary")
    (net,) = pickle.loads(pickle.dumps(model)).members_
    expected = copy.deepcopy(model.members_[0]).partial_fit(ready(), y_of("binary"))
    net.partial_fit(ready(), y_of("binary"))
    assert_array_equal(net.predict_proba(ready()), expected.predict_proba(ready()))


# -- diagnostics and plots -------------------------------------------------------------


DIAGNOSTICS = {
    "signals": lambda model: signal_propagation(model, ready(), y_of("binary")),
    "gradients": lambda model: check_gradients(
        model, ready()[:16], y_of("binary")[:16]
    ),
    "weights": WeightsDisplay.from_estimator,
    "first_layer": lambda model: FirstLayerDisplay.from_estimator(
        model, image_shape=(1, 2)
    ),
}


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_diagnostics_need_a_single_member(name):
    model = fitted_to_numbers("binary")
    assert DIAGNOSTICS[name](model) is not None
    two = fitted_to_numbers("binary", "two")
    words = r"MLPRegularizedClassifierCV.*has 2 networks: give one of its members_"
    with pytest.raises(TypeError, match=re.compile(words, flags=re.S)):
        DIAGNOSTICS[name](two)
    assert DIAGNOSTICS[name](two.members_[1]) is not None
    plt.close("all")


def test_decision_regions_use_all_members():
    two = fitted_to_numbers("binary", "two")
    assert DecisionRegionsDisplay.from_estimator(two, ready(), y_of("binary"))
    plt.close("all")


def test_diagnostics_before_fit():
    with pytest.raises(TypeError, match="CV, which has no network before fit"):
        signal_propagation(classifier(), ready(), y_of("binary"))
