"""A candidate in training: its networks, its held-out scores and its best checkpoint.

The networks of a candidate share one number of steps: that of the checkpoint with the
best score over all held-out rows. One number for all K folds has a K-th of the noise of
a number for each.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skdnn.cross_validated.candidates import Candidate
from skdnn.cross_validated.folds import Fold
from skdnn.cross_validated.members import calibrated
from skdnn.cross_validated.nets import NetInTraining
from skdnn.cross_validated.pooled import HeldOut, inverse_temperature, pooled_cost
from skdnn.estimators.dev_scoring import DevScorer
from skdnn.estimators.model import Model


class Score(NamedTuple):
    """The held-out score of a candidate at one checkpoint."""

    value: float  # lower is better
    of_folds: np.ndarray
    beta: float = 1.0  # the logits are multiplied by it: 1 / T
    sign: float = 1.0  # -1 if the values are the negatives of a scorer's

    @property
    def shown(self) -> float:
        """The score with the sign of the loss or of the caller's scorer."""
        return self.sign * self.value

    @property
    def shown_of_folds(self) -> np.ndarray:
        """The score of each fold, with the same sign as `shown`."""
        return self.sign * self.of_folds


class Snapshot(NamedTuple):
    """The state of a candidate at one checkpoint."""

    n_steps: int
    score: Score
    logits: list[np.ndarray]  # of the held-out rows of each fold, not multiplied by β
    thetas: list[np.ndarray]


class Contender:
    """A candidate in the race: its networks and its best checkpoint so far.

    Parameters
    ----------
    candidate : Candidate
        Its hyperparameters.
    nets : list of NetInTraining
        One network for each fold.
    held_out : list of HeldOut
        The held-out rows of each fold.
    preprocessors : list of transformers
        The fitted preprocessor of each fold; empty with ``preprocess=False``.
    scorers : list of DevScorer
        The caller's scorer on the held-out rows of each fold; empty with
        ``scoring="loss"``.
    """

    def __init__(
        self,
        candidate: Candidate,
        nets: list[NetInTraining],
        held_out: list[HeldOut],
        preprocessors: list[Any],
        scorers: list[DevScorer],
    ):
        self.candidate, self.nets, self.held_out = candidate, nets, held_out
        self.preprocessors, self.scorers = preprocessors, scorers
        self.scores: list[Score] = []
        self.best: Snapshot | None = None
        self.n_stalled = 0
        self.has_diverged = False

    @property
    def snapshot(self) -> Snapshot:
        """The state at the best checkpoint."""
        assert self.best is not None  # else `refuse_divergence` has raised
        return self.best

    def record(
        self,
        n_steps: int,
        logits: list[np.ndarray | None],
        thetas: list[np.ndarray],
        tol: float,
        calibrates: bool,
    ) -> None:
        """Score a checkpoint; keep it if it is the best so far.

        Parameters
        ----------
        n_steps : int
            The number of steps at this checkpoint.
        logits : list of ndarray or None
            Those of the held-out rows of each fold; None where training has diverged.
        thetas : list of ndarray
            Copies of each network's θ: some networks may already have trained further.
        tol : float
            The relative improvement that resets `n_stalled`.
        calibrates : bool
            Whether to score after temperature scaling.
        """
        seen = [Z for Z in logits if Z is not None]
        if len(seen) < len(logits):
            self.has_diverged = True
            return
        score = self._score(seen, thetas, calibrates)
        self.scores.append(score)
        if self.best is None:
            before = least = np.inf
        else:
            before = self.best.score.value
            least = before - tol * abs(before)
        self.n_stalled = 0 if score.value < least else self.n_stalled + 1
        if score.value < before or self.best is None:
            self.best = Snapshot(n_steps, score, seen, thetas)

    def pack(self, with_nets: bool) -> dict[str, Any]:
        """Return its state as numbers, arrays and generators."""
        best = None
        if self.best is not None:
            n_steps, score, logits, thetas = self.best
            number = next(i for i, each in enumerate(self.scores) if each is score)
            best = {
                "n_steps": n_steps,
                "score": number,
                "logits": logits,
                "thetas": thetas,
            }
        return {
            "scores": np.array([(s.value, s.beta, s.sign) for s in self.scores]),
            "of_folds": np.array([s.of_folds for s in self.scores]),
            "best": best,
            "n_stalled": self.n_stalled,
            "has_diverged": self.has_diverged,
            "nets": [net.pack() for net in self.nets] if with_nets else None,
        }

    def resume(self, plain: dict[str, Any]) -> None:
        """Restore the packed state of a contender with the same networks."""
        self.scores = [
            Score(value, of_folds, beta, sign)
            for (value, beta, sign), of_folds in zip(
                plain["scores"].tolist(), plain["of_folds"], strict=True
            )
        ]
        self.n_stalled, self.has_diverged = plain["n_stalled"], plain["has_diverged"]
        if plain["best"] is not None:
            best = plain["best"]
            score = self.scores[best["score"]]
            self.best = Snapshot(best["n_steps"], score, best["logits"], best["thetas"])
        if plain["nets"] is not None:
            for net, packed in zip(self.nets, plain["nets"], strict=True):
                net.resume(packed)

    def _score(
        self, logits: list[np.ndarray], thetas: list[np.ndarray], calibrates: bool
    ) -> Score:
        """Return the pooled cost, after temperature scaling, or the scorer's value."""
        model = self.nets[0].model
        network, beta = model.targets.without_smoothing(model.network), 1.0
        if calibrates:
            beta = inverse_temperature(network, self.held_out, logits)
        if not self.scorers:
            return Score(*pooled_cost(network, self.held_out, logits, beta), beta)
        scores = np.array(
            [
                scorer(calibrated(model.with_theta(theta), beta).theta)
                for scorer, theta in zip(self.scorers, thetas, strict=True)
            ]
        )
        weights = [part.examples.weight for part in self.held_out]
        return Score(-float(np.average(scores, weights=weights)), -scores, beta, -1.0)


def best_of(contenders: list[Contender]) -> Contender:
    """Return the contender with the best score at its best checkpoint."""
    seen = [contender for contender in contenders if contender.best is not None]
    return min(seen, key=lambda contender: contender.snapshot.score.value)


def scores_of(contenders: list[Contender], steps: np.ndarray) -> dict[str, Any]:
    """Return the fitted attributes with the scores of all candidates."""
    n_seen = max(len(contender.scores) for contender in contenders)
    scores = np.full((len(contenders), n_seen, len(contenders[0].nets)), np.nan)
    for of_candidate, contender in zip(scores, contenders, strict=True):
        for of_checkpoint, score in zip(of_candidate, contender.scores, strict=False):
            of_checkpoint[:] = score.shown_of_folds
    return {
        "n_steps_": steps[:n_seen],
        "scores_": scores,
        "candidates_": [contender.candidate._asdict() for contender in contenders],
    }


def out_of_fold_outputs(
    best: Contender,
    folds: list[Fold],
    n_rows: int | None,
    outputs: Callable[[Model, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the out-of-fold outputs of all rows.

    A row that was held out several times has the mean; a row that was never held out
    has NaN. Without `n_rows`, the rows are those of X_val.
    """
    beta = best.snapshot.score.beta
    parts = [
        np.asarray(outputs(net.model, Z.dtype.type(beta) * Z), np.float64)
        for net, Z in zip(best.nets, best.snapshot.logits, strict=True)
    ]
    if n_rows is None:
        return parts[0]
    total, counts = np.zeros((n_rows, *parts[0].shape[1:])), np.zeros(n_rows)
    for fold, values in zip(folds, parts, strict=True):
        np.add.at(total, fold.held_out, values)
        np.add.at(counts, fold.held_out, 1)
    with np.errstate(invalid="ignore"):
        return (total.T / counts).T
