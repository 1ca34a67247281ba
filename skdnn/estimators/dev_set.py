"""The dev set: the caller's, or a stratified part of the training rows."""

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
        What is trained, at any θ; its label smoothing is not used here.
    examples : Examples
        The dev rows.
    scorer : DevScorer, optional
        θ -> what early stopping follows instead of the dev cost, the higher the better.
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
        """Return what an estimator's parameters make of validated dev rows."""
        is_scored = not (plan.follows_cost(estimator) or model.targets.is_constant)
        rows = rows.held() if is_scored else rows  # scorers are handed all rows at once
        examples = rows.examples(model.targets, model.theta.dtype, suffix="_val")
        scorer = DevScorer(estimator, model, rows) if is_scored else None
        return cls(model, examples, scorer)

    def try_scorer(self, theta: np.ndarray) -> None:
        """Refuse, before training, a scorer that cannot score these rows."""
        if self._scorer is not None:
            self._scorer.try_at(theta)

    def __call__(self, theta: np.ndarray) -> DevResult:
        """Return the dev cost and score of θ."""
        examples = self.examples
        theta = theta.astype(examples.table.dtype, copy=False)  # lbfgs's is float64
        model = self._model.with_theta(theta)
        cost, predictions, is_finite = model.evaluate(examples)
        score = model.targets.score(predictions, examples.Y, examples.s)
        if self._scorer is None:
            return DevResult(cost, score, monitored=cost)
        # Scorers refuse what a training that is about to diverge predicts.
        is_finite = is_finite and bool(np.isfinite(cost))
        score = self._scorer(theta) if is_finite else np.nan
        return DevResult(cost, score, monitored=-score)


def cut_dev_set(
    estimator, rows: Rows, targets: Targets, seed: int
) -> tuple[Rows, Rows]:
    """Return training rows and dev rows, as the estimator's parameters say."""
    training, dev = split_off(
        rows.X.shape[0],
        rows.y if targets.are_classes else None,
        rows.sample_weight,
        estimator.validation_fraction,
        seed,
    )
    # They are looked at after each epoch, for which no stream is read to its end.
    return rows.pick(training), rows.pick(dev).held()


def split_off(
    n_rows: int,
    labels: np.ndarray | sparse.spmatrix | None,
    sample_weight: np.ndarray | None,
    fraction: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows and of the dev rows.

    Each class keeps its share in both parts, and has a row in both, however rare it is.
    Rows that cannot be cut stay in training: those without weight, which would say
    nothing in a dev set, and the only row of a class.

    A label indicator is cut at random. Then rows change places until each label is
    there, and is missing, in some row of both parts, as far as possible.

    Parameters
    ----------
    n_rows : int
        The rows to cut.
    labels : {ndarray, sparse matrix} of shape (n_rows,) or (n_rows, n_labels), or None
        Classes or a label indicator; None cuts at random.
    sample_weight : ndarray of shape (n_rows,) or None
        The rows' weights.
    fraction : float
        The dev set's part of the rows, rounded up.
    seed : int
        The same seed cuts the same rows the same way.

    Returns
    -------
    training, dev : ndarray of int
    """
    codes = None if labels is None else _codes(labels)
    stratified = codes[:, 0] if codes is not None and codes.shape[1] == 1 else None
    can_be_cut, least = _rows_to_cut(n_rows, stratified, sample_weight)
    to_cut = np.flatnonzero(can_be_cut)
    n_dev = max(int(np.ceil(fraction * to_cut.size)), least)
    if to_cut.size - n_dev < least:
        of_these = ""
        if to_cut.size < n_rows:
            of_these = (
                f", of which {to_cut.size} can be cut (the others are the only rows of "
                "their classes, or have no weight)"
            )
        raise ValueError(
            f"early_stopping=True cannot cut a dev set from n_samples={n_rows}"
            f"{of_these}: with validation_fraction={fraction} it needs {n_dev} rows, "
            f"and at least {least} must be left to train on. Give more rows, pass "
            "X_val and y_val to fit, or set early_stopping=False."
        )
    train, dev = train_test_split(
        to_cut,
        test_size=n_dev,
        random_state=seed,
        stratify=None if stratified is None else stratified[to_cut],
    )
    if codes is not None:
        rng = np.random.default_rng(seed)
        # Where rows are swapped for the sake of one part, the other loses nothing.
        train, dev = _with_missing_codes(train, dev, codes, rng)
        dev, train = _with_missing_codes(dev, train, codes, rng)
    train = np.concatenate([train, np.flatnonzero(~can_be_cut)])
    return np.sort(train), np.sort(dev)


def _codes(labels) -> np.ndarray:
    """Return a number for each class, or for each label and whether a row has it.

    The shape is (n_rows, 1) or (n_rows, n_labels).
    """
    Y = labels.toarray() if sparse.issparse(labels) else np.asarray(labels)
    if Y.ndim == 1:
        return np.unique(Y, return_inverse=True)[1][:, np.newaxis]
    return 2 * np.arange(Y.shape[1]) + (Y > 0)


def _with_missing_codes(giving, lacking, codes, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return two parts of the rows, the second with a row of each code if possible.

    A row changes places with one of a code that is frequent there.
    """
    given, there = (
        np.bincount(codes[part].ravel(), minlength=codes.max() + 1)
        for part in (giving, lacking)
    )
    for code in np.flatnonzero((there == 0) & (given > 1)):
        if there[code]:
            continue  # it came with the row of another code
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


def _rows_to_cut(n_rows, codes, sample_weight) -> tuple[np.ndarray, int]:
    """Return which rows may be dev rows, and how many each part needs at least."""
    can_be_cut = np.ones(n_rows, bool) if sample_weight is None else sample_weight > 0
    if codes is None:
        return can_be_cut, 2
    counts = np.bincount(codes[can_be_cut], minlength=codes.max() + 1)
    return can_be_cut & (counts[codes] > 1), max(2, int(np.sum(counts > 1)))
