"""The sizes of train, dev and test."""

import math
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

Size: TypeAlias = float | int | str | None

# From the table of the course: 60/20/20 for small data. A dev set only has to
# distinguish a few candidates, for which 10 000 rows suffice, however many there are.
AUTO_FRACTION = 0.2
AUTO_MAX_ROWS = 10_000


def part_sizes(n_rows: int, dev_size: Size, test_size: Size) -> tuple[int, int, int]:
    """Return the numbers of rows of train, dev and test.

    Parameters
    ----------
    n_rows : int
        Total number of rows.
    dev_size, test_size : float, int, "auto" or None
        As in :func:`skdnn.model_selection.train_dev_test_split`.

    Returns
    -------
    tuple of int
        The numbers of rows of train, dev and test; their sum is `n_rows`.

    Raises
    ------
    ValueError
        If a size is invalid or no row is left for training.
    """
    n_dev = _rows_of_part("dev_size", dev_size, n_rows)
    n_test = _rows_of_part("test_size", test_size, n_rows)
    n_train = n_rows - n_dev - n_test
    if n_train < 1:
        raise ValueError(
            f"dev_size={dev_size!r} ({n_dev} rows) and test_size={test_size!r} "
            f"({n_test} rows) leave no row to train on: there are {n_rows} rows, of "
            "which dev and test together may take all but one."
        )
    return n_train, n_dev, n_test


def _rows_of_part(name: str, size: Any, n_rows: int) -> int:
    if size is None:
        return 0
    if isinstance(size, str) and size == "auto":
        return min(_rows_of_fraction(AUTO_FRACTION, n_rows), AUTO_MAX_ROWS)
    is_count = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
    if is_count and size >= 0:
        return int(size)
    # NaN fails the comparison, so it gets the error below.
    if isinstance(size, (float, np.floating)) and 0 <= size < 1:
        return _rows_of_fraction(float(size), n_rows)
    raise ValueError(
        f"{name}={size!r} is not allowed. Pass a fraction of all rows (a float in "
        "[0, 1)), a number of rows (an int >= 0), None for an empty part, or 'auto' "
        f"(20 % of the rows, at most {AUTO_MAX_ROWS})."
    )


def _rows_of_fraction(fraction: float, n_rows: int) -> int:
    if fraction == 0:
        return 0
    # Exact decimal arithmetic: in floating point, 0.07 * 100 is above 7 (ceil, as in
    # scikit-learn, gives 8 rows) and 0.145 * 100 is below 14.5.
    exact = Fraction(str(fraction)) * n_rows
    # A fraction above 0 always gives at least one row.
    return max(1, math.floor(exact + Fraction(1, 2)))
