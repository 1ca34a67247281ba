"""Hypothesis strategies for X, y and weights: descriptions that build the arrays.

A description is fast to draw, shrinks well, has a repr that rebuilds the same array,
and knows what is invalid on purpose.
"""

import tempfile
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st
from scipy import sparse


def mostly(usual, *others):
    """Draw the usual value in half of the cases."""
    return st.sampled_from([usual] * len(others) + list(others))


def rarely(usual, wrong):
    """Draw an invalid value in one of twenty cases."""
    return sometimes(st.sampled_from(list(wrong)), one_in=20).flatmap(
        lambda found: usual if found is None else st.just(found)
    )


def sometimes(strategy, otherwise=None, one_in=4):
    """Draw from a strategy in one of `one_in` cases, else return `otherwise`."""
    return st.integers(1, one_in).flatmap(
        lambda k: strategy if k == one_in else st.just(otherwise)
    )


SEEDS = st.integers(0, 7)  # few, so that later calls repeat rows

# -- X ---------------------------------------------------------------------------------

VALUES = {
    "normal": lambda normal, rng: normal,
    "wide": lambda normal, rng: 10 * normal,
    "constant columns": lambda normal, rng: np.where(
        rng.random(normal.shape[1]) < 0.5, 3, normal
    ),
    "zeros": lambda normal, rng: 0 * normal,
    "mostly zeros": lambda normal, rng: normal * (rng.random(normal.shape) < 0.1),
    "equal rows": lambda normal, rng: np.tile(normal[:1], (len(normal), 1)),
    "scales": lambda normal, rng: normal * 10 ** rng.uniform(-6, 6, normal.shape[1]),
    "tiny": lambda normal, rng: normal * 1e-30,
    "huge": lambda normal, rng: normal * 1e30,
}
INVALID_VALUES = {
    "beyond float32": lambda normal, rng: normal * 1e300,
    "a NaN": lambda normal, rng: _with_one(np.nan, normal, rng),
    "an infinity": lambda normal, rng: _with_one(-np.inf, normal, rng),
}
TYPES = ("float32", "float16", "int64", "int8", "uint8", "bool", ">f8")
CONTAINERS = {
    "array": lambda X: X,
    "Fortran": np.asfortranarray,
    "read-only": lambda X: _read_only(X),
    "every other": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "memory map": lambda X: _memory_map(X),
    "list": lambda X: X.tolist(),
    "CSR": lambda X: sparse.csr_array(_of_known_type(X)),
    "CSC": lambda X: sparse.csc_matrix(_of_known_type(X)),
    "COO": lambda X: sparse.coo_array(_of_known_type(X)),
    "pandas": lambda X: pd.DataFrame(X).add_prefix("x"),
    "polars": lambda X: pl.DataFrame(_of_known_type(X)),
}
INVALID_CONTAINERS = {
    "one row": lambda X: X[0],
    "cube": lambda X: X[:, :, np.newaxis],
    "text": lambda X: X.astype(str).astype(object) + "!",
    "complex": lambda X: X + 1j,
    "none": lambda X: None,
}


@dataclass(frozen=True)
class Table:
    """Description of X."""

    n_rows: int
    n_columns: int
    values: str = "normal"
    dtype: str = "float64"
    container: str = "array"
    seed: int = 0

    def build(self):
        """Return the array."""
        rng = np.random.default_rng(self.seed)
        normal = rng.normal(size=(self.n_rows, self.n_columns))
        X = (VALUES | INVALID_VALUES)[self.values](normal, rng)
        return (CONTAINERS | INVALID_CONTAINERS)[self.container](
            _as_type(X, self.dtype)
        )


@st.composite
def tables(draw, n_columns, n_rows=None):
    """Draw X, occasionally an invalid one."""
    if n_rows is None:
        n_rows = draw(mostly(12, 30, 60, 5, 4, 3, 2, 1))
    return Table(
        n_rows,
        n_columns,
        draw(rarely(mostly("normal", *VALUES), INVALID_VALUES)),
        draw(mostly("float64", *TYPES)),
        draw(rarely(mostly("array", *CONTAINERS), INVALID_CONTAINERS)),
        draw(SEEDS),
    )


def _with_one(value, normal, rng):
    normal[rng.integers(len(normal)), -1] = value
    return normal


def _as_type(X, dtype):
    if np.dtype(dtype).kind in "iub":
        X = np.clip(np.nan_to_num(3 * X), 0 if dtype[0] in "ub" else -100, 100)
    with np.errstate(over="ignore"):
        return X.astype(dtype)


def _of_known_type(X):
    """Convert dtypes that SciPy and polars do not support."""
    return X.astype(np.float32 if X.dtype == np.float16 else X.dtype.newbyteorder("="))


def _read_only(X):
    X.flags.writeable = False
    return X


def _memory_map(X):
    with tempfile.TemporaryFile() as file:
        file.write(X.tobytes())
        file.flush()
        return np.memmap(file, dtype=X.dtype, mode="r", shape=X.shape)


# -- y ---------------------------------------------------------------------------------

LABELS = {
    "two numbers": np.array([0, 1]),
    "other numbers": np.array([-3, 7]),
    "booleans": np.array([False, True]),
    "two words": np.array(["no", "yes"]),
    "three numbers": np.array([1, 2, 5]),
    "three words": np.array(["a", "b", "c"]),
    "whole floats": np.array([0.0, 1.0, 2.0]),
    "many": np.arange(12),
    "one class": np.array([4]),
}
INVALID_LABELS = ("decimals", "missing", "several columns", "bytes", "mixed")
INDICATORS = ("indicator", "sparse indicator", "one label")
NUMBERS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "two outputs": lambda rng, n: rng.normal(size=(n, 2)),
    "counts": lambda rng, n: rng.poisson(2, n),
    "counts in two columns": lambda rng, n: rng.poisson(2, (n, 2)).astype(float),
    "zeros": lambda rng, n: np.zeros(n),
    "constant": lambda rng, n: np.full(n, 3.25),
    "float32": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "booleans": lambda rng, n: rng.random(n) < 0.5,
    "small": lambda rng, n: 1e-20 * rng.normal(size=n),
    "far": lambda rng, n: 1.7e9 + 1e5 * rng.normal(size=n),
    "large": lambda rng, n: 1e15 * rng.normal(size=n),
    "huge": lambda rng, n: 10.0 ** rng.choice([30, 100, 150]) * rng.normal(size=n),
    "sparse": lambda rng, n: sparse.csr_array(rng.poisson(0.5, (n, 2))),
}
INVALID_NUMBERS = {
    "too large": lambda rng, n: 1e300 * rng.normal(size=n),
    "missing": lambda rng, n: np.where(np.arange(n) == 0, np.nan, 1.0),
    "text": lambda rng, n: np.full(n, "many"),
    "words for numbers": lambda rng, n: np.full(n, "1.5"),
}
Y_CONTAINERS = {
    "array": lambda y: y,
    "list": lambda y: y.tolist() if isinstance(y, np.ndarray) else y,
    "pandas": lambda y: pd.Series(y, name="y") if np.ndim(y) == 1 else y,
    "polars": lambda y: pl.Series("y", y) if _is_plain_column(y) else y,
    "column": lambda y: y[:, np.newaxis] if np.ndim(y) == 1 else y,
    "read-only": lambda y: _read_only(y) if isinstance(y, np.ndarray) else y,
}
INVALID_Y_CONTAINERS = {
    "one too few": lambda y: y[:-1],
    "none": lambda y: None,
}


@dataclass(frozen=True)
class Targets:
    """Description of y."""

    n_rows: int
    kind: str
    are_labels: bool
    container: str = "array"
    is_rare: bool = False  # whether all but one or two rows are of the first class
    seed: int = 0

    def build(self):
        """Return the array."""
        rng = np.random.default_rng(self.seed)
        make = (
            self._labels if self.are_labels else (NUMBERS | INVALID_NUMBERS)[self.kind]
        )
        container = (Y_CONTAINERS | INVALID_Y_CONTAINERS)[self.container]
        return container(make(rng, self.n_rows))

    @property
    def classes(self):
        """Return the argument `classes` of `partial_fit`."""
        return LABELS.get(self.kind)

    def _labels(self, rng, n):
        if self.kind in INDICATORS:
            n_labels = 1 if self.kind == "one label" else 3
            Y = (rng.random((n, n_labels)) < 0.4).astype(int)
            return sparse.csr_array(Y) if self.kind.startswith("sparse") else Y
        if self.kind == "decimals":
            return rng.normal(size=n)
        if self.kind == "missing":
            return np.array([None, *["a", "b"] * n], dtype=object)[:n]
        if self.kind == "several columns":
            return rng.integers(4, size=(n, 2))
        if self.kind == "bytes":
            return np.array([b"a", b"b"])[rng.integers(2, size=n)]
        if self.kind == "mixed":
            return np.array(["a", 1, *["a", 2] * n], dtype=object)[:n]
        classes = LABELS[self.kind]
        numbers = rng.integers(len(classes), size=n)
        return classes[
            np.where(np.arange(n) < n - 2, 0, numbers) if self.is_rare else numbers
        ]


def kinds_of_targets(are_labels):
    """Draw the name of a kind of y."""
    if are_labels:
        return rarely(mostly("three numbers", *LABELS, *INDICATORS), INVALID_LABELS)
    return rarely(mostly("normal", *NUMBERS), INVALID_NUMBERS)


@st.composite
def targets(draw, n_rows, kind, are_labels):
    """Draw y of one kind."""
    container = draw(rarely(mostly("array", *Y_CONTAINERS), INVALID_Y_CONTAINERS))
    is_rare = draw(sometimes(st.just(True), False, one_in=6))
    return Targets(n_rows, kind, are_labels, container, is_rare, draw(SEEDS))


def _is_plain_column(y):
    return np.ndim(y) == 1 and y.dtype.kind != "O"


# -- weights ---------------------------------------------------------------------------

WEIGHTS = {
    "ones": lambda rng, n: np.ones(n),
    "a number": lambda rng, n: 2,
    "counts": lambda rng, n: rng.integers(1, 4, n),
    "shares": lambda rng, n: np.full(n, 1 / max(n, 1)),
    "uneven": lambda rng, n: rng.exponential(size=n).astype(np.float32),
    "some zero": lambda rng, n: (rng.random(n) < 0.6) * 1.5,
    "one row": lambda rng, n: (np.arange(n) == 0).astype(float),
    "far apart": lambda rng, n: 10 ** rng.uniform(-12, 12, n),
    "tiny": lambda rng, n: np.full(n, 1e-90),
    "huge": lambda rng, n: np.full(n, 1e90),
    "list": lambda rng, n: [1.0] * n,
    "pandas": lambda rng, n: pd.Series(rng.random(n) + 0.5),
}
INVALID_WEIGHTS = {
    "column": lambda rng, n: np.ones((n, 1)),
    "zeros": lambda rng, n: np.zeros(n),
    "negative": lambda rng, n: np.full(n, -1.0),
    "a NaN": lambda rng, n: np.full(n, np.nan),
    "too many": lambda rng, n: np.ones(n + 1),
    "too large": lambda rng, n: np.full(n, 1e300),
    "subnormal": lambda rng, n: np.full(n, 5e-324),
    "a number too large": lambda rng, n: 10**400,
    "text": lambda rng, n: ["heavy"] * n,
}


@dataclass(frozen=True)
class Weights:
    """Description of sample weights, or None."""

    n_rows: int
    kind: str | None = None
    seed: int = 0

    def build(self):
        """Return the array."""
        if self.kind is None:
            return None
        make = (WEIGHTS | INVALID_WEIGHTS)[self.kind]
        return make(np.random.default_rng(self.seed), self.n_rows)


def weights(n_rows):
    """Draw weights, in most cases None."""
    kinds = sometimes(st.sampled_from(list(WEIGHTS)), one_in=3)
    return st.builds(Weights, st.just(n_rows), rarely(kinds, INVALID_WEIGHTS), SEEDS)


# -- checks for changes ----------------------------------------------------------------


def fingerprint(array):
    """Return a value that changes with any change of an array, even of its layout."""
    if sparse.issparse(array):
        parts = ("data", "indices", "indptr", "row", "col")
        found = [fingerprint(getattr(array, p)) for p in parts if hasattr(array, p)]
        return array.format, array.shape, *found
    if isinstance(array, np.ndarray):
        values = repr(array.tolist()) if array.dtype.kind == "O" else array.tobytes()
        return array.dtype, array.shape, array.strides, str(array.flags), values
    if isinstance(array, pd.DataFrame | pd.Series | pl.DataFrame | pl.Series):
        return type(array), fingerprint(array.to_numpy())
    return repr(array)
