"""Splits into train, dev and test: as a function and as a cross-validator."""

import numbers
import reprlib
from collections.abc import Iterator, Set
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, indexable

from skdnn._sklearn import safe_indexing
from skdnn.model_selection.cut import (
    cut_consecutive,
    cut_grouped,
    cut_shuffled,
    cut_stratified,
)
from skdnn.model_selection.labels import PARTS, encode, labels_for_auto
from skdnn.model_selection.sizes import Size, part_sizes

IntArray = npt.NDArray[np.intp]


def train_dev_test_split(
    *arrays: Any,
    dev_size: Size = "auto",
    test_size: Size = "auto",
    stratify: Any | None = None,
    groups: Any | None = None,
    shuffle: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> list[Any]:
    r"""Split arrays into train, dev and test sets in one call.

    Fit models on *train*, choose among them on *dev*, and estimate the performance of
    the chosen one once on *test*. The automatic sizes follow the table of the course
    (60/20/20 for 100 to 10 000 rows, 98/1/1 for a million rows) [1]_:

    .. math:: n_\text{dev} = n_\text{test} = \min(0.2\, n,\; 10\,000)

    Parameters
    ----------
    *arrays : indexables with n rows each
        NumPy arrays of any dimension, pandas or polars data frames and series,
        SciPy sparse matrices and arrays, or lists.
    dev_size, test_size : float, int, "auto" or None, default="auto"
        Sizes of the dev and the test set. A float in [0, 1) is a fraction of *all*
        rows, rounded to the nearest integer (halves up), but at least one row. An int
        is a number of rows. ``"auto"`` is the formula above, rounded in the same way.
        With 0 or None, the set is empty. The train set gets all other rows.
    stratify : array-like of shape (n,) or (n, n_labels), default=None
        Class labels. Each class has the same proportion in all three sets: its number
        of rows in a set is its exact share rounded up or down, except that rare classes
        get at least one row in each set. As in scikit-learn's ``train_test_split``, the
        distinct rows of a 2-D array are classes.
    groups : array-like of shape (n,), default=None
        Group labels. All rows of a group are in the same set. The sizes, and with
        `stratify` the proportions, are then as close as a greedy assignment of whole
        groups gets. No requested set is empty, but a class may be missing from a set.
    shuffle : bool, default=True
        Whether to assign rows at random. If False, the sets are consecutive rows,
        train first and test last; `stratify` and `groups` must then be None.
    random_state : int, RandomState instance or None, default=None
        Seed of the random assignment. Pass an int for the same split in each call.

    Returns
    -------
    list of length 3 * len(arrays)
        The train, dev and test set of each array in turn, with rows in their original
        order. Types, columns and dtypes are preserved, for empty sets as well, except
        that sparse formats become CSR (as in scikit-learn) and tuples become lists.

    Raises
    ------
    ValueError
        If there is no array, lengths differ, a size is invalid, no row is left to train
        on, a class cannot be in each set, or there are too few groups.
    TypeError
        If an array is not an indexable with rows.

    See Also
    --------
    TrainDevTestSplit : The same split as a cross-validator.
    sklearn.model_selection.train_test_split : Split into two sets.

    References
    ----------
    .. [1] A. Ng, "Improving Deep Neural Networks", week 1, "Train/Dev/Test sets".

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn.model_selection import train_dev_test_split
    >>> X, y = np.arange(200).reshape(100, 2), np.arange(100) % 4
    >>> X_train, X_dev, X_test, y_train, y_dev, y_test = train_dev_test_split(
    ...     X, y, stratify=y, random_state=0
    ... )
    >>> X_train.shape, X_dev.shape, X_test.shape
    ((60, 2), (20, 2), (20, 2))
    >>> np.bincount(y_dev)
    array([5, 5, 5, 5])

    Without a test set, if no unbiased estimate is needed:

    >>> y_train, y_dev, y_test = train_dev_test_split(y, dev_size=0.3, test_size=0)
    >>> len(y_train), len(y_dev), len(y_test)
    (70, 30, 0)
    """
    _check_shuffle(shuffle)
    if not arrays:
        raise ValueError("train_dev_test_split needs at least one array, but got none.")
    named = {f"arrays[{i}]": array for i, array in enumerate(arrays)}
    for name, array in named.items():
        if array is None:
            raise TypeError(f"{name} is None, but must be an indexable with rows.")
    n_rows = _common_length(named | {"stratify": stratify, "groups": groups})
    parts = _cut(
        part_sizes(n_rows, dev_size, test_size),
        labels=stratify,
        labels_name="stratify",
        groups=groups,
        shuffle=shuffle,
        random_state=random_state,
    )
    return [
        safe_indexing(array, rows) for array in indexable(*arrays) for rows in parts
    ]


class TrainDevTestSplit(BaseEstimator):
    """Cross-validator with a single split into train, dev and test indices.

    :meth:`split` yields one (train, dev) pair, for ``GridSearchCV``,
    ``cross_validate`` and everything else that takes a ``cv``. :meth:`test_indices`
    returns the held-back test rows, which are in neither. The split is that of
    :func:`train_dev_test_split` with the same arguments.

    Parameters
    ----------
    dev_size : float, int or "auto", default="auto"
        As in :func:`train_dev_test_split`; the dev set must not be empty.
    test_size : float, int, "auto" or None, default=0
        As in :func:`train_dev_test_split`. By default no row is held back, because a
        search refits on all rows that are passed to it (see Notes).
    stratify : "auto" or bool, default="auto"
        Whether to keep the class proportions of `y` in all sets. A cross-validator does
        not know whether the estimator is a classifier, so ``"auto"`` stratifies
        whenever this does no harm, and never raises an error. It does not stratify if
        ``shuffle=False``, or if `y` has several outputs, missing values or fractions;
        integer regression targets are treated as classes. If a class is too rare to be
        in each set, the rarest classes are merged until they are common enough, with a
        warning unless `y` is numeric. True raises an error if a class is too rare.
        False ignores `y`.
    shuffle : bool, default=True
        Whether to assign rows at random. If False, the sets are consecutive rows.
    random_state : int, default=0
        Seed of the random assignment. It must be an int, so that the separate calls of
        :meth:`split` and :meth:`test_indices` make the same split and no test row is
        trained on. Not used with ``shuffle=False``.

    See Also
    --------
    train_dev_test_split : Split arrays directly.
    sklearn.model_selection.ShuffleSplit : Several random splits into two sets.

    Notes
    -----
    A search with ``refit=True`` (scikit-learn's default) refits its best estimator on
    *all* rows passed to its ``fit``. Therefore, split off the test rows first and pass
    only the other rows to the search. A `test_size` above 0 is meant for
    ``refit=False``, as in the example; otherwise the search would finally train on the
    test rows.

    `groups` is requested by default, as in ``GroupShuffleSplit``: with metadata
    routing, a search's ``fit(X, y, groups=groups)`` passes it on.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdnn.model_selection import TrainDevTestSplit
    >>> X, y = load_iris(return_X_y=True)
    >>> cv = TrainDevTestSplit(test_size=0.2, random_state=3)
    >>> (train, dev), test = next(cv.split(X, y)), cv.test_indices(X, y)
    >>> len(train), len(dev), len(test)
    (90, 30, 30)
    >>> model = LogisticRegression(max_iter=1000)
    >>> search = GridSearchCV(model, {"C": [0.01, 1.0]}, cv=cv, refit=False)
    >>> best = model.set_params(**search.fit(X, y).best_params_)
    >>> best.fit(X[train], y[train]).score(X[test], y[test]) > 0.9
    True
    """

    # As in scikit-learn's GroupsConsumerMixin, which is not public.
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        dev_size: Size = "auto",
        test_size: Size = 0,
        stratify: Literal["auto"] | bool = "auto",
        shuffle: bool = True,
        random_state: int = 0,
    ) -> None:
        self.dev_size = dev_size
        self.test_size = test_size
        self.stratify = stratify
        self.shuffle = shuffle
        self.random_state = random_state

    def split(
        self, X: Any, y: Any | None = None, groups: Any | None = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the single pair of train and dev indices.

        Parameters
        ----------
        X : indexable with n rows
            The data; only its length is used.
        y : array-like of shape (n,) or (n, n_outputs), default=None
            The target, for stratification.
        groups : array-like of shape (n,), default=None
            Group labels. All rows of a group are in the same set.

        Yields
        ------
        train : ndarray of int
            Row indices of the train set, in increasing order.
        dev : ndarray of int
            Row indices of the dev set, in increasing order.

        Raises
        ------
        ValueError
            As in :func:`train_dev_test_split`; and if `random_state` is not an int or
            the dev set is empty.
        """
        train, dev, _ = self._parts(X, y, groups)
        yield train, dev

    def test_indices(
        self, X: Any, y: Any | None = None, groups: Any | None = None
    ) -> IntArray:
        """Return the indices of the test set, which :meth:`split` leaves out.

        Parameters
        ----------
        X : indexable with n rows
            The data; only its length is used.
        y : array-like of shape (n,) or (n, n_outputs), default=None
            The target, the same as for :meth:`split`.
        groups : array-like of shape (n,), default=None
            Group labels, the same as for :meth:`split`.

        Returns
        -------
        ndarray of int
            Row indices, in increasing order.

        Raises
        ------
        ValueError
            As in :meth:`split`.
        """
        return self._parts(X, y, groups)[2]

    def get_n_splits(
        self, X: Any | None = None, y: Any | None = None, groups: Any | None = None
    ) -> int:
        """Return the number of splits, which is 1.

        Parameters
        ----------
        X, y, groups : object
            Ignored; present for compatibility with scikit-learn.

        Returns
        -------
        int
            Always 1.
        """
        return 1

    def _parts(
        self, X: Any, y: Any | None, groups: Any | None
    ) -> tuple[IntArray, IntArray, IntArray]:
        if X is None:
            raise TypeError("X is None, but must be an indexable with rows.")
        _check_shuffle(self.shuffle)
        self._check_seed()
        n_rows = _common_length({"X": X, "y": y, "groups": groups})
        sizes = part_sizes(n_rows, self.dev_size, self.test_size)
        train, dev, test = _cut(
            sizes,
            labels=self._labels(y, sizes),
            labels_name="y",
            groups=groups,
            shuffle=self.shuffle,
            random_state=self.random_state,
        )
        if not dev.size:
            raise ValueError(
                f"dev_size={self.dev_size!r} gives an empty dev set, but "
                "TrainDevTestSplit needs at least one dev row to score on."
            )
        return train, dev, test

    def _check_seed(self) -> None:
        seed: Any = self.random_state
        if self.shuffle and (
            isinstance(seed, bool) or not isinstance(seed, numbers.Integral)
        ):
            raise ValueError(
                f"random_state={seed!r} is not allowed: TrainDevTestSplit needs an "
                "int, so that split and test_indices make the same split and no test "
                "row is trained on."
            )

    def _labels(self, y: Any | None, sizes: tuple[int, int, int]) -> Any | None:
        """Return the labels to stratify by, or None."""
        stratify: Any = self.stratify
        if isinstance(stratify, str) and stratify == "auto":
            if y is None or not self.shuffle:
                return None
            return labels_for_auto(y, sizes)
        if not isinstance(stratify, (bool, np.bool_)):
            raise ValueError(
                f"stratify={reprlib.repr(stratify)} is not allowed: in "
                "TrainDevTestSplit it must be 'auto', True or False; the labels are "
                "those of y."
            )
        if not stratify:
            return None
        if y is None:
            raise ValueError(
                "stratify=True needs y, but y is None. Pass y, or set stratify=False."
            )
        values, _ = encode(y, "y")
        if not all(float(v).is_integer() for v in values if isinstance(v, float)):
            raise ValueError(
                "stratify=True needs labels, but y is continuous. Set stratify='auto' "
                "or stratify=False."
            )
        return y


def _cut(
    sizes: tuple[int, int, int],
    *,
    labels: Any | None,
    labels_name: str,
    groups: Any | None,
    shuffle: bool,
    random_state: Any,
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the row indices of train, dev and test."""
    if not shuffle:
        for argument, given in (("stratify", labels), ("groups", groups)):
            if given is not None:
                raise ValueError(
                    f"{argument} cannot be combined with shuffle=False, which takes "
                    f"consecutive rows. Set shuffle=True, or do not use {argument}."
                )
        return _rows_of_parts(cut_consecutive(sizes))
    rng = _random_state(random_state)
    if groups is not None:
        part = cut_grouped(sizes, groups, labels, labels_name, rng)
    elif labels is not None:
        part = cut_stratified(sizes, labels, labels_name, rng)
    else:
        part = cut_shuffled(sizes, rng)
    return _rows_of_parts(part)


def _check_shuffle(shuffle: Any) -> None:
    if not isinstance(shuffle, (bool, np.bool_)):
        raise ValueError(f"shuffle={shuffle!r} is not allowed: pass True or False.")


def _rows_of_parts(part: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    train, dev, test = (np.flatnonzero(part == p) for p in range(len(PARTS)))
    return train, dev, test


def _random_state(random_state: Any) -> np.random.RandomState:
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state={random_state!r} is not allowed: pass an int in "
            "[0, 2**32 - 1], a numpy.random.RandomState or None."
        ) from error


def _common_length(arrays: dict[str, Any]) -> int:
    """Return the common number of rows of the arrays that are not None."""
    lengths = {name: _n_rows(a, name) for name, a in arrays.items() if a is not None}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"All arrays must have the same number of rows, but {found}.")
    return next(iter(lengths.values()))


def _n_rows(array: Any, name: str) -> int:
    # Not only len(), which sparse matrices do not support.
    shape = getattr(array, "shape", None)
    try:
        has_no_rows = isinstance(array, _NOT_ROWS) and not sparse.issparse(array)
        if has_no_rows or not hasattr(array, "__getitem__"):
            raise TypeError("not an indexable")
        return int(len(array) if shape is None else shape[0])
    except (TypeError, IndexError) as error:
        raise TypeError(
            f"{name} must be an array, a data frame, a sparse matrix or a list, "
            f"got {reprlib.repr(array)}."
        ) from error


_NOT_ROWS = (str, bytes, bytearray, memoryview, dict, Set)
