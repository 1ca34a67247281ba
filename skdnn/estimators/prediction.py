"""From the caller's rows to what the network says of them, block by block."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators import validation
from skdnn.network.memory import as_writeable
from skdnn.network.objective import forward, forward_by_blocks, rows_per_block
from skdnn.training.tables import Table
from skdnn.training.threads import blas_threads_for


def logits(estimator, X) -> np.ndarray:
    """Return the logits of the caller's X, shape (n_rows, n_outputs).

    They are computed in the network's type, and are float32 for rows of float32, else
    float64: types out follow types in.
    """
    return _propagate(estimator, X, _all_logits)


def predictions(estimator, X) -> np.ndarray:
    """Return labels or numbers; no more than a block of logits is held."""
    return _propagate(estimator, X, _decoded_blocks)


def type_out(type_in) -> np.dtype:
    """Return the type of what is predicted from rows of this type."""
    return np.dtype(np.float32 if type_in == np.float32 else np.float64)


def _all_logits(estimator, theta, blocks, n_rows, block_rows, dtype) -> np.ndarray:
    return forward(estimator._network, theta, blocks, n_rows, block_rows)


def _decoded_blocks(estimator, theta, blocks, n_rows, block_rows, dtype) -> np.ndarray:
    targets = estimator._targets
    each = forward_by_blocks(estimator._network, theta, blocks, block_rows)
    if targets.are_classes:  # by the logits that the caller is shown
        each = (_narrowed(Z, dtype) for Z in each)
    return targets.decode(np.concatenate([targets.predictions(Z) for Z in each]))


def _narrowed(numbers: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Round numbers to a type of fewer digits; those too large become its largest."""
    if numbers.dtype.itemsize <= dtype.itemsize:
        return numbers
    largest = np.finfo(dtype).max
    return np.clip(numbers, -largest, largest).astype(dtype)


def _propagate(estimator, X, through) -> np.ndarray:
    """Send the caller's X through the network, as `_all_logits` does."""
    check_is_fitted(estimator)
    if _needs_no_conversion(estimator, X):
        try:
            return _propagate_table(estimator, X, through, _finite)
        except _NotFinite:
            pass  # or a sum of finite numbers that overflowed
    X = validation.rows_to_predict(estimator, X)
    return _propagate_table(estimator, X, through)


def _needs_no_conversion(estimator, X) -> bool:
    """Whether scikit-learn's validation would return X as it is, if it is finite.

    That validation takes several times as long as predicting a single row, and for many
    rows is one more pass over memory.
    """
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float32, np.float64)
        and X.ndim == 2
        and X.shape[0] > 0
        and X.shape[1] == estimator.n_features_in_
        and "feature_names_in_" not in estimator.__dict__
    )


def _propagate_table(estimator, X, through, checked=iter) -> np.ndarray:
    theta, network = as_writeable(estimator._theta), estimator._network
    table, dtype = Table(X, theta.dtype), type_out(X.dtype)
    step = rows_per_block(network, table.is_sparse_enough)
    rows, blocks = min(step, table.n_rows), checked(table.blocks(step))
    with blas_threads_for(network, rows):
        out = through(estimator, theta, blocks, table.n_rows, rows, dtype)
    if out.dtype.kind == "f":
        out = _narrowed(out, dtype).astype(dtype, copy=False)
    return out


class _NotFinite(Exception):
    """A block of rows has, or seems to have, a number that is not finite."""


def _finite(blocks):
    """Pass blocks on; raise at one that is not finite in the network's type.

    A block is looked at just before it is used: its numbers are in the cache then.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # in the sum
        for block in blocks:
            if not np.isfinite(block.sum()):
                raise _NotFinite
            yield block
