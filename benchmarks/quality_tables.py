"""The tables of `quality` and `errors`, and their preprocessing."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

_TEST_SHARE = 0.25


class Table(NamedTuple):
    """A table for classification or regression."""

    name: str
    X: np.ndarray  # numbers; NaN is missing, categories are integer codes
    y: np.ndarray
    is_category: np.ndarray  # of shape (n_columns,)


class Rows(NamedTuple):
    """Training and test rows as every contestant gets them: float32, classes 0, 1, …"""

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    n_classes: int


def shipped() -> Iterator[Table]:
    """Yield the tables that need no file: from scikit-learn, or generated."""
    yield _numbers("breast cancer", *datasets.load_breast_cancer(return_X_y=True))
    yield _numbers("digits", *datasets.load_digits(return_X_y=True))
    yield _numbers("wine", *datasets.load_wine(return_X_y=True))
    moons = datasets.make_moons(4000, noise=0.25, random_state=0)
    yield _numbers("moons", *moons)
    yield _numbers("hastie", *datasets.make_hastie_10_2(8000, random_state=0))
    clusters = datasets.make_classification(
        6000,
        n_features=20,
        n_informative=10,
        n_classes=4,
        flip_y=0.05,
        random_state=0,
    )
    yield _numbers("clusters", *clusters)


def shipped_for_regression() -> Iterator[Table]:
    """Yield regression tables that need no file."""
    yield _numbers("diabetes", *datasets.load_diabetes(return_X_y=True))
    yield _numbers("friedman", *datasets.make_friedman1(2000, random_state=0))


def in_folder(folder: Path) -> Iterator[Table]:
    """Yield the tables of a folder of .npz files.

    Each has `X` (NaN is missing), `y`, and `cat`, which is true for columns of `X` that
    hold codes of categories.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise ValueError(f"--tables must be a folder with .npz files, got {folder}.")
    for path in paths:
        with np.load(path) as file:
            X, y, cat = file["X"], file["y"], file["cat"]
        yield Table(path.stem, X.astype(np.float32), y, cat.astype(bool))


def _numbers(name: str, X: np.ndarray, y: np.ndarray) -> Table:
    return Table(name, X.astype(np.float32), y, np.zeros(X.shape[1], bool))


def split(table: Table, seed: int) -> Rows:
    """Return a stratified split, preprocessed with statistics of the training rows.

    Numbers: missing ones become the median, and all are standardised. Categories:
    missing ones become the most frequent, and all are one-hot encoded.
    """
    classes, y = np.unique(table.y, return_inverse=True)
    X_train, X_test, y_train, y_test = train_test_split(
        table.X, y, test_size=_TEST_SHARE, stratify=y, random_state=seed
    )
    X_train, X_test = prepared(X_train, X_test, table.is_category)
    return Rows(X_train, y_train, X_test, y_test, len(classes))


def prepared(
    X_train: np.ndarray, X_test: np.ndarray, is_category: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both in float32, preprocessed with statistics of the training rows."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = ColumnTransformer(
        [
            (
                "numbers",
                make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
                np.flatnonzero(~is_category),
            ),
            (
                "categories",
                make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot),
                np.flatnonzero(is_category),
            ),
        ]
    )
    X_train, X_test = prepare.fit_transform(X_train), prepare.transform(X_test)
    return (
        np.ascontiguousarray(X_train, np.float32),
        np.ascontiguousarray(X_test, np.float32),
    )


def as_frame(table: Table):
    """Return X as a data frame; columns of codes have the dtype "category"."""
    import pandas as pd

    frame = pd.DataFrame(table.X, columns=[f"x{j}" for j in range(table.X.shape[1])])
    for name in frame.columns[table.is_category]:
        labels = frame[name].map(lambda code: f"{code:g}", na_action="ignore")
        frame[name] = labels.astype("category")
    return frame
