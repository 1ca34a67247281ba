"""Input checks: which findings raise a warning, on which rows, and when."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    StandardScaler,
)

from skdnn import (
    BiasVarianceReport,
    DataScaleWarning,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    signal_propagation,
)
from skdnn.estimators.checks.scales import check_scales
from skdnn.estimators.rows import Rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(300, 6))
WINE, WINE_CLASSES = load_wine(return_X_y=True)


def net(**params):
    defaults = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    return MLPRegularizedClassifier(**defaults | params)


def regressor(**params):
    defaults = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    return MLPRegularizedRegressor(**defaults | params)


def found(X, y=None, dev=None, **options):
    """Return the findings by code."""
    rows = X if isinstance(X, Rows) else Rows(X, y)
    dev = None if dev is None else Rows(dev, None)
    findings = check_scales(rows, dev, **options)
    assert len({f.code for f in findings}) == len(findings)
    return {f.code: f for f in findings}


def sentences(n_rows=200):
    """Return texts of words with very different frequencies."""
    rng = np.random.default_rng(0)
    words = np.minimum(rng.zipf(1.3, size=(n_rows, 60)), 4000)
    return [" ".join(f"word{w}" for w in row) for row in words]


# -- no false alarms -------------------------------------------------------------------

CATEGORIES = np.minimum(RNG.zipf(1.6, size=(300, 2)), 40)
ORDINARY = {
    "normal": NORMAL,
    "float32": NORMAL.astype(np.float32),
    "standardised": StandardScaler().fit_transform(load_breast_cancer().data),
    "ours": InputStandardizer().fit_transform(WINE),
    "robust": InputStandardizer(method="robust", smooth_clip=3).fit_transform(WINE),
    "minmax": MinMaxScaler().fit_transform(load_breast_cancer().data),
    "row norm": Normalizer().fit_transform(load_digits().data),
    "iris": load_iris().data,
    "diabetes": load_diabetes().data,
    "digits": load_digits().data,
    "pixels by 255": RNG.integers(0, 256, (300, 50)) / 255,
    "one-hot": OneHotEncoder(sparse_output=False).fit_transform(CATEGORIES),
    "one-hot, sparse": OneHotEncoder().fit_transform(CATEGORIES),
    "one-hot, scaled": StandardScaler(with_mean=False).fit_transform(
        OneHotEncoder().fit_transform(CATEGORIES)
    ),
    "both": np.hstack([NORMAL, np.eye(300)[:, :3]]),
    "counts": CountVectorizer().fit_transform(sentences()),
    "tf-idf": TfidfVectorizer().fit_transform(sentences()),
    "scaled tf-idf": MaxAbsScaler().fit_transform(
        TfidfVectorizer().fit_transform(sentences())
    ),
    "bits": RNG.integers(0, 2, (300, 8)).astype(bool),
    "a constant column": np.hstack([NORMAL, np.ones((300, 1)), np.zeros((300, 1))]),
    "zeros and a column": np.eye(300)[:, :1],
}


@pytest.mark.parametrize("X", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_inputs_pass(X):
    assert not found(X, np.resize(NORMAL, X.shape[0]), loss="squared_error")
    order = np.random.default_rng(1).permutation(X.shape[0])
    X = X.tocsr() if sparse.issparse(X) else X
    for n_dev in (1, 5, 20, 60):
        assert not found(X[order[n_dev:]], dev=X[order[:n_dev]])


@pytest.mark.parametrize("n_rows", [2, 3, 9])
def test_few_rows_raise_few_warnings(n_rows):
    """Scales of a handful of rows, as in a first partial_fit, are chance."""
    X = RNG.normal(size=(n_rows, 3)) * [1, 1e-4, 0]
    assert not found(X, X[:, 1], dev=100 * X, loss="squared_error")
    assert not found(NORMAL, dev=(100 + X)[:4])
    assert found(1000 * X + 100, 1000 + X[:, 0], loss="huber").keys() == {
        "scale_of_columns",
        "scale_of_targets",
    }


# -- columns ---------------------------------------------------------------------------

OFF_SCALE = {
    "huge": (NORMAL * 100, "column", 100),
    "far from 0": (NORMAL + 1000, "column", 1000),
    "one huge": (NORMAL * [1, 1, 1, 1, 500, 1], "column 4", 500),
    "pixels": (RNG.integers(0, 256, (300, 50), dtype=np.uint8), "column", 150),
    "sparse": (
        sparse.random_array((300, 9), density=0.5, rng=RNG) * 1e3,
        "column",
        400,
    ),
    "uneven": (NORMAL * [1, 1e-4, 1, 1, 1, 1], "column 1 is", 1e4),
    "uneven, sparse": (sparse.csc_array(NORMAL * [1, 1e-4, 1, 1, 1, 1]), "1 is", 1e4),
    "tiny": (NORMAL * 1e-3, "entries of X are tiny", 1e-3),
    "beyond squares": (NORMAL * 1e200, "large", np.inf),
}


@pytest.mark.parametrize(("X", "words", "figure"), OFF_SCALE.values(), ids=OFF_SCALE)
def test_columns_off_scale(X, words, figure):
    finding = found(X)["scale_of_columns"]
    assert words in finding.text
    assert finding.figure == pytest.approx(figure, rel=0.4)
    with_mean = "with_mean=False" if sparse.issparse(X) else ""
    assert f"make_pipeline(InputStandardizer({with_mean}), net)" in finding.cure
    assert finding.message == f"{finding.text} {finding.cure}"


def test_columns_have_names():
    X = pd.DataFrame(WINE, columns=load_wine().feature_names)
    with pytest.warns(DataScaleWarning, match=r"column 12 \('proline'\)"):
        net().fit(X, WINE_CLASSES)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_equal_rows(make):
    X = make(np.tile([0.0, 1.0, 2.0], (40, 1)))
    assert found(X).keys() == {"equal_rows"}
    assert "40 rows" in found(X)["equal_rows"].text
    nearly_equal = np.tile([0.0, 1.0, 2.0], (40, 1))
    nearly_equal[20, 1] = 1.5
    assert not found(make(nearly_equal))


def test_rows_of_weight_0_and_held_out_rows_do_not_count():
    X = NORMAL.copy()
    X[::3] = 1e6
    weight = np.ones(300)
    weight[::3] = 0
    assert found(X)
    assert not found(Rows(X, NORMAL[:, 0], weight))
    assert not found(Rows(X, NORMAL[:200, 0], None, np.flatnonzero(weight)))


# -- a dev set on another scale --------------------------------------------------------

LOADED = {"digits": load_digits, "iris": load_iris, "wine": load_wine}


@pytest.mark.parametrize("n_dev", [30, 50])
@pytest.mark.parametrize("load", LOADED.values(), ids=LOADED)
def test_dev_rows_that_were_not_standardised(load, n_dev):
    X = np.random.default_rng(0).permutation(load().data)
    scaler = StandardScaler().fit(X[n_dev:])
    finding = found(scaler.transform(X[n_dev:]), dev=X[:n_dev])["scale_of_dev_columns"]
    assert "X_val is on another scale than X: column" in finding.text
    assert 'transform_input=["X_val"]' in finding.cure
    assert not found(scaler.transform(X[n_dev:]), dev=scaler.transform(X[:n_dev]))


def test_dev_rows_that_were_standardised_and_training_rows_that_were_not():
    raw = 0.5 + 0.05 * NORMAL
    assert found(raw[:200], dev=NORMAL[200:]).keys() == {"scale_of_dev_columns"}


def test_one_column_of_the_dev_rows_in_another_unit():
    dev = NORMAL[200:] + np.array([0, 0, 0, 15, 0, 0])
    text = found(NORMAL[:200], dev=dev)["scale_of_dev_columns"].text
    assert "column 3 is 14.9 ±" in text and "1 of 6 columns" in text


def test_dev_rows_of_a_rare_class_pass():
    """As when whole groups of rows are held out."""
    towns = np.where(np.arange(400) % 200 == 0, 1, 2 + np.arange(400) % 7)
    X = OneHotEncoder(sparse_output=False).fit_transform(towns[:, np.newaxis])
    assert not found(X, dev=X[[0] * 40])


def test_sparse_dev_rows_of_another_weighting():
    texts = sentences()
    counts = CountVectorizer().fit(texts)
    tf_idf = TfidfVectorizer().fit(texts)
    train, dev = tf_idf.transform(texts[:150]), counts.transform(texts[150:])
    assert found(train, dev=dev).keys() == {"scale_of_dev_columns"}
    assert not found(train, dev=tf_idf.transform(texts[150:]))


def test_pipeline_without_transform_input_warns_and_with_it_does_not():
    X, y = load_digits(return_X_y=True)
    fit = {"X_val": X[:300], "y_val": y[:300]}
    model = Pipeline([("scale", StandardScaler()), ("net", net())])
    with pytest.warns(DataScaleWarning, match="another scale") as caught:
        model.fit(X[300:], y[300:], **{f"net__{k}": a for k, a in fit.items()})
    (warning,) = (w for w in caught if w.category is DataScaleWarning)
    assert warning.filename == __file__
    with sklearn.config_context(enable_metadata_routing=True):
        routed = net().set_fit_request(X_val=True, y_val=True)
        Pipeline(
            [("scale", StandardScaler()), ("net", routed)], transform_input=["X_val"]
        ).fit(X[300:], y[300:], **fit)


def test_own_dev_set_is_not_compared():
    """Drift along the rows would raise warnings at random."""
    X = np.hstack([NORMAL, np.where(np.arange(300) < 3, 20.0, 0.0)[:, np.newaxis]])
    net(early_stopping=True).fit(X, NORMAL[:, 0] > 0)


# -- targets ---------------------------------------------------------------------------

Y = NORMAL[:, 0]


@pytest.mark.parametrize(
    ("y", "losses"),
    [
        (Y, ""),
        (Y + 3, ""),
        (5 * Y, ""),
        (0.1 * Y, ""),
        (np.full(300, 0.5), ""),
        (100 * Y, "squared_error huber"),
        (Y + 50, "squared_error huber"),
        (0.001 * Y, "squared_error huber"),
        (1 + 0.05 * Y, "squared_error huber"),
        (np.where(np.arange(300) % 50, Y, 1e4), "squared_error"),
        (np.column_stack([Y, 100 * Y]), "squared_error huber"),
    ],
)
def test_targets(y, losses):
    for loss in ("squared_error", "huber", "poisson"):
        for given in (y, sparse.csr_array(y) if y.ndim == 2 else y.astype(np.float32)):
            findings = found(NORMAL, given, loss=loss)
            expected = {"scale_of_targets"} if loss in losses.split() else set()
            assert findings.keys() == expected
            if findings:
                text, cure = findings["scale_of_targets"][2:]
                assert "y is far from mean 0 and standard deviation 1" in text
                assert ("column 1" in text) == (y.ndim == 2)
                assert cure == "Set normalize_y=True."


def test_suggested_cure_for_targets_works():
    X, y = load_diabetes(return_X_y=True)
    with pytest.warns(DataScaleWarning, match="mean is 152, its standard deviation 77"):
        regressor(normalize_y=False).fit(X, y)
    make_pipeline(InputStandardizer(), regressor()).fit(X, y)


# -- only a sample of rows is read -----------------------------------------------------


class Counted(np.ndarray):
    """Count the rows that are read."""

    picked = 0

    def __getitem__(self, key):
        picked = np.asarray(super().__getitem__(key))
        type(self).picked += len(picked)
        return picked


@pytest.mark.parametrize(("n_columns", "most"), [(3, 2048), (512, 512), (4000, 256)])
def test_a_large_table_is_not_read_whole(n_columns, most):
    X = np.broadcast_to(np.zeros((1, n_columns)), (1_000_000, n_columns)).view(Counted)
    Counted.picked = 0
    assert found(X).keys() == {"equal_rows"}
    assert 0 < Counted.picked <= most


def test_sampled_rows_span_the_whole_table():
    X = np.ones((5000, 2))
    X[:100] = 1e4
    assert found(X)
    X = np.ones((5000, 2))
    X[-100:] = 1e4
    assert found(X)


def test_memory_map(tmp_path):
    on_disk = np.memmap(tmp_path / "X", np.float32, "w+", shape=(3000, 6))
    on_disk[:] = np.tile(NORMAL, (10, 1)) * 1000
    assert found(on_disk).keys() == {"scale_of_columns"}
    assert isinstance(on_disk, np.memmap)


# -- when ------------------------------------------------------------------------------


def warnings_of(call):
    """Return the messages of the warnings raised by a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught if w.category is DataScaleWarning]


def test_fit_warns_once_for_each_finding():
    y = 1000 * WINE[:, 0]
    raw = regressor(normalize_y=False)
    caught = warnings_of(lambda: raw.fit(WINE, y, X_val=WINE * 1e5, y_val=y))
    assert len(caught) == 3 and len(set(caught)) == 3
    assert issubclass(DataScaleWarning, UserWarning)


def test_partial_fit_warns_in_its_first_call_only():
    model = net()
    classes = np.unique(WINE_CLASSES)

    def call():
        return model.partial_fit(WINE, WINE_CLASSES, classes=classes)

    assert [len(warnings_of(call)) for _ in range(3)] == [1, 0, 0]
    warm = net(warm_start=True)
    fits = [len(warnings_of(lambda: warm.fit(WINE, WINE_CLASSES))) for _ in range(2)]
    assert fits == [1, 0]
    cold = net()
    fits = [len(warnings_of(lambda: cold.fit(WINE, WINE_CLASSES))) for _ in range(2)]
    assert fits == [1, 1]


def test_a_search_warns_once():
    search = GridSearchCV(net(), {"alpha": [0.1, 1.0]}, cv=3)
    (caught,) = warnings_of(lambda: search.fit(WINE, WINE_CLASSES))
    assert "One of several fits" in caught


def test_a_warning_turned_into_an_error_leaves_the_model_unchanged():
    model = net().fit(NORMAL, Y > 0)
    before = pickle.dumps(model.coefs_)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataScaleWarning)
        with pytest.raises(DataScaleWarning):
            model.fit(100 * NORMAL, Y > 0)
    assert pickle.dumps(model.coefs_) == before


def test_inputs_are_not_changed():
    X, y = sparse.csr_array(WINE), WINE[:, 0] * 100
    X.data[::7] = 0
    before = X.copy(), y.copy()
    found(X, y, dev=X, loss="huber")
    assert np.array_equal(X.data, before[0].data)
    assert np.array_equal(y, before[1])


# -- reports ---------------------------------------------------------------------------


def test_signal_propagation_reports_the_same_finding():
    (caught,) = warnings_of(lambda: net().fit(WINE, WINE_CLASSES))
    report = signal_propagation(net(), WINE, WINE_CLASSES, n_epochs=0)
    note = caught.removesuffix(" [scale_of_columns]")
    assert note != caught and note in report.notes and note in str(report)
    scaled = make_pipeline(InputStandardizer(), net())
    assert not signal_propagation(scaled, WINE, WINE_CLASSES, n_epochs=0).notes


def test_bias_variance_report_has_the_same_finding():
    arguments = WINE[::2], WINE_CLASSES[::2], WINE[1::2], WINE_CLASSES[1::2]
    with pytest.warns(DataScaleWarning):
        raw = net().fit(*arguments[:2])
    report = BiasVarianceReport.from_estimator(raw, *arguments)
    worse, finding, *_ = report.findings
    assert worse.code == "worse_than_constant" and not worse.remedies
    assert finding.code == "scale_of_columns"
    assert finding.text.startswith(
        "X_train is large: the root mean square of column 12"
    )
    assert finding.numbers["figure"] == pytest.approx(820, rel=0.1)
    assert "make_pipeline(InputStandardizer()" in str(finding.remedies[0])
    assert "scale_of_columns" in str(report)
    assert report.to_dict()["findings"][1]["code"] == "scale_of_columns"


@pytest.mark.parametrize("factor", [1, 1000])
def test_bias_variance_report_checks_transformed_inputs(factor):
    model = make_pipeline(StandardScaler(), net()).fit(WINE, WINE_CLASSES)
    report = BiasVarianceReport.from_estimator(
        model, WINE, WINE_CLASSES, factor * WINE, WINE_CLASSES
    )
    ours = [f for f in report.findings if f.code.startswith("scale")]
    assert [f.code for f in ours] == ["scale_of_dev_columns"] * (factor > 1)
    for finding in ours:
        assert "X_dev (transformed) is on another scale than X_train" in finding.text
        assert "X_val" not in str(finding.remedies[0])


def test_bias_variance_report_of_targets():
    X, y = load_diabetes(return_X_y=True)
    with pytest.warns(DataScaleWarning):
        raw = regressor(normalize_y=False).fit(X, y)
    scaled = TransformedTargetRegressor(regressor(), transformer=StandardScaler())
    codes = [
        {f.code for f in BiasVarianceReport.from_estimator(m, X, y, X, y).findings}
        for m in (raw, scaled.fit(X, y))
    ]
    assert "scale_of_targets" in codes[0] and "scale_of_targets" not in codes[1]


def test_bias_variance_report_checks_networks_only():
    other = LogisticRegression(max_iter=10).fit(WINE, WINE_CLASSES)
    report = BiasVarianceReport.from_estimator(
        other, WINE, WINE_CLASSES, 100 * WINE, WINE_CLASSES
    )
    assert not any(f.code.startswith("scale") for f in report.findings)
