"""One case of the memory benchmark, in its own process; `memory` starts it.

It warms up on a few rows of the same kind, so that imports, machine code and the
buffers of BLAS already exist; generates the rows; reports that it is ready, works when
told to, and reports how many of the added bytes are its result.
"""

import ctypes
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from warnings import simplefilter

import numpy as np
from scipy import sparse

from skdnn import MLPRegularizedClassifier

N_COLUMNS = 100
_CHUNK = 50_000
_FEW = 2_000


def _fill(X: np.ndarray) -> np.ndarray:
    """Write normal numbers chunk by chunk, so that the peak is that of the fit."""
    rng = np.random.default_rng(0)
    for start in range(0, len(X), _CHUNK):
        part = X[start : start + _CHUNK]
        part[...] = rng.standard_normal(part.shape, dtype=np.float32)
    return X


def _array(n_rows: int, dtype, order) -> np.ndarray:
    return _fill(np.empty((n_rows, N_COLUMNS), dtype, order))


_FILE_NUMBERS = count()


def _mapped(n_rows: int) -> np.ndarray:
    """Return rows on disk, none of them read yet, in the current folder."""
    path, shape = Path(f"rows{next(_FILE_NUMBERS)}"), (n_rows, N_COLUMNS)
    _fill(np.memmap(path, np.float64, "w+", shape=shape)).flush()
    return np.memmap(path, np.float64, "r", shape=shape)


def _sparse(n_rows: int) -> sparse.csr_array:
    """Return rows with one entry in every ten columns."""
    rng = np.random.default_rng(0)
    tens = np.arange(0, N_COLUMNS, 10, dtype=np.int32)
    columns = tens + rng.integers(0, 10, (n_rows, tens.size), dtype=np.int32)
    bounds = np.arange(n_rows + 1, dtype=np.int32) * tens.size
    X = (rng.standard_normal(columns.size), columns.ravel(), bounds)
    return sparse.csr_array(X, shape=(n_rows, N_COLUMNS))


_C64 = partial(_array, dtype=np.float64, order="C")

# Cases of fit, by the kind of its rows.
FITS: dict[str, tuple[Callable, dict]] = {
    "fit, float64 C": (_C64, {}),
    "fit, float64 Fortran": (partial(_array, dtype=np.float64, order="F"), {}),
    "fit, float32 C": (partial(_array, dtype=np.float32, order="C"), {}),
    "fit, float64 memory map": (_mapped, {}),
    "fit, CSR with 10 % non-zeros": (_sparse, {}),
    "fit, float64 C, early stopping": (_C64, {"early_stopping": True}),
}
PREDICTION = "predict_proba, float64 C"


def _prepared(case: str, n_rows: int) -> Callable[[], int]:
    """Return the function to measure, which returns the bytes of its result."""
    make, options = FITS.get(case, (_C64, {}))
    model = MLPRegularizedClassifier(max_iter=1, random_state=0, **options)
    few = make(min(n_rows, _FEW))
    model.fit(few, np.arange(few.shape[0]) % 2).predict_proba(few)
    X = make(n_rows)
    y = np.arange(n_rows) % 2

    def fit():
        model.fit(X, y)
        return 0

    return fit if case in FITS else lambda: model.predict_proba(X).nbytes


def _give_back_free_memory() -> None:
    """Return freed memory to the system: its reuse by the work would not be seen."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


def main(case: str, n_rows: int) -> None:
    simplefilter("ignore")
    work = _prepared(case, n_rows)
    _give_back_free_memory()
    print("ready", flush=True)
    sys.stdin.readline()
    print(work(), flush=True)
    sys.stdin.readline()  # stay until the last poll


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
