"""Piecewise-linear encoding, against loops in plain NumPy and its identities."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdnn import InputStandardizer, MLPRegularizedClassifier, PiecewiseLinearEncoder
from skdnn.preprocessing import encoder as encoder_module
from skdnn.preprocessing.bin_edges import automatic_n_bins

STRATEGIES = ["quantile", "tree"]
SPARSE = [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.csc_array]


def table(m=120, nan=False, seed=0):
    """Return three columns of different location and scale, counts, a binary one."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.standard_normal((m, 2)) * [0.01, 100] + [7, -300],
            rng.lognormal(size=m),
            rng.poisson(3, m),
            rng.integers(0, 2, m),
        ]
    )
    if nan:
        X[rng.random(X.shape) < 0.15] = np.nan
    return X


def classes(X):
    return (np.nan_to_num(X[:, 2]) > 1) + 1 * (np.nan_to_num(X[:, 3]) > 4)


def fitted(estimator):
    """Return what fit has learned, without the parameters."""
    params = estimator.get_params()
    return {k: v for k, v in vars(estimator).items() if k not in params}


def expected(ours, X):
    """Return the encoding by its formula, value by value."""
    rows = []
    for x in X:
        row = []
        for j, b in enumerate(ours.bin_edges_):
            nan = np.isnan(x[j])
            if ours.keep_scaled or len(b) == 0:
                mean = ours.mean_[j] if ours.with_mean else 0
                row.append(0 if nan else (x[j] - mean) / ours.scale_[j])
            for t in range(1, len(b)):
                share = (x[j] - b[t - 1]) / (b[t] - b[t - 1])
                row.append(0 if nan else min(1, max(0, share)))
            if ours.has_missing_[j]:
                row.append(float(nan))
        rows.append(row)
    return np.array(rows)


@parametrize_with_checks(
    [
        PiecewiseLinearEncoder(),
        PiecewiseLinearEncoder(3, strategy="tree"),
        PiecewiseLinearEncoder(strategy="tree", target_type="continuous"),
        PiecewiseLinearEncoder(missing="error", keep_scaled=False),
        PiecewiseLinearEncoder(sparse_output=True, with_mean=False),
    ]
)
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)


# ------------------------------------------------------------------ the formula


def test_by_hand():
    X = np.array([[0.0], [1.0], [2.0], [4.0], [8.0]])  # mean 3, std sqrt(8)
    ours = PiecewiseLinearEncoder(2).fit(X)
    assert_array_equal(ours.bin_edges_[0], [0, 2, 8])
    assert_allclose(
        ours.transform([[1.0], [5.0], [11.0], [-5.0]]),
        [
            [-2 / np.sqrt(8), 0.5, 0],
            [2 / np.sqrt(8), 1, 0.5],
            [np.sqrt(8), 1, 1],  # bins end, the standardised column continues
            [-np.sqrt(8), 0, 0],
        ],
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("keep_scaled", [False, True])
@pytest.mark.parametrize("with_mean", [False, True])
def test_is_the_formula(strategy, nan, keep_scaled, with_mean):
    X, X_dev = table(nan=nan), table(nan=nan, seed=1)
    ours = PiecewiseLinearEncoder(
        6, strategy=strategy, keep_scaled=keep_scaled, with_mean=with_mean
    ).fit(X, classes(X))
    assert ours.n_bins_[-1] == 0 and (ours.n_bins_[:-1] > 1).all()
    for rows in (X, X_dev):
        Z = ours.transform(rows)
        assert_allclose(Z, expected(ours, rows), rtol=1e-12, atol=1e-12)
        assert Z.shape[1] == ours.n_features_out_ == len(ours.get_feature_names_out())


def test_the_scaled_columns_are_input_standardizers():
    X = np.column_stack([table(), 1.7e18 + 256 * np.arange(120.0)])
    ours = PiecewiseLinearEncoder().fit(X)
    is_scaled = ["_" not in name for name in ours.get_feature_names_out()]
    assert_allclose(
        ours.transform(X)[:, is_scaled],
        InputStandardizer().fit_transform(X),
        rtol=1e-12,
    )


@settings(deadline=None, max_examples=100)
@given(
    x=arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e9, 1e9)),
    new=arrays(np.float64, 20, elements=st.floats(-1e10, 1e10)),
    n_bins=st.integers(2, 12),
    strategy=st.sampled_from(STRATEGIES),
)
def test_bins_fill_one_after_the_other(x, new, n_bins, strategy):
    y = np.arange(len(x)) % 2
    ours = PiecewiseLinearEncoder(n_bins, strategy=strategy, keep_scaled=False)
    ours.fit(x[:, None], y)
    assert ours.n_bins_[0] <= n_bins
    if ours.n_bins_[0] == 0:  # few values: the column is only scaled
        return
    assert (np.diff(ours.bin_edges_[0]) > 0).all()
    assert_array_equal(ours.bin_edges_[0][[0, -1]], [x.min(), x.max()])
    Z = ours.transform(np.sort(new)[:, None])
    assert (Z >= 0).all() and (Z <= 1).all()
    assert (np.diff(Z, axis=1) <= 0).all()  # a bin fills once those below are full
    assert ((Z[:, :-1] == 1) | (Z[:, 1:] == 0)).all()
    assert (np.diff(Z.sum(axis=1)) >= 0).all()


def test_linear_interpolation_between_the_edges_is_a_linear_map():
    X = table()[:, :3]
    ours = PiecewiseLinearEncoder(5, keep_scaled=False).fit(X)
    rng = np.random.default_rng(1)
    y = sum(
        np.interp(x, edges, rng.normal(size=len(edges)))
        for x, edges in zip(X.T, ours.bin_edges_, strict=True)
    )
    Z = ours.transform(X)
    assert_allclose(LinearRegression().fit(Z, y).predict(Z), y, rtol=1e-9)
    # The hat functions of SplineTransformer on these knots span the same space.
    hats = SplineTransformer(
        degree=1, knots=np.transpose(ours.bin_edges_)
    ).fit_transform(X)
    assert_allclose(LinearRegression().fit(Z, hats).predict(Z), hats, atol=1e-9)
    assert_allclose(LinearRegression().fit(hats, Z).predict(hats), Z, atol=1e-9)


# ------------------------------------------------------------------------- bins


@pytest.mark.parametrize("m", [20, 21, 119])
def test_quantiles_are_numpys_averaged_inverse(m):
    X = table(m)[:, :3]
    ours = PiecewiseLinearEncoder(6).fit(X)
    levels = np.linspace(0, 1, 7)
    numpys = np.quantile(X, levels, axis=0, method="averaged_inverted_cdf")
    assert_allclose(np.transpose(ours.bin_edges_), numpys, rtol=1e-12)


def test_equal_quantiles_are_one_edge():
    x = np.concatenate([np.zeros(70), np.arange(1, 31)])
    ours = PiecewiseLinearEncoder(10).fit(x[:, None])
    assert_allclose(ours.bin_edges_[0], [0, 0.5, 10.5, 20.5, 30])


@pytest.mark.parametrize(
    ("m", "n", "n_bins"),
    [
        (1, 1, 4),
        (499, 10, 4),
        (600, 10, 6),
        (4800, 100, 5),  # 512 in all
        (4800, 40, 12),
        (10**6, 1, 48),
        (4000, 784, 4),
    ],
)
def test_automatic_number_of_bins(m, n, n_bins):
    assert automatic_n_bins(m, n) == n_bins
    if m * n <= 5000:
        ours = PiecewiseLinearEncoder().fit(np.random.default_rng(0).random((m, n)))
        assert_array_equal(ours.n_bins_, n_bins if m > 1 else 0)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    "x",
    [
        np.full(60, 3.0),
        np.full(60, 1.7e18),
        np.arange(60) % 2,
        np.arange(60) % 3,
        0.3 + np.arange(60) % 8 * 2.0**-54,  # rounding noise
    ],
    ids=["constant", "large constant", "binary", "three values", "noise"],
)
def test_columns_without_bins_are_only_scaled(strategy, x):
    X = np.asarray(x, dtype=np.float64)[:, None]
    ours = PiecewiseLinearEncoder(strategy=strategy, keep_scaled=False)
    Z = ours.fit_transform(X, np.arange(60) // 7 % 2)
    assert_array_equal(ours.n_bins_, [0])
    assert_array_equal(ours.get_feature_names_out(), ["x0"])
    assert_allclose(Z, InputStandardizer().fit_transform(X))
    assert np.abs(Z).max() < 2


@pytest.mark.parametrize("is_continuous", [False, True])
def test_tree_bins_are_the_thresholds_of_a_tree(is_continuous):
    X = table(300)[:, [0, 2]]
    y = np.sin(X[:, 1]) + X[:, 0] if is_continuous else classes(table(300))
    ours = PiecewiseLinearEncoder(5, strategy="tree").fit(X, y)
    kind = DecisionTreeRegressor if is_continuous else DecisionTreeClassifier
    for x, edges in zip(X.T, ours.bin_edges_, strict=True):
        tree = kind(max_leaf_nodes=5, min_samples_leaf=15, random_state=0)
        tree_ = tree.fit(x[:, None], y).tree_
        thresholds = np.sort(tree_.threshold[tree_.feature >= 0])
        assert_allclose(edges[1:-1], thresholds, rtol=1e-6)


def test_tree_bins_are_where_y_changes():
    x = np.random.default_rng(0).permutation(np.arange(400.0))
    # In the float32 of a tree, these values would be equal, and so would the targets.
    X, y = 1.7e12 + x[:, None], 1e9 + ((x >= 100) & (x < 140)) / 8
    for target_type in ("auto", "continuous"):
        ours = PiecewiseLinearEncoder(4, strategy="tree", target_type=target_type)
        ours.fit(X, y)
        assert {99.5, 139.5} <= set(ours.bin_edges_[0] - 1.7e12)


@pytest.mark.parametrize(
    ("y", "target_type"),
    [
        (np.array(["a", "b", "c"])[classes(table())], "auto"),
        (classes(table()) > 0, "classes"),
        (np.eye(3, dtype=int)[classes(table())], "auto"),  # multilabel
        (table()[:, 3], "continuous"),  # counts
        (table()[:, :2], "auto"),  # two outputs
    ],
)
def test_kinds_of_targets(y, target_type):
    ours = PiecewiseLinearEncoder(4, strategy="tree", target_type=target_type)
    ours.fit(table(), y)
    assert ours.n_bins_[2] >= 2
    continuous = target_type == "continuous" or y.dtype == float
    assert get_tags(ours).target_tags.required
    kind = DecisionTreeRegressor if continuous else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=4, min_samples_leaf=8, random_state=0)
    tree_ = tree.fit(table()[:, [2]], y).tree_
    thresholds = np.sort(tree_.threshold[tree_.feature >= 0])
    assert_allclose(ours.bin_edges_[2][1:-1], thresholds, rtol=1e-6)


# ---------------------------------------------------------------------- weights


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_weights_are_repeated_rows(strategy, nan, container):
    X = table(nan=nan)
    y = classes(X)
    s = np.random.default_rng(3).integers(0, 4, len(X))
    params = {"n_bins": 7, "strategy": strategy}
    weighted = PiecewiseLinearEncoder(**params).fit(container(X), y, sample_weight=s)
    repeated = PiecewiseLinearEncoder(**params).fit(
        container(np.repeat(X, s, axis=0)), np.repeat(y, s)
    )
    assert_allclose(weighted.mean_, repeated.mean_, rtol=1e-10)
    assert_allclose(weighted.scale_, repeated.scale_, rtol=1e-10)
    for ours, theirs in zip(weighted.bin_edges_, repeated.bin_edges_, strict=True):
        assert_allclose(ours, theirs, rtol=1e-12)
    scaled = PiecewiseLinearEncoder(**params).fit(X, y, sample_weight=s / 3)
    for ours, theirs in zip(scaled.bin_edges_, repeated.bin_edges_, strict=True):
        assert_allclose(ours, theirs, rtol=1e-12)


def test_rows_of_weight_zero_are_ignored():
    X = table()
    s = np.ones(len(X))
    s[:20] = 0
    dirty = X.copy()
    dirty[:10] = np.nan
    dirty[10:20] = 1e6
    ours = PiecewiseLinearEncoder().fit(dirty, sample_weight=s)
    assert not ours.has_missing_.any()
    alone = PiecewiseLinearEncoder().fit(X[20:])
    assert_allclose(ours.transform(X), alone.transform(X), rtol=1e-10, atol=1e-12)


# ---------------------------------------------------------------- missing values


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nan_is_a_separate_bin(strategy):
    X = table()
    X[::5, 0] = X[::7, 4] = np.nan
    y = classes(X)
    ours = PiecewiseLinearEncoder(4, strategy=strategy).fit(X, y)
    names = list(ours.get_feature_names_out())
    assert [name for name in names if "missing" in name] == ["x0_missing", "x4_missing"]
    Z = pd.DataFrame(ours.transform(X), columns=names)
    for j in (0, 4):
        is_missing = np.isnan(X[:, j])
        assert_array_equal(Z.pop(f"x{j}_missing"), is_missing)
        assert (Z.loc[is_missing].filter(regex=f"^x{j}") == 0).all(axis=None)
    # The bins are those of the numbers.
    numbers = ~np.isnan(X[:, 0])
    alone = PiecewiseLinearEncoder(4, strategy=strategy)
    alone.fit(X[numbers, :1], y[numbers])
    assert_array_equal(ours.bin_edges_[0], alone.bin_edges_[0])
    # NaN in a column that had none in `fit` is in no bin.
    X[3, 2] = np.nan
    new = pd.DataFrame(ours.transform(X), columns=names)
    assert (new.loc[3].filter(regex="^x2") == 0).all()


def test_a_column_of_nan_is_a_constant_one():
    X = np.column_stack([np.full(30, np.nan), np.arange(30.0)])
    ours = PiecewiseLinearEncoder(2).fit(X)
    Z = ours.transform(np.vstack([X[:1], [[5.0, 0.0]]]))
    assert_array_equal(Z[:, :2], [[0, 1], [0, 0]])


def test_nan_can_be_refused():
    X = table()
    ours = PiecewiseLinearEncoder(missing="error").fit(X)
    assert not get_tags(ours).input_tags.allow_nan
    X[0, 0] = np.nan
    for call in (ours.fit, ours.transform):
        with pytest.raises(ValueError, match="X contains NaN"):
            call(X)


# -------------------------------------------------------------- sparse, dtypes


@pytest.mark.parametrize("container", SPARSE)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_sparse_equals_dense(container, strategy):
    X = table(nan=True)
    y = classes(X)
    X[:, :2][np.abs(X[:, :2]) < 7] = 0
    dense = PiecewiseLinearEncoder(strategy=strategy).fit(X, y)
    ours = PiecewiseLinearEncoder(strategy=strategy).fit(container(X), y)
    for found, wanted in zip(ours.bin_edges_, dense.bin_edges_, strict=True):
        assert_array_equal(found, wanted)
    Z = ours.transform(container(X))
    assert isinstance(Z, np.ndarray)
    assert_allclose(Z, dense.transform(X), rtol=1e-10)


@pytest.mark.parametrize("container", [np.asarray, *SPARSE])
@pytest.mark.parametrize(
    ("interface", "kind"),
    [("spmatrix", sparse.csr_matrix), ("sparray", sparse.csr_array)],
)
def test_sparse_output(container, interface, kind):
    X = container(table(nan=True).astype(np.float32))
    dense = PiecewiseLinearEncoder(with_mean=False).fit(X)
    ours = clone(dense).set_params(sparse_output=True).fit(X)
    with config_context(sparse_interface=interface):
        Z = ours.transform(X)
    assert type(Z) is kind
    assert Z.dtype == np.float32
    assert (Z.data != 0).all()
    assert_array_equal(Z.toarray(), dense.transform(X))


@pytest.mark.parametrize("sparse_output", [False, True])
def test_blocks_of_rows(sparse_output, monkeypatch):
    X = table(nan=True)
    ours = PiecewiseLinearEncoder(with_mean=False, sparse_output=sparse_output).fit(X)
    whole = ours.transform(X)
    for at_once in (1, 7 * ours.n_features_out_):
        monkeypatch.setattr(encoder_module, "_AT_ONCE", at_once)
        blocks = ours.transform(X)
        if sparse_output:
            assert (blocks != whole).nnz == 0
        else:
            assert_array_equal(blocks, whole)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_dtypes(strategy):
    X = table(nan=True).astype(np.float32)
    before = X.copy()
    ours = PiecewiseLinearEncoder(strategy=strategy)
    Z = ours.fit_transform(X, classes(X))
    assert Z.dtype == np.float32
    assert_array_equal(X, before)
    in_double = clone(ours).fit_transform(X.astype(np.float64), classes(X))
    assert in_double.dtype == np.float64
    assert_allclose(Z, in_double, rtol=1e-6, atol=1e-6)
    whole = np.arange(40).reshape(20, 2)
    assert PiecewiseLinearEncoder().fit_transform(whole).dtype == np.float64
    tags = get_tags(ours)
    assert tags.transformer_tags.preserves_dtype == ["float64", "float32"]
    assert tags.input_tags.allow_nan and tags.input_tags.sparse


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_values_and_narrow_bins(dtype):
    x = np.array([0, 1e-37, 2e-37, 3e-37, 1], dtype=dtype)[:, None]
    ours = PiecewiseLinearEncoder(4, keep_scaled=False).fit(x)
    assert ours.n_bins_[0] == 4
    Z = ours.transform(np.array([[-1e38], [1e38]], dtype=dtype))
    assert_array_equal(Z, [[0] * 4, [1] * 4])


# ----------------------------------------------------------- names, in scikit-learn


@pytest.mark.parametrize(
    ("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)]
)
def test_frames_in_and_out(library, frame):
    X = table(nan=True)[:, [1, 4]]
    data = frame({"age": X[:, 0], "smokes": X[:, 1]})
    ours = PiecewiseLinearEncoder(2).fit(data)
    names = ["age", "age_bin_0", "age_bin_1", "age_missing", "smokes", "smokes_missing"]
    assert_array_equal(ours.get_feature_names_out(), names)
    plain = ours.transform(data)
    assert isinstance(plain, np.ndarray)
    Z = ours.set_output(transform=library).transform(data)
    assert isinstance(Z, frame)
    assert list(Z.columns) == names
    assert_array_equal(Z.to_numpy(), plain)
    with pytest.raises(ValueError, match="feature names should match"):
        ours.transform(frame({"smokes": X[:, 1], "age": X[:, 0]}))
    with pytest.raises(ValueError, match="input_features is not equal"):
        ours.get_feature_names_out(["a", "b"])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_in_a_search():
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (240, 2))
    y = (np.sin(3 * X[:, 0]) > 0).astype(int)
    net = MLPRegularizedClassifier((4,), solver="lbfgs", max_iter=30, random_state=0)
    columns = make_column_transformer((PiecewiseLinearEncoder(), [0, 1]))
    columns.set_output(transform="pandas")
    search = GridSearchCV(
        make_pipeline(columns, net),
        {
            "columntransformer__piecewiselinearencoder__n_bins": ["auto", 2, 12],
            "columntransformer__piecewiselinearencoder__strategy": STRATEGIES,
        },
        cv=2,
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores.argmax() > 3  # 12 bins
    assert scores.max() > scores.min() + 0.1


# --------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_bins": 1}, r"'n_bins'.*'auto' or an int >= 2.*Got 1"),
        ({"n_bins": True}, r"'n_bins'.*Got True"),
        ({"n_bins": 4.0}, r"'n_bins'.*Got 4\.0"),
        ({"n_bins": "sqrt"}, r"'n_bins'.*Got 'sqrt'"),
        ({"strategy": "kmeans"}, r"'strategy'.*'quantile', 'tree'.*Got 'kmeans'"),
        ({"target_type": None}, r"'target_type'.*'auto', 'continuous'.*Got None"),
        ({"missing": "mean"}, r"'missing'.*'bin', 'error'.*Got 'mean'"),
        ({"keep_scaled": 1}, r"'keep_scaled'.*a bool.*Got 1"),
        ({"with_mean": "no"}, r"'with_mean'.*a bool.*Got 'no'"),
        ({"sparse_output": None}, r"'sparse_output'.*a bool.*Got None"),
        ({"sparse_output": True}, "sparse_output=True needs with_mean=False"),
    ],
)
def test_bad_parameters(params, message):
    ours = PiecewiseLinearEncoder(**params)  # __init__ takes anything
    with pytest.raises(ValueError, match=message):
        ours.fit(table())
    assert not fitted(ours)


@pytest.mark.parametrize(
    ("y", "target_type", "message"),
    [
        (None, "auto", "strategy='tree'.*Pass y to fit, or choose"),
        (table()[:, 0], "classes", r"holds 7\.0.*target_type='continuous'"),
        (["a", "b"] * 60, "continuous", "must hold numbers.*'a'.*'classes'"),
        (np.full(120, np.nan), "auto", "y contains NaN"),
        (np.ones(7), "auto", "inconsistent numbers of samples"),
        (classes(table()).astype(object), "auto", r"objects, such as 1\. Convert"),
    ],
)
def test_bad_targets(y, target_type, message):
    ours = PiecewiseLinearEncoder(strategy="tree", target_type=target_type)
    with pytest.raises((ValueError, TypeError), match=message):
        ours.fit(table(), y)
    assert not fitted(ours)


@pytest.mark.parametrize("s", [np.zeros(120), -np.ones(120), np.ones(3), "much"])
def test_bad_weights(s):
    with pytest.raises(ValueError, match="sample_weight"):
        PiecewiseLinearEncoder().fit(table(), sample_weight=s)


def test_not_fitted_and_wrong_width():
    ours = PiecewiseLinearEncoder()
    for call in (lambda: ours.transform(table()), ours.get_feature_names_out):
        with pytest.raises(NotFittedError):
            call()
    ours.fit(table())
    with pytest.raises(
        ValueError, match=r"3 features.*PiecewiseLinearEncoder is expecting 5"
    ):
        ours.transform(table()[:, :3])


def test_failed_fit_changes_nothing():
    X = pd.DataFrame(table(), columns=list("abcde"))
    ours = PiecewiseLinearEncoder(strategy="tree").fit(X, classes(table()))
    before = pickle.dumps(fitted(ours))
    other = X.drop(columns="a")
    y = classes(table())
    for rows, targets, s in [
        (other, None, None),
        (other, y, np.zeros(len(X))),
        (other.replace(other.iloc[0, 0], np.inf), y, None),
        (other * 1e200, y, None),
    ]:
        with pytest.raises(ValueError):
            ours.fit(rows, targets, sample_weight=s)
        assert pickle.dumps(fitted(ours)) == before


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_clone_and_pickle(strategy):
    ours = PiecewiseLinearEncoder(5, strategy=strategy, missing="error")
    ours.fit(table(), classes(table()))
    assert clone(ours).get_params() == ours.get_params()
    assert not fitted(clone(ours))
    again = pickle.loads(pickle.dumps(ours))
    assert_array_equal(again.transform(table(seed=1)), ours.transform(table(seed=1)))
