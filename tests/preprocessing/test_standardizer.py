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
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdnn.preprocessing import InputStandardizer, column_statistics

METHODS = ["standard", "robust"]
SPARSE = [
    sparse.csr_matrix,
    sparse.csr_array,
    sparse.csc_matrix,
    sparse.csc_array,
]


def table(m=41, n=4, nan=False, seed=0):
    """Return columns of very different location and scale."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, n)) * 10.0 ** np.arange(-2, n - 2) + 7 * np.arange(n)
    if nan:
        X[rng.random((m, n)) < 0.15] = np.nan
    return X


def fitted(estimator):
    """Return what fit has learned, without the parameters."""
    params = estimator.get_params()
    return {k: v for k, v in vars(estimator).items() if k not in params}


@parametrize_with_checks(
    [
        InputStandardizer(),
        InputStandardizer(with_mean=False),
        InputStandardizer(with_std=False),
        InputStandardizer(method="robust"),
        InputStandardizer(method="robust", with_mean=False),
        InputStandardizer(smooth_clip=3.0),
        InputStandardizer(method="robust", smooth_clip=3.0),
        InputStandardizer(method="robust", with_mean=False, smooth_clip=3.0),
    ]
)
def test_conforms_to_scikit_learn(estimator, check):
    check(estimator)


# ----------------------------------------------------------------- references


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("with_mean", [False, True])
@pytest.mark.parametrize("with_std", [False, True])
def test_standard_is_standard_scaler(nan, weighted, with_mean, with_std):
    X, X_dev = table(nan=nan), table(seed=1)
    s = np.random.default_rng(2).random(len(X)) if weighted else None
    params = {"with_mean": with_mean, "with_std": with_std}
    ours = InputStandardizer(**params).fit(X, sample_weight=s)
    theirs = StandardScaler(**params).fit(X, sample_weight=s)
    for rows in (X, X_dev):
        assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-12)
        assert_allclose(
            ours.inverse_transform(rows), theirs.inverse_transform(rows), rtol=1e-12
        )
    if with_std:
        assert_allclose(ours.var_, theirs.var_)
        assert_allclose(ours.scale_, theirs.scale_)
    else:
        assert ours.scale_ is None
    if with_mean or with_std:  # with neither, StandardScaler ignores the weights
        assert_allclose(ours.n_samples_seen_, theirs.n_samples_seen_)


def test_divides_by_sigma_after_subtracting_the_mean():
    # By hand: mu = 4, sigma² = 4, sigma = 2; the mean of squares is 20.
    X = np.array([[2.0], [2.0], [6.0], [6.0]])
    ours = InputStandardizer().fit(X)
    assert (ours.mean_, ours.var_, ours.scale_) == (4.0, 4.0, 2.0)
    assert_array_equal(ours.transform([[10.0]]), [[3.0]])


@pytest.mark.parametrize("with_mean", [False, True])
@pytest.mark.parametrize("with_std", [False, True])
def test_robust_is_robust_scaler_for_4k_plus_1_rows(with_mean, with_std):
    X, X_dev = table(m=41), table(seed=1)
    params = {"with_mean": with_mean, "with_std": with_std}
    ours = InputStandardizer("robust", **params).fit(X)
    theirs = RobustScaler(with_centering=with_mean, with_scaling=with_std).fit(X)
    for name in ("center_", "scale_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None)
        if mine is not None:
            assert_allclose(mine, other, rtol=1e-12)
    assert_allclose(ours.transform(X_dev), theirs.transform(X_dev), rtol=1e-12)


@pytest.mark.parametrize("m", [2, 3, 4, 5, 6, 7, 8, 40, 43])
@pytest.mark.parametrize("nan", [False, True])
def test_robust_quartiles_are_numpys_averaged_inverse(m, nan):
    X = table(m=m)
    if nan:
        X = np.vstack([X, np.full((3, X.shape[1]), np.nan)])
    ours = InputStandardizer("robust").fit(X)
    q1, median, q3 = np.nanquantile(
        X, [0.25, 0.5, 0.75], axis=0, method="averaged_inverted_cdf"
    )
    assert_allclose(ours.center_, median, rtol=1e-12)
    assert_allclose(ours.scale_, q3 - q1, rtol=1e-12)
    # The medians are RobustScaler's for any number of rows.
    assert_allclose(ours.center_, RobustScaler().fit(X).center_, rtol=1e-12)


def test_robust_does_not_move_with_outliers():
    X = table()
    dirty = X.copy()
    dirty[np.argmax(X, axis=0), np.arange(X.shape[1])] = 1e9
    clean_fit, dirty_fit = (InputStandardizer("robust").fit(x) for x in (X, dirty))
    assert_array_equal(clean_fit.center_, dirty_fit.center_)
    assert_array_equal(clean_fit.scale_, dirty_fit.scale_)


# -------------------------------------------------------------------- weights


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("as_sparse", [False, True])
def test_weights_are_repeated_rows(method, nan, as_sparse):
    X = table(nan=nan)
    s = np.random.default_rng(3).integers(0, 4, len(X))
    repeated = np.repeat(X, s, axis=0)
    params = {"method": method, "with_mean": not as_sparse}
    if as_sparse:
        X[np.abs(X) < 1], repeated[np.abs(repeated) < 1] = 0, 0
        X, repeated = sparse.csr_array(X), sparse.csr_array(repeated)
    weighted = InputStandardizer(**params).fit(X, sample_weight=s)
    reference = InputStandardizer(**params).fit(repeated)
    for name in ("mean_", "var_", "center_", "scale_", "n_samples_seen_"):
        if getattr(reference, name, None) is not None:
            assert_allclose(
                getattr(weighted, name), getattr(reference, name), rtol=1e-10
            )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1e-6, 0.1, 1 / 3, 1e6])
def test_only_ratios_of_weights_count(method, factor):
    X = table(m=40)  # quartiles fall on a step: rounding must not choose a side
    ours = InputStandardizer(method).fit(X, sample_weight=np.full(40, factor))
    plain = InputStandardizer(method).fit(X)
    assert_allclose(ours.scale_, plain.scale_, rtol=1e-10)
    assert_allclose(ours.transform(X), plain.transform(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("s", "message"),
    [
        (np.zeros(41), "sample_weight must not be all zero"),
        (-np.ones(41), r"sample_weight must not be negative.*-1\.0"),
        (np.full(41, np.nan), "sample_weight contains NaN"),
        (np.ones(40), r"sample_weight must have shape \(41,\).*\(40,\)"),
        (np.ones((41, 1)), r"sample_weight must have shape \(41,\).*\(41, 1\)"),
        (2.0, r"sample_weight must have shape \(41,\).*\(\)"),
    ],
)
def test_bad_weights(method, s, message):
    with pytest.raises(ValueError, match=message):
        InputStandardizer(method).fit(table(), sample_weight=s)


# ---------------------------------------------------------------- partial_fit


@pytest.mark.parametrize("weights", ["none", "all", "first piece", "last piece"])
@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("container", [np.asarray, *SPARSE])
def test_partial_fits_of_pieces_equal_one_fit(weights, nan, container):
    X = table(nan=nan)
    if nan:
        X[:10, 0] = X[10:25, 1] = X[25:, 2] = np.nan  # pieces without a value
        X[:, 3] = np.nan
    s = np.random.default_rng(4).random(len(X))
    pieces = [slice(0, 10), slice(10, 25), slice(25, None)]
    counted = {
        "none": [False] * 3,
        "all": [True] * 3,
        "first piece": [True, False, False],
        "last piece": [False, False, True],
    }[weights]
    for piece, is_weighted in zip(pieces, counted, strict=True):
        if not is_weighted:
            s[piece] = 1
    whole = InputStandardizer(with_mean=False).fit(container(X), sample_weight=s)
    ours = InputStandardizer(with_mean=False)
    for piece, is_weighted in zip(pieces, counted, strict=True):
        ours.partial_fit(
            container(X[piece]), sample_weight=s[piece] if is_weighted else None
        )
    for name in ("mean_", "var_", "scale_", "n_samples_seen_"):
        assert_allclose(
            getattr(ours, name), getattr(whole, name), rtol=1e-9, err_msg=name
        )


def test_fit_forgets_earlier_pieces_and_methods():
    X = table()
    ours = InputStandardizer().partial_fit(table(seed=1)).partial_fit(table(seed=2))
    fresh = InputStandardizer().fit(X)
    assert_array_equal(ours.fit(X).scale_, fresh.scale_)
    ours.set_params(method="robust").fit(X)
    assert not hasattr(ours, "mean_") and not hasattr(ours, "n_samples_seen_")
    assert_array_equal(ours.transform(X), InputStandardizer("robust").fit_transform(X))
    ours.set_params(method="standard").partial_fit(X)
    assert not hasattr(ours, "center_")
    assert_array_equal(ours.mean_, fresh.mean_)


def test_robust_has_no_partial_fit():
    assert not hasattr(InputStandardizer("robust"), "partial_fit")
    with pytest.raises(AttributeError) as error:
        InputStandardizer("robust").partial_fit(table())
    assert "method='standard', got method='robust'" in str(error.value.__cause__)


# --------------------------------------------------------------------- sparse


@pytest.mark.parametrize("container", SPARSE)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("smooth_clip", [None, 2.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_is_dense_without_centring(container, method, smooth_clip, weighted):
    X = table(nan=True)
    X[np.abs(X) < 2] = 0  # column 0 becomes nearly all zeros, column 1 mostly
    X[5, 0], X[6, 0] = 3, -4
    s = np.random.default_rng(5).random(len(X)) if weighted else None
    params = {"method": method, "with_mean": False, "smooth_clip": smooth_clip}
    dense = InputStandardizer(**params).fit(X, sample_weight=s)
    ours = InputStandardizer(**params).fit(container(X), sample_weight=s)
    assert_allclose(ours.scale_, dense.scale_, rtol=1e-10)
    Z = ours.transform(container(X))
    assert type(Z) is container
    assert Z.nnz == container(X).nnz
    assert_allclose(Z.toarray(), dense.transform(X), rtol=1e-10)
    assert_allclose(ours.inverse_transform(Z).toarray(), X, rtol=1e-10)


def test_sparse_with_duplicate_entries():
    # Entry (0, 0) is stored as 1 + 2; the column is 3, 0, 5, 0.
    X = sparse.csc_array((np.array([1.0, 2, 5]), [0, 0, 2], [0, 3]), shape=(4, 1))
    ours = InputStandardizer("robust", with_mean=False).fit(X)
    assert_allclose(ours.scale_, 4.0)  # quartiles (0 + 0)/2 and (3 + 5)/2
    assert X.nnz == 3


@pytest.mark.parametrize("method", METHODS)
def test_sparse_is_not_centred(method):
    X = sparse.csr_array(np.eye(5))
    with pytest.raises(ValueError, match="set with_mean=False"):
        InputStandardizer(method).fit(X)
    ours = InputStandardizer(method).fit(table(5, 5))
    for call in (ours.transform, ours.inverse_transform):
        with pytest.raises(ValueError, match="set with_mean=False"):
            call(X)


# ---------------------------------------------------- constant columns, dtypes


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-20, 123456.789])
@pytest.mark.parametrize("weighted", [False, True])
def test_constant_columns(method, dtype, value, weighted):
    X = np.full((30, 1), value, dtype=dtype)
    s = np.random.default_rng(6).random(30) if weighted else None
    ours = InputStandardizer(method).fit(X, sample_weight=s)
    assert_array_equal(ours.scale_, [1.0])
    assert_allclose(ours.transform(X), 0, atol=1e-7 * max(abs(value), 1e-20))
    assert_allclose(ours.transform(X + dtype(1)) if value == 0 else 1, 1)


def test_rounding_noise_is_constant_but_small_units_are_not():
    noise = np.array([[0.1 + 0.2], [0.3]] * 10)
    assert_array_equal(InputStandardizer("robust").fit(noise).scale_, [1.0])
    tiny = 1e-30 * np.arange(5.0)[:, None]
    assert_allclose(InputStandardizer("robust").fit(tiny).scale_, [2e-30])


def test_half_range_where_the_quartiles_coincide():
    X = np.zeros((20, 1))
    X[:3, 0] = [-2.0, 1.0, 6.0]
    ours = InputStandardizer("robust").fit(X)
    assert_array_equal(ours.scale_, [4.0])
    # A row without weight does not widen the range.
    s = np.ones(20)
    s[2] = 0
    assert_array_equal(ours.fit(X, sample_weight=s).scale_, [1.5])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("smooth_clip", [None, 3.0, np.float64(3.0), 3])
def test_dtypes(method, smooth_clip):
    ours = InputStandardizer(method, smooth_clip=smooth_clip)
    X = table().astype(np.float32)
    Z = ours.fit_transform(X)
    assert Z.dtype == ours.inverse_transform(Z).dtype == np.float32
    assert_allclose(
        Z, clone(ours).fit_transform(X.astype(np.float64)), rtol=2e-5, atol=2e-6
    )
    assert ours.fit_transform(np.arange(8).reshape(4, 2)).dtype == np.float64
    assert ours.scale_.dtype == np.float64
    tags = get_tags(ours)
    assert tags.transformer_tags.preserves_dtype == ["float64", "float32"]
    assert tags.input_tags.allow_nan


def test_large_mean_costs_float32_no_digits():
    X = (1e6 + np.arange(9.0) / 7)[:, None].astype(np.float32)
    exact = X.astype(np.float64)
    Z = InputStandardizer().fit_transform(X)
    assert_allclose(Z, InputStandardizer().fit_transform(exact), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_nan_is_ignored_and_kept(method, container):
    X = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan], [8.0, np.nan]])
    ours = InputStandardizer(method, with_mean=False).fit(container(X))
    alone = InputStandardizer(method, with_mean=False).fit(X[[0, 2, 3], :1])
    assert_allclose(ours.scale_, [alone.scale_[0], np.nan])
    Z = ours.transform(X)
    assert_array_equal(np.isnan(Z), np.isnan(X))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_values_of_weight_zero_are_ignored(method, container):
    X = np.array([[1.0, 5.0], [2.0, np.nan], [4.0, np.nan]])
    ours = InputStandardizer(method, with_mean=False)
    ours.fit(container(X), sample_weight=[0, 0.1, 0.7])
    assert_array_equal(np.isnan(ours.scale_), [False, True])
    if method == "standard":
        ours.partial_fit(container(X), sample_weight=[0.3, 0.3, 0.3])
        assert_allclose(ours.mean_[1], 5.0)
        before = clone(ours).fit(container(X), sample_weight=[0.3, 0.4, 1.0])
        assert_allclose(ours.var_, before.var_, atol=1e-15)
        assert (before.var_ >= 0).all()  # StandardScaler's is -3.5e-45 here
        ours.partial_fit(container(X), sample_weight=[0, 0.3, 0.9])
        assert_allclose((ours.mean_[1], ours.scale_[1]), (5, 1))
        assert_allclose(ours.var_[1], 0, atol=1e-15)
        assert ours.mean_[0] != before.mean_[0]


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinity_is_refused(bad):
    X = table()
    ours = InputStandardizer().fit(X)
    X[0, 0] = bad
    for call in (clone(ours).fit, ours.partial_fit, ours.transform):
        with pytest.raises(ValueError, match="infinity"):
            call(X)


@pytest.mark.parametrize("smooth_clip", [None, 3.0])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_copy(smooth_clip, container):
    X = container(table())
    ours = InputStandardizer(with_mean=False, smooth_clip=smooth_clip).fit(X)
    values = X if container is np.asarray else X.data
    before = values.copy()
    Z = ours.transform(X)
    assert_array_equal(values, before)
    ours.inverse_transform(Z)
    in_place = ours.transform(X, copy=False)
    assert np.shares_memory(
        in_place if container is np.asarray else in_place.data, values
    )
    ours.set_params(copy=False).inverse_transform(in_place)
    assert_allclose(values, before, rtol=1e-12)


# ---------------------------------------------------------- clipping, inverse


def test_smooth_clip_is_its_formula():
    X = table()
    z = InputStandardizer().fit_transform(X)
    assert np.abs(z).max() > 2
    ours = InputStandardizer(smooth_clip=1.5).fit(X)
    assert_allclose(ours.transform(X), z / np.sqrt(1 + (z / 1.5) ** 2), rtol=1e-12)
    w = np.array([[-1.2, 0.0, 0.7, 1.4999]])
    x = w / np.sqrt(1 - (w / 1.5) ** 2)
    assert_allclose(ours.inverse_transform(w), x * ours.scale_ + ours.mean_, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_beyond_the_bound_are_inverted_as_just_inside(dtype):
    ours = InputStandardizer(smooth_clip=3.0).fit([[-1.0], [1.0]])
    Z = np.array([[3.0], [-3.0], [50.0], [np.nan]], dtype=dtype)
    x = ours.inverse_transform(Z)
    largest = {np.float32: 3e3, np.float64: 7e7}[dtype] * 3.0
    assert x[0] == -x[1] == x[2]
    assert_allclose(x[0], largest, rtol=0.5)
    assert np.isnan(x[3])
    # The square of these would overflow.
    huge = np.sqrt(np.finfo(dtype).max) * np.array([[-10], [10]], dtype=dtype)
    assert_allclose(ours.transform(huge), [[-3], [3]])


@settings(deadline=None, max_examples=150)
@given(
    X=arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(1, 4)),
        # Steps of 0.001: no quartiles 1e-300 apart, whose x/c would overflow.
        elements=st.one_of(
            st.floats(-1e8, 1e8).map(lambda value: round(value, 3)), st.just(np.nan)
        ),
    ),
    method=st.sampled_from(METHODS),
    c=st.one_of(st.none(), st.floats(0.5, 20)),
    with_mean=st.booleans(),
    with_std=st.booleans(),
)
def test_inverse_returns_the_rows(X, method, c, with_mean, with_std):
    ours = InputStandardizer(
        method, with_mean=with_mean, with_std=with_std, smooth_clip=c
    ).fit(X)
    back = ours.inverse_transform(ours.transform(X))
    finite = np.isfinite(X)
    assert_array_equal(np.isfinite(back), finite)
    x = clone(ours).set_params(smooth_clip=None).fit_transform(X)
    scale = 1.0 if ours.scale_ is None else ours.scale_
    # Relative error of the inverse: eps (1 + (x/c)²), until x/c is beyond 1/sqrt(eps).
    eps = np.finfo(float).eps
    growth = np.zeros_like(x) if c is None else (x / c) ** 2
    size = np.abs(x * scale) * (1 + growth) + np.nanmax(np.abs(X), axis=0, initial=0)
    error = np.abs(back - X)
    assert np.all(error[finite] <= 16 * eps * size[finite])


# ------------------------------------------------------------- names, outputs


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)]
)
def test_frames_in_and_out(method, library, frame):
    X = table(n=2)
    data = frame({"age": X[:, 0], "height": X[:, 1]})
    ours = InputStandardizer(method, smooth_clip=3.0).fit(data)
    assert_array_equal(ours.feature_names_in_, ["age", "height"])
    assert_array_equal(ours.get_feature_names_out(), ["age", "height"])
    expected = ours.transform(data)
    assert isinstance(expected, np.ndarray)
    assert_allclose(ours.inverse_transform(expected), X)  # and does not warn
    Z = ours.set_output(transform=library).transform(data)
    assert isinstance(Z, frame)
    assert list(Z.columns) == ["age", "height"]
    assert_array_equal(Z.to_numpy(), expected)
    with pytest.raises(ValueError, match="feature names should match"):
        ours.transform(frame({"height": X[:, 1], "age": X[:, 0]}))


def test_pandas_rows_keep_their_index():
    data = pd.DataFrame(table(), index=range(100, 141)).add_prefix("x")
    Z = InputStandardizer().set_output(transform="pandas").fit_transform(data)
    assert_array_equal(Z.index, data.index)


# --------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "minmax"}, r"'method'.*'standard', 'robust'.*Got 'minmax'"),
        ({"method": None}, r"'method'.*Got None"),
        ({"with_mean": "auto"}, r"'with_mean'.*a bool.*Got 'auto'"),
        ({"with_std": 1}, r"'with_std'.*a bool.*Got 1"),
        ({"copy": None}, r"'copy'.*a bool.*Got None"),
        ({"smooth_clip": 0}, r"'smooth_clip'.*greater than 0.*Got 0"),
        ({"smooth_clip": -3.0}, r"'smooth_clip'.*Got -3\.0"),
        ({"smooth_clip": np.inf}, r"'smooth_clip'.*Got inf"),
        ({"smooth_clip": np.nan}, r"'smooth_clip'.*Got nan"),
        ({"smooth_clip": True}, r"'smooth_clip'.*Got True"),
        ({"smooth_clip": "3"}, r"'smooth_clip'.*Got '3'"),
    ],
)
def test_bad_parameters(params, message):
    ours = InputStandardizer(**params)  # __init__ takes anything
    for call in (ours.fit, ours.partial_fit):
        with pytest.raises(ValueError, match=message):
            call(table())
    assert not fitted(ours)


def test_not_fitted_and_wrong_width():
    ours = InputStandardizer()
    for call in (ours.transform, ours.inverse_transform):
        with pytest.raises(NotFittedError):
            call(table())
    ours.fit(table())
    for call in (ours.transform, ours.inverse_transform, ours.partial_fit):
        with pytest.raises(
            ValueError, match=r"3 features.*InputStandardizer is expecting 4"
        ):
            call(table(n=3))
    ours.fit(pd.DataFrame(table(n=2), columns=["age", "height"]))
    with pytest.raises(ValueError, match="feature names should match"):
        ours.partial_fit(pd.DataFrame(table(n=2), columns=["height", "age"]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("call", ["fit", "partial_fit"])
@pytest.mark.parametrize("first", [False, True])
def test_failed_fit_changes_nothing(method, call, first):
    if method == "robust" and call == "partial_fit":
        call = "fit"
    X = pd.DataFrame(table(), columns=list("abcd"))
    ours = InputStandardizer(method)
    if not first:
        ours.fit(X)
    before = pickle.dumps(fitted(ours))
    other = pd.DataFrame(table(n=3), columns=list("xyz"))
    infinite = X.replace(X.iloc[0, 0], np.inf)
    failures = [
        (other.replace(other.iloc[0, 0], np.inf), None),
        (infinite, None),
        (sparse.csr_array(X), None),
        (X, np.zeros(len(X))),
        (X, np.ones(3)),
        (X, ["much"] * len(X)),
    ]
    for rows, s in failures:
        # UserWarning: rows without names, where warnings are errors.
        with pytest.raises((ValueError, UserWarning)):
            getattr(ours, call)(rows, sample_weight=s)
        assert pickle.dumps(fitted(ours)) == before


def test_a_late_failure_does_not_change_the_running_moments(monkeypatch):
    ours = InputStandardizer().fit(table())
    before = pickle.dumps(fitted(ours))

    def interrupted(after):
        after.scaler.mean_ += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(column_statistics, "_without_needless_shifts", interrupted)
    for call in (ours.fit, ours.partial_fit):
        with pytest.raises(KeyboardInterrupt):
            call(table(seed=1))
        assert pickle.dumps(fitted(ours)) == before


@pytest.mark.parametrize("method", METHODS)
def test_clone_and_pickle(method):
    params = {"method": method, "with_mean": False, "smooth_clip": 2.0, "copy": False}
    ours = InputStandardizer(**params, with_std=True).fit(table())
    assert clone(ours).get_params() == ours.get_params()
    assert not fitted(clone(ours))
    again = pickle.loads(pickle.dumps(ours))
    assert_array_equal(again.transform(table()), ours.transform(table()))
    if method == "standard":
        more = table(seed=1)
        assert_array_equal(
            again.partial_fit(more).scale_, ours.partial_fit(more).scale_
        )
