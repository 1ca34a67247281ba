"""Train, dev and test in one cut: as a function and as a ``cv=`` object."""

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
    r"""Cut arrays into train, dev and test rows in one call.

    Train on *train*, choose the model on *dev*, estimate once on *test*. The
    automatic sizes follow the table of the course (60/20/20 for 100 to 10 000
    rows, 98/1/1 at a million, less above) [1]_:

    .. math:: n_\text{dev} = n_\text{test} = \min(0.2\, n,\; 10\,000)

    Parameters
    ----------
    *arrays : indexables of n rows each
        NumPy arrays of any dimension, pandas or polars data frames and series,
        SciPy sparse matrices and arrays, lists.
    dev_size, test_size : float, int, "auto" or None, default="auto"
        Size of the dev and of the test part. A float in [0, 1) is a fraction of
        *all* rows: the nearest whole number of rows, halves up, at least one.
        An int is a number of rows. ``"auto"`` is the formula above, rounded the
        same way. 0 or None: the part is empty. Train gets all other rows.
    stratify : array-like of shape (n,) or (n, n_labels), default=None
        Labels to keep in proportion in all three parts: the rows of a class in a
        part are its exact share rounded up or down, apart from rare classes, which
        get one row in each part. As in scikit-learn's ``train_test_split``, the
        distinct rows of a 2-D array are taken for classes.
    groups : array-like of shape (n,), default=None
        Rows of one group all go to one part. Sizes, and proportions with
        `stratify`, are then as near as whole groups, assigned greedily, allow;
        no requested part is empty, but a class may be missing from a part.
    shuffle : bool, default=True
        Draw the parts at random. False cuts consecutive pieces, train first and
        test last, and goes with neither `stratify` nor `groups`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw; an int gives the same cut in each call.

    Returns
    -------
    list of length 3 * len(arrays)
        Train, dev and test of each array in turn. Rows of a part stay in the order
        that they had. Types, columns and dtypes stay, of empty parts too, but
        sparse formats become CSR (as in scikit-learn) and tuples become lists.

    Raises
    ------
    ValueError
        If there is no array, lengths differ, a size is not allowed, no row is left
        to train on, a class cannot be in each part or groups are too few.
    TypeError
        If an array has no rows to count.

    See Also
    --------
    TrainDevTestSplit : The same cut as a ``cv=`` object.

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

    No test part, where no unbiased estimate is needed:

    >>> y_train, y_dev, y_test = train_dev_test_split(y, dev_size=0.3, test_size=0)
    >>> len(y_train), len(y_dev), len(y_test)
    (70, 30, 0)
    """
    _check_shuffle(shuffle)
    if not arrays:
        raise ValueError("No arrays given: train_dev_test_split needs at least one.")
    named = {f"arrays[{i}]": array for i, array in enumerate(arrays)}
    for name, array in named.items():
        if array is None:
            raise TypeError(f"{name} is None; it must be an indexable with rows.")
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
    """One cut into train, dev and test rows, as a ``cv=`` object.

    :meth:`split` yields a single (train, dev) pair, for ``GridSearchCV``,
    ``cross_validate`` and all others that take a ``cv``; :meth:`test_indices` gives
    the rows kept back, which are in neither. The cut is that of
    :func:`train_dev_test_split` with the same arguments.

    Parameters
    ----------
    dev_size : float, int or "auto", default="auto"
        As in :func:`train_dev_test_split`; the dev part must not be empty.
    test_size : float, int, "auto" or None, default=0
        As in :func:`train_dev_test_split`, but by default no row is kept back: a
        search refits on all rows that it is given (see Notes).
    stratify : "auto" or bool, default="auto"
        Whether the classes in `y` are kept in proportion in all parts. A cv object
        does not see the estimator. ``"auto"`` therefore stratifies where that can do
        no harm and never fails: not without `shuffle`, and not where `y` has several
        outputs, missing values or fractions. Whole numbers that are to be regressed
        on are cut like classes. Where a class cannot be in each part, the rarest ones
        are joined until they have a row in each; a warning says so, unless `y` is
        numeric. True is strict: a class that cannot be in each part is an error.
        False ignores `y`.
    shuffle : bool, default=True
        Draw the parts at random; False cuts consecutive pieces.
    random_state : int, default=0
        Seed of the draw. It must be an int: :meth:`split` and
        :meth:`test_indices` are separate calls, and with a new draw in each the
        rows kept back would have been trained on. Not used without `shuffle`.

    See Also
    --------
    train_dev_test_split : The parts themselves.

    Notes
    -----
    A search with ``refit=True`` (scikit-learn's default) refits its best estimator
    on *every* row given to its ``fit``. So set the test rows apart first and give the
    search only the others. A `test_size` above 0 is for ``refit=False``, as below:
    otherwise the rows kept back are trained on in the end.

    `groups` are requested by default, as by ``GroupShuffleSplit``: with metadata
    routing a search's ``fit(X, y, groups=groups)`` hands them on.

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

    # What scikit-learn's GroupsConsumerMixin declares (it is not public).
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
        """Yield the one pair of train and dev rows.

        Parameters
        ----------
        X : indexable of n rows
            Data; only its length is used.
        y : array-like of shape (n,) or (n, n_outputs), default=None
            Target, used to stratify.
        groups : array-like of shape (n,), default=None
            Groups that must not be cut.

        Yields
        ------
        train, dev : ndarray of int
            Row numbers, increasing.

        Raises
        ------
        ValueError
            As :func:`train_dev_test_split`; if `random_state` is not an int or the
            dev part is empty.
        """
        train, dev, _ = self._parts(X, y, groups)
        yield train, dev

    def test_indices(
        self, X: Any, y: Any | None = None, groups: Any | None = None
    ) -> IntArray:
        """Return the rows kept back: those in neither part that :meth:`split` yields.

        Parameters
        ----------
        X : indexable of n rows
            Data; only its length is used.
        y : array-like of shape (n,) or (n, n_outputs), default=None
            Target, the same as for :meth:`split`.
        groups : array-like of shape (n,), default=None
            Groups, the same as for :meth:`split`.

        Returns
        -------
        ndarray of int
            Row numbers, increasing.

        Raises
        ------
        ValueError
            As :meth:`split`.
        """
        return self._parts(X, y, groups)[2]

    def get_n_splits(
        self, X: Any | None = None, y: Any | None = None, groups: Any | None = None
    ) -> int:
        """Count the pairs that :meth:`split` yields: one.

        Parameters
        ----------
        X, y, groups : object
            Not used; there for scikit-learn's sake.

        Returns
        -------
        int
            1.
        """
        return 1

    def _parts(
        self, X: Any, y: Any | None, groups: Any | None
    ) -> tuple[IntArray, IntArray, IntArray]:
        if X is None:
            raise TypeError("X is None; it must be an indexable with rows.")
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
                f"dev_size={self.dev_size!r} leaves no dev row to score on. As a cv "
                "object TrainDevTestSplit needs a dev part of at least one row."
            )
        return train, dev, test

    def _check_seed(self) -> None:
        seed: Any = self.random_state
        if self.shuffle and (
            isinstance(seed, bool) or not isinstance(seed, numbers.Integral)
        ):
            raise ValueError(
                f"random_state={seed!r} is not allowed: TrainDevTestSplit needs an "
                "int, so that split and test_indices make the same cut and no test "
                "row is trained on."
            )

    def _labels(self, y: Any | None, sizes: tuple[int, int, int]) -> Any | None:
        """Return y if it is to be kept in proportion, else None."""
        stratify: Any = self.stratify
        if isinstance(stratify, str) and stratify == "auto":
            if y is None or not self.shuffle:
                return None
            return labels_for_auto(y, sizes)
        if not isinstance(stratify, (bool, np.bool_)):
            raise ValueError(
                f"stratify={stratify!r} is not allowed: TrainDevTestSplit takes "
                "'auto', True or False, and the labels from y."
            )
        if not stratify:
            return None
        if y is None:
            raise ValueError(
                "stratify=True needs y, but y is None. Give y, or stratify=False."
            )
        values, _ = encode(y, "y")
        if not all(float(v).is_integer() for v in values if isinstance(v, float)):
            raise ValueError(
                "stratify=True needs labels, but y is continuous. Use 'auto', or "
                "stratify=False."
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
    """Check what does not depend on the values, then cut."""
    if not shuffle:
        for argument, given in (("stratify", labels), ("groups", groups)):
            if given is not None:
                raise ValueError(
                    f"{argument} does not go with shuffle=False: consecutive pieces "
                    f"cannot respect it. Use shuffle=True or no {argument}."
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
        raise ValueError(f"shuffle={shuffle!r} is not allowed: give True or False.")


def _rows_of_parts(part: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    train, dev, test = (np.flatnonzero(part == p) for p in range(len(PARTS)))
    return train, dev, test


def _random_state(random_state: Any) -> np.random.RandomState:
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state={random_state!r} is not allowed: give an int in "
            "[0, 2**32 - 1], a numpy.random.RandomState or None."
        ) from error


def _common_length(arrays: dict[str, Any]) -> int:
    """Return the number of rows of the arrays that are not None; all must agree."""
    lengths = {name: _n_rows(a, name) for name, a in arrays.items() if a is not None}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"All must have the same number of rows, but {found}.")
    return next(iter(lengths.values()))


def _n_rows(array: Any, name: str) -> int:
    # Not len() alone: sparse matrices have none.
    shape = getattr(array, "shape", None)
    try:
        is_text_or_so = isinstance(array, _NOT_ROWS) and not sparse.issparse(array)
        if is_text_or_so or not hasattr(array, "__getitem__"):
            raise TypeError("no rows that can be picked by number")
        return int(len(array) if shape is None else shape[0])
    except (TypeError, IndexError) as error:
        raise TypeError(
            f"{name} must be an array, a data frame, a sparse matrix or a list, "
            f"got {reprlib.repr(array)}."
        ) from error


_NOT_ROWS = (str, bytes, bytearray, memoryview, dict, Set)
