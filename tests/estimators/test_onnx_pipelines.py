"""Pipelines, searches and target transformers predict the same in ONNX."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    PiecewiseLinearEncoder,
    to_onnx,
)
from skdnn.preprocessing.mixed_tables import (
    ENCODINGS,
    UniformMissing,
    columns_of,
    preprocessor_for,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N_ROWS = 120
TYPES = {"tensor(float)": np.float32, "tensor(string)": object}
TYPES["tensor(int64)"] = np.int64
FIVE = StandardScaler().fit([[4.0], [6.0]])


def classifier(**options):
    options = {"solver": "lbfgs", "max_iter": 3000, "random_state": 0} | options
    return MLPRegularizedClassifier((5,), "tanh", **options)


def regressor(**options):
    options = {"solver": "lbfgs", "max_iter": 3000, "random_state": 0} | options
    return MLPRegularizedRegressor("squared_error", (5,), "tanh", **options)


@pytest.fixture(scope="module")
def frame():
    """Return numbers, text, codes beyond float32 precision, and missing values."""
    rng = np.random.default_rng(0)
    # A mean far from 0, which needs float64 inside the model.
    year = 2000 + rng.integers(0, 30, N_ROWS) / 4
    frame = pd.DataFrame(
        {
            "year": year,
            "weight in kg": rng.normal(size=N_ROWS).astype(np.float32) * 50.0,
            "town": rng.choice(["Bonn", "Köln", "Ulm"], N_ROWS),
            "notes": ["nothing of use"] * N_ROWS,
            "code": 10**9 + rng.integers(0, 3, N_ROWS),
        }
    )
    frame.loc[3, "weight in kg"] = np.nan
    frame.loc[4:6, "town"] = np.nan
    return frame


@pytest.fixture(scope="module")
def y(frame):
    return frame["year"].to_numpy() / 4 + (frame["town"] == "Ulm")


def columns():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(
        "passthrough",
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, ["year", "weight in kg"]),
            ("words", words, ["town"]),
            ("codes", OneHotEncoder(handle_unknown="ignore"), ["code"]),
        ]
    )


def run(model, rows):
    """Return the outputs by name, feeding the inputs of the model by name."""
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    inputs = {}
    for each in session.get_inputs():
        values = rows if each.name == "X" else rows[[each.name]]
        inputs[each.name] = np.asarray(values).astype(TYPES[each.type])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def assert_same_classifier(estimator, rows, model=None):
    found = run(to_onnx(estimator) if model is None else model, rows)
    assert_allclose(found["probabilities"], estimator.predict_proba(rows), atol=1e-5)
    assert_array_equal(found["label"], estimator.predict(rows))


def assert_same_regressor(estimator, rows, dtype=np.float64, rtol=1e-5):
    found = run(to_onnx(estimator), rows)["y"]
    expected = estimator.predict(rows)
    assert found.dtype == dtype and found.shape == expected.shape
    assert_allclose(found, expected, rtol=rtol, atol=1e-5 * np.ptp(expected))


# -- frames ---------------------------------------------------------------------------


@pytest.mark.parametrize("last", [[], [InputStandardizer(smooth_clip=2.0)]])
def test_frame_with_numbers_words_codes_and_missing_values(frame, y, last):
    labels = np.where(y > np.median(y), "late", "early")
    model = make_pipeline(columns(), *last, classifier()).fit(frame, labels)
    written = to_onnx(model)
    kinds = {each.name: each.type.tensor_type.elem_type for each in written.graph.input}
    tensor = onnx.TensorProto
    assert kinds == {
        "year": tensor.FLOAT,
        "weight in kg": tensor.FLOAT,
        "town": tensor.STRING,
        "code": tensor.INT64,
    }  # without "notes", which no step uses
    (entry,) = written.metadata_props
    assert json.loads(entry.value) == list(frame.columns)
    assert_same_classifier(model, frame, written)
    new = frame.assign(town="Rom", code=7)
    assert_same_classifier(model, new)


@pytest.mark.parametrize("strategy", ["quantile", "tree"])
@pytest.mark.parametrize("last", [[], [InputStandardizer()]])
def test_encoded_numbers_of_a_frame(frame, y, strategy, last):
    numbers = ["year", "weight in kg"]
    words = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    by = ColumnTransformer(
        [
            ("numbers", PiecewiseLinearEncoder(strategy=strategy), numbers),
            ("words", words, ["town"]),
        ]
    )
    frame = frame.fillna({"town": "Bonn"})
    model = make_pipeline(by, *last, classifier()).fit(frame, y > np.median(y))
    assert "numbers__weight in kg_missing" in model[0].get_feature_names_out()
    assert_same_classifier(model, frame)
    outliers = frame[numbers] * [1, 3] + [30, 0]
    assert_same_classifier(model, frame.assign(**outliers))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_raw_tables(frame, y, encoding):
    table = frame.assign(
        code=frame["code"].astype("category"),
        size=pd.Categorical([1.0, 2.0, 2.5, None] * (N_ROWS // 4)),
        rare=["usual", "other"] * 55 + [f"rare {k}" for k in range(10)],
        sold=pd.array([True, False, None, True] * (N_ROWS // 4), dtype="boolean"),
    )
    columns = columns_of(table)
    assert columns.numeric == ["year", "weight in kg", "sold"]
    model = make_pipeline(preprocessor_for(columns, encoding), classifier())
    model.fit(table, y > np.median(y))
    unseen = table.iloc[:40].copy()
    unseen["town"] = unseen["town"].replace("Bonn", "Rom")
    unseen["code"] = unseen["code"].astype(np.int64).replace(10**9, 7)
    unseen["rare"] = unseen["rare"].replace("usual", "never seen")
    unseen.loc[2, "year"] = np.nan
    unseen["sold"] = unseen["sold"].astype(np.float64)
    for rows in (table.assign(sold=table["sold"].astype(np.float64)), unseen):
        found = run(to_onnx(model), rows)
        expected = model.predict_proba(rows)
        assert_allclose(found["probabilities"], expected, atol=1e-5)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=3),
        OneHotEncoder(handle_unknown="warn", max_categories=2, sparse_output=False),
        OneHotEncoder(handle_unknown="infrequent_if_exist", drop="if_binary"),
        OneHotEncoder(drop="first", handle_unknown="infrequent_if_exist"),
        OneHotEncoder(
            drop=["a", "y"], min_frequency=3, handle_unknown="infrequent_if_exist"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_grouped_categories(encoder):
    rows = np.array([["a", "x"], ["b", "y"], ["a", "x"], ["d", "y"]] * 3, object)
    rows[5] = ["c", "y"]
    model = make_pipeline(encoder, classifier()).fit(rows, [0, 1, 0] * 4)
    seen = np.array([["b", "x"], ["never", "y"], ["c", "never"], ["d", "y"]], object)
    assert_same_classifier(model, seen)


def test_an_imputer_with_its_indicator(frame, y):
    table = frame[["year", "weight in kg"]]
    steps = SimpleImputer(add_indicator=True), InputStandardizer(), classifier()
    model = make_pipeline(*steps)
    assert_same_classifier(model.fit(table, y > np.median(y)), table)


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer])
def test_text_vectorizer_next_to_target_encoder(frame, y, kind):
    texts = np.array(["paid late", "late", "Paid soon, late", "unpaid"])
    frame = frame.assign(notes=texts[np.arange(len(frame)) % 4])
    # onnxruntime lowercases only if the system has the locale en_US.UTF-8.
    words = kind(lowercase=False)
    target_means = TargetEncoder(cv=StratifiedKFold())
    columns = ColumnTransformer([("a", words, "notes"), ("b", target_means, ["town"])])
    labels = (y > np.median(y)) | (frame["notes"] == "unpaid")
    model = make_pipeline(columns, classifier()).fit(frame, labels)
    assert_same_classifier(model, frame)
    assert_same_classifier(model, frame.assign(notes="new and late", town="Rom"))


def test_search_around_a_pipeline_of_a_frame(frame, y):
    model = Pipeline([("columns", columns()), ("net", classifier())])
    search = GridSearchCV(model, {"net__alpha": [1.0, 3.0]}, cv=2)
    search.fit(frame, y > np.median(y))
    assert_same_classifier(search, frame)


def test_search_inside_a_pipeline(frame, y):
    numbers = frame[["year", "weight in kg"]].fillna(0)
    search = GridSearchCV(classifier(), {"alpha": [1.0]}, cv=2)
    model = make_pipeline(MinMaxScaler(), search).fit(numbers, y > np.median(y))
    assert_same_classifier(model, numbers)


def test_target_transformer_around_a_pipeline_of_a_frame(frame, y):
    model = TransformedTargetRegressor(
        make_pipeline(columns(), regressor()), transformer=StandardScaler()
    )
    assert_same_regressor(model.fit(frame, 1.7e9 + y), frame, rtol=1e-12)


def test_columns_by_mask_position_and_slice_and_none_dropped(frame, y):
    frame = frame.drop(columns=["notes", "code"])
    by = ColumnTransformer(
        [
            ("words", OneHotEncoder(drop="first", dtype=int), [False, False, True]),
            ("one", SimpleImputer(), [1]),
            ("both", make_pipeline("passthrough", SimpleImputer()), slice(0, 2)),
        ],
        remainder="passthrough",
    )
    model = make_pipeline(by, InputStandardizer(), classifier())
    assert_same_classifier(model.fit(frame, y > np.median(y)), frame)


def test_columns_without_names(frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0).to_numpy()
    by = ColumnTransformer([("a", StandardScaler(), [1])], remainder="passthrough")
    model = make_pipeline(by, InputStandardizer(), classifier()).fit(
        rows, y > np.median(y)
    )
    assert_same_classifier(model, rows)
    mixed = frame[["year", "town"]].to_numpy(object)
    by = ColumnTransformer([("a", OneHotEncoder(), [1])], remainder=StandardScaler())
    model = make_pipeline(by, classifier()).fit(mixed, y > np.median(y))
    written = to_onnx(model)
    assert [each.name for each in written.graph.input] == ["x0", "x1"]
    found = run(written, pd.DataFrame({"x0": frame["year"], "x1": frame["town"]}))
    assert_allclose(found["probabilities"], model.predict_proba(mixed), atol=1e-5)


def test_one_input_where_all_columns_are_alike(frame, y):
    words = frame[["town"]].fillna("none")
    for encoder in (OneHotEncoder(), FrozenEstimator(OrdinalEncoder().fit(words))):
        model = make_pipeline(encoder, classifier()).fit(words, y > np.median(y))
        assert_same_classifier(model, words)


def test_a_column_named_like_an_output(frame, y):
    named = frame.rename(columns={"year": "label"})[["label", "town"]]
    by = ColumnTransformer([("a", OneHotEncoder(), ["town"])], remainder="passthrough")
    model = make_pipeline(by, StandardScaler(), classifier())
    model.fit(named, y > np.median(y))
    with pytest.raises(ValueError, match="A column has the name 'label'"):
        to_onnx(model)
    inner = named.rename(columns={"label": "W1", "town": "Cast_0"})
    by.set_params(a__drop=None).transformers[0] = ("a", OneHotEncoder(), ["Cast_0"])
    assert_same_classifier(model.fit(inner, y > np.median(y)), inner)


# -- steps ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        RobustScaler(),
        RobustScaler(with_centering=False, with_scaling=False),
        MaxAbsScaler(clip=True),
        MinMaxScaler((-1, 2)),
        MinMaxScaler(clip=True),
    ],
)
@pytest.mark.parametrize("before", [[], [SimpleImputer()]])
def test_scalers(frame, y, scaler, before):
    rows = frame[["year", "weight in kg"]].fillna(0)
    net = classifier(max_iter=20).fit(np.eye(2), [0, 1])  # any weights serve
    model = make_pipeline(*before, scaler, FrozenEstimator(net)).fit(rows, y)
    found = run(to_onnx(model), rows * 1.5)["probabilities"]
    assert_allclose(found, model.predict_proba(rows * 1.5), atol=1e-5)


class Doubler(StandardScaler):
    def transform(self, X):
        return 2 * super().transform(X)


def test_a_subclass_of_a_scaler_is_not_converted_as_one(frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0)
    model = make_pipeline(Doubler(), classifier()).fit(rows, y > np.median(y))
    with pytest.raises(TypeError, match="convert step 'doubler', Doubler: Unable"):
        to_onnx(model)


def test_steps_of_scikit_learn_between_ours(frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0)
    union = FeatureUnion([("pca", PCA(2)), ("same", "passthrough"), ("no", "drop")])
    model = make_pipeline(
        InputStandardizer(), None, make_pipeline(union, StandardScaler()), classifier()
    )
    assert_same_classifier(model.fit(rows, y > np.median(y)), rows)


@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")  # PCA does not scale
def test_scalers_need_no_skl2onnx(monkeypatch, frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0)
    scaled = make_pipeline(StandardScaler(), classifier()).fit(rows, y > np.median(y))
    reduced = make_pipeline(PCA(2), classifier()).fit(rows, y > np.median(y))
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    assert_same_classifier(scaled, rows)
    with pytest.raises(ImportError, match=r'skl2onnx: pip install "skdnn\[onnx\]"'):
        to_onnx(reduced)


@pytest.mark.filterwarnings("ignore:Skipping features without")
@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Nystroem(n_components=2)], "step 'nystroem', Nystroem: Unable to find"),
        (
            [ColumnTransformer([("a", Nystroem(n_components=2), [1])])],
            "step 'columntransformer__a', Nystroem: Unable to find",
        ),
        (
            [SimpleImputer(strategy="most_frequent")],
            "step 'simpleimputer', SimpleImputer: .* 2 output columns instead of 1",
        ),
        (
            [SimpleImputer(missing_values=0.5, add_indicator=True)],
            "step 'simpleimputer', SimpleImputer: .*supports only NaN in numbers",
        ),
        (
            [FunctionTransformer(np.exp), PCA(1)],
            "step 'functiontransformer', FunctionTransformer, step 'pca', PCA: ",
        ),
        (
            [OrdinalEncoder(), SimpleImputer()],
            "step 'ordinalencoder', .*: missing values are encoded as NaN",
        ),
    ],
)
def test_steps_that_cannot_be_converted_are_named(steps, message):
    rows = np.random.default_rng(0).normal(size=(40, 2))
    if not isinstance(steps[0], Nystroem | ColumnTransformer):
        rows[0, 0] = np.nan
    if getattr(steps[0], "strategy", None) == "most_frequent":
        rows[:, 0] = np.nan
    if getattr(steps[0], "missing_values", None) == 0.5:
        rows[0, 0] = 0.5
    if isinstance(steps[0], FunctionTransformer):
        rows[0, 0] = 0
    model = make_pipeline(*steps, classifier()).fit(rows, np.arange(40) % 2)
    with pytest.raises(TypeError, match=f"to_onnx cannot convert {message}"):
        to_onnx(model)


def test_other_models_that_cannot_be_converted():
    words = make_pipeline(TfidfVectorizer(), classifier())
    words.fit(["aa bb", "bb"] * 4, [0, 1] * 4)
    with pytest.raises(TypeError, match="the columns of step 'tfidfvectorizer', Tfidf"):
        to_onnx(words)
    threshold = FixedThresholdClassifier(classifier()).fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(TypeError, match="threshold of FixedThresholdClassifier: conv"):
        to_onnx(threshold)
    calibrated = CalibratedClassifierCV(classifier(), ensemble=False)
    with pytest.raises(TypeError, match="got CalibratedClassifierCV, which trains sev"):
        to_onnx(calibrated)
    with pytest.raises(TypeError, match=r"a fitted search.*got GridSearchCV"):
        to_onnx(GridSearchCV(classifier(), {}))


# -- targets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "transform",
    [
        {"transformer": StandardScaler()},
        {"transformer": InputStandardizer(method="robust")},
        {"transformer": MinMaxScaler()},
        {"transformer": make_pipeline(FrozenEstimator(FIVE))},
        {"func": np.log, "inverse_func": np.exp},
        {"func": np.log1p, "inverse_func": np.expm1},
        {"func": np.exp, "inverse_func": np.log, "check_inverse": False},
        {"func": np.expm1, "inverse_func": np.log1p, "check_inverse": False},
        {"func": np.sqrt, "inverse_func": np.square},
        {"func": np.square, "inverse_func": np.sqrt},
        {
            "transformer": make_pipeline(
                FunctionTransformer(np.log1p, np.expm1), None, StandardScaler()
            )
        },
        {},
    ],
)
def test_predictions_are_in_the_original_units(frame, y, transform):
    rows = frame[["year", "weight in kg"]].fillna(0)
    # Any weights near the scale of the targets serve.
    net = regressor(max_iter=20).fit(np.eye(2), [1.0, 1.2])
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), FrozenEstimator(net)), **transform
    )
    assert_same_regressor(model.fit(rows, y / 100), rows)


def test_several_targets(frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0)
    model = TransformedTargetRegressor(regressor(), transformer=StandardScaler())
    model = make_pipeline(StandardScaler(), model)
    assert_same_regressor(model.fit(rows, np.column_stack([y, 1e6 * y])), rows)


def test_search_inside_target_transformers(frame, y):
    rows = frame[["year", "weight in kg"]].fillna(0)
    search = GridSearchCV(regressor(), {"alpha": [1.0]}, cv=2)
    inner = TransformedTargetRegressor(search, transformer=StandardScaler())
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), inner), func=np.log, inverse_func=np.exp
    )
    assert_same_regressor(model.fit(rows, y), rows)


@pytest.mark.parametrize(
    "transform",
    [
        {"transformer": PowerTransformer()},
        {"transformer": InputStandardizer(smooth_clip=3.0)},
        {"func": np.arcsinh, "inverse_func": np.sinh},
    ],
)
def test_target_transformers_that_cannot_be_inverted(y, transform):
    rows = np.arange(len(y))[:, None]
    net = regressor(max_iter=20).fit(np.eye(4)[:, :1], np.arange(4.0))
    model = TransformedTargetRegressor(
        FrozenEstimator(net), check_inverse=False, **transform
    ).fit(rows, y)
    with pytest.raises(TypeError, match=r"cannot invert the transformer of y, [A-Z]"):
        to_onnx(model)


def test_unfitted_models():
    net = regressor().fit(np.eye(3), np.arange(3.0))
    with pytest.raises(NotFittedError, match="TransformedTargetRegressor"):
        to_onnx(TransformedTargetRegressor(net))
    with pytest.raises(NotFittedError, match="SimpleImputer"):
        to_onnx(make_pipeline(SimpleImputer(), net))


def test_missing_categories_may_be_the_first_step():
    towns = np.array(["Bonn", "Köln", "Ulm", "Köln"] * 30)
    X, y = pd.DataFrame({"town": towns}), (towns == "Köln").astype(int)
    encoder = OneHotEncoder(sparse_output=False)
    model = make_pipeline(UniformMissing(), encoder, classifier()).fit(X, y)
    session = onnxruntime.InferenceSession(to_onnx(model).SerializeToString())
    (name,) = (given.name for given in session.get_inputs())
    _, probabilities = session.run(None, {name: X.to_numpy(object)})
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
