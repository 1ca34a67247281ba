"""The dev set: the caller's, or a part split off the training rows."""

from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.model_selection import train_test_split

from skdnn.estimators import plan
from skdnn.estimators.dev_scoring import DevScorer
from skdnn.estimators.model import Model
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets import Targets
from skdnn.training.history import DevResult
from skdnn.training.tables import Examples


class DevSet:
    """Evaluates a network on the dev rows, with all regularisers off.

    Parameters
    ----------
    model : Model
        The model to train. Its θ and its label smoothing are not used.
    examples : Examples
        The dev rows.
    scorer : DevScorer, optional
        What early stopping monitors instead of the dev cost; higher is better.
    """

    def __init__(
        self, model: Model, examples: Examples, scorer: DevScorer | None = None
    ):
        self._model = replace(
            model, network=model.targets.without_smoothing(model.network)
        )
        self.examples = examples
        self._scorer = scorer

    @classmethod
    def of(cls, estimator, model: Model, rows: Rows) -> "DevSet":
        """Return the dev set of validated rows, by the estimator's parameters."""
        is_scored = not (plan.follows_cost(estimator) or model.targets.is_constant)
        rows = rows.held() if is_scored else rows  # scorers need all rows at once
        examples = rows.examples(model.targets, model.theta.dtype, suffix="_val")
        scorer = DevScorer(estimator, model, rows) if is_scored else None
        return cls(model, examples, scorer)

    def try_scorer(self, theta: np.ndarray) -> None:
        """Raise an error before training if the scorer cannot score these rows."""
        if self._scorer is not None:
            self._scorer.try_at(theta)

    def __call__(self, theta: np.ndarray) -> DevResult:
        """Return the dev cost and score of θ."""
        examples = self.examples
        theta = theta.astype(examples.table.dtype, copy=False)  # float64 with lbfgs
        model = self._model.with_theta(theta)
        cost, predictions, is_finite = model.evaluate(examples)
        score = model.targets.score(predictions, examples.Y, examples.s)
        if self._scorer is None:
            return DevResult(cost, score, monitored=cost)
        # Scorers raise an error at predictions that are not finite.
        is_finite = is_finite and bool(np.isfinite(cost))
        score = self._scorer(theta) if is_finite else np.nan
        return DevResult(cost, score, monitored=-score)


def cut_dev_set(
    estimator, rows: Rows, targets: Targets, seed: int
) -> tuple[Rows, Rows]:
    """Split rows into training rows and dev rows, by the estimator's parameters."""
    training, dev = split_off(
        rows.X.shape[0],
        rows.y if targets.are_classes else None,
        rows.sample_weight,
        estimator.validation_fraction,
        seed,
    )
    # Held in memory or a file: they are read after each epoch, unlike a whole stream.
    return rows.pick(training), rows.pick(dev).held()


def split_off(
    n_rows: int,
    labels: np.ndarray | sparse.spmatrix | None,
    sample_weight: np.ndarray | None,
    fraction: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the training rows and of the dev rows.

    The split is stratified, with at least one row of each class in both parts. Rows
    that cannot go to the dev set stay in training: those of weight 0, which would not
    count there, and the only row of a class.

    A label indicator is split at random. Then rows are swapped until, as far as
    possible, both parts have a row with and a row without each label.

    Parameters
    ----------
    n_rows : int
        Number of rows to split.
    labels : {ndarray, sparse matrix} of shape (n_rows,) or (n_rows, n_labels), or None
        Classes or a label indicator; None splits at random.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows.
    fraction : float
        Fraction of the rows to put into the dev set, rounded up.
    seed : int
        Seed of the split.

    Returns
    -------
    training, dev : ndarray of int
        Indices in ascending order.
    """
    codes = None if labels is None else _codes(labels)
    stratified = codes[:, 0] if codes is not None and codes.shape[1] == 1 else None
    can_be_split, least = _rows_to_split(n_rows, stratified, sample_weight)
    to_split = np.flatnonzero(can_be_split)
    n_dev = max(int(np.ceil(fraction * to_split.size)), least)
    if to_split.size - n_dev < least:
        of_these = ""
        if to_split.size < n_rows:
            of_these = (
                f", of which {to_split.size} can be split (the others have weight 0 or "
                "are the only rows of their classes)"
            )
        raise ValueError(
            f"early_stopping=True cannot split a dev set off n_samples={n_rows}"
            f"{of_these}: with validation_fraction={fraction} it needs {n_dev} rows, "
            f"and at least {least} must be left for training. Give more rows, pass "
            "X_val and y_val to fit, or set early_stopping=False."
        )
    train, dev = train_test_split(
        to_split,
        test_size=n_dev,
        random_state=seed,
        stratify=None if stratified is None else stratified[to_split],
    )
    if codes is not None:
        rng = np.random.default_rng(seed)
        # A swap in favour of one part takes no code away from the other.
        train, dev = _with_missing_codes(train, dev, codes, rng)
        dev, train = _with_missing_codes(dev, train, codes, rng)
    train = np.concatenate([train, np.flatnonzero(~can_be_split)])
    return np.sort(train), np.sort(dev)


def _codes(labels) -> np.ndarray:
    """Return integer codes of the classes, or of each label's presence and absence.

    The shape is (n_rows, 1) or (n_rows, n_labels).
    """
    Y = labels.toarray() if sparse.issparse(labels) else np.asarray(labels)
    if Y.ndim == 1:
        return np.unique(Y, return_inverse=True)[1][:, np.newaxis]
    return 2 * np.arange(Y.shape[1]) + (Y > 0)


def _with_missing_codes(giving, lacking, codes, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return two parts of the rows, the second with a row of each code if possible.

    Rows are swapped with rows whose codes are frequent in the second part.
    """
    given, there = (
        np.bincount(codes[part].ravel(), minlength=codes.max() + 1)
        for part in (giving, lacking)
    )
    for code in np.flatnonzero((there == 0) & (given > 1)):
        if there[code]:
            continue  # came with a row for another code
        can_give = np.flatnonzero(
            (codes[giving] == code).any(axis=1) & (given[codes[giving]] > 1).all(axis=1)
        )
        can_return = there[codes[lacking]].min(axis=1)
        if not can_give.size or can_return.max() < 2:
            continue
        comes = rng.choice(can_give)
        goes = rng.choice(np.flatnonzero(can_return == can_return.max()))
        for row, sign in ((giving[comes], 1), (lacking[goes], -1)):
            there[codes[row]] += sign
            given[codes[row]] -= sign
        giving[comes], lacking[goes] = lacking[goes], giving[comes]
    return giving, lacking


def _rows_to_split(n_rows, codes, sample_weight) -> tuple[np.ndarray, int]:
    """Return which rows may be dev rows, and the minimum number of each part."""
    can_be_split = np.ones(n_rows, bool) if sample_weight is None else sample_weight > 0
    if codes is None:
        return can_be_split, 2
    counts = np.bincount(codes[can_be_split], minlength=codes.max() + 1)
    return can_be_split & (counts[codes] > 1), max(2, int(np.sum(counts > 1)))
