"""The dev set: the caller's, or a stratified part of the training rows."""

import numpy as np
from sklearn.model_selection import train_test_split

from skdnn.network.objective import forward_by_blocks, rows_per_block
from skdnn.network.propagation import Network, cost_of_logits
from skdnn.training.batches import Examples
from skdnn.training.loop import DevResult


class DevSet:
    """Looks at a network with all regularisers off.

    Parameters
    ----------
    network : Network
        The network that is trained; its label smoothing is not used here.
    examples : Examples
        The dev rows.
    targets : ClassTargets or RegressionTargets
        Scores what the last layer gives.
    scorer : callable (theta) -> float, optional
        What early stopping follows instead of the dev cost, the higher the better.
    """

    def __init__(self, network: Network, examples: Examples, targets, scorer=None):
        self._network = targets.without_smoothing(network)
        self._examples = examples
        self._targets = targets
        self._scorer = scorer

    def __call__(self, theta: np.ndarray) -> DevResult:
        """Return the dev cost and score of θ."""
        examples, targets = self._examples, self._targets
        theta = theta.astype(examples.table.dtype, copy=False)  # lbfgs's is float64
        step = rows_per_block(self._network.layout, examples.table.is_thin)
        blocks = examples.table.blocks(step)
        cost, start, predictions = 0.0, 0, []
        for Z in forward_by_blocks(self._network, theta, blocks, step):
            part = slice(start, start + len(Z))
            predictions.append(targets.predictions(Z))
            Y, s = examples.Y[part], examples.s[part]
            cost += cost_of_logits(self._network, Z, Y, s, 1 / examples.n_rows)
            start = part.stop
        score = targets.score(np.concatenate(predictions), examples.Y, examples.s)
        if self._scorer is None:
            return DevResult(cost, score, monitored=cost)
        score = self._scorer(theta)
        return DevResult(cost, score, monitored=-score)


def split_off(
    n_rows: int,
    labels: np.ndarray | None,
    sample_weight: np.ndarray | None,
    fraction: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows and of the dev rows.

    Each class keeps its share in both parts, and the dev set has room for at least one
    row of each. Rows that cannot be cut stay in training: those without weight, which
    would say nothing in a dev set, and the only row of a class.

    Parameters
    ----------
    n_rows : int
        The rows to cut.
    labels : ndarray of shape (n_rows,) or None
        The classes whose shares are kept; None, as for multilabel, cuts at random.
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
    can_be_cut, least = _rows_to_cut(n_rows, labels, sample_weight)
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
        stratify=labels if labels is None or can_be_cut.all() else labels[to_cut],
    )
    train = np.concatenate([train, np.flatnonzero(~can_be_cut)])
    return np.sort(train), np.sort(dev)


def _rows_to_cut(n_rows, labels, sample_weight) -> tuple[np.ndarray, int]:
    """Return which rows may be dev rows, and how many each part needs at least."""
    can_be_cut = np.ones(n_rows, bool) if sample_weight is None else sample_weight > 0
    if labels is None:
        return can_be_cut, 2
    _, codes = np.unique(labels, return_inverse=True)
    counts = np.bincount(codes[can_be_cut], minlength=codes.max() + 1)
    return can_be_cut & (counts[codes] > 1), max(2, int(np.sum(counts > 1)))
