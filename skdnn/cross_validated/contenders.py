"""A candidate: its networks, what held-out rows say of it, and its best checkpoint.

The networks of a candidate stop together, at the checkpoint where the rows that they
have not seen are predicted best. One number of steps for all folds has a K-th of the
noise of a number for each.
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
    """What held-out rows say, at one checkpoint, of a candidate."""

    value: float  # the lower the better
    of_folds: np.ndarray
    beta: float = 1.0  # what the logits are multiplied by: 1 / T
    sign: float = 1.0  # -1 where it is the negative of the caller's score

    @property
    def shown(self) -> float:
        """The score as the caller knows it."""
        return self.sign * self.value

    @property
    def shown_of_folds(self) -> np.ndarray:
        """The same of each fold."""
        return self.sign * self.of_folds


class Look(NamedTuple):
    """A candidate at one checkpoint."""

    n_steps: int
    score: Score
    logits: list[np.ndarray]  # of the held-out rows of each fold, before β
    thetas: list[np.ndarray]


class Contender:
    """A candidate in the race: its networks, and the best checkpoint so far.

    Parameters
    ----------
    candidate : Candidate
        The values it stands for.
    nets : list of NetInTraining
        One for each fold.
    held_out : list of HeldOut
        The rows that each of them is not trained on.
    preprocessors : list of transformers
        What has made the inputs of each fold; empty if they came as they are.
    scorers : list of DevScorer
        The caller's scorer on the held-out rows of each fold; empty if their cost is
        the score.
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
        self.best: Look | None = None
        self.n_stalled = 0
        self.has_diverged = False

    @property
    def look(self) -> Look:
        """The best checkpoint; there is one, or all candidates are refused."""
        assert self.best is not None
        return self.best

    def take_in(
        self,
        n_steps: int,
        logits: list[np.ndarray | None],
        thetas: list[np.ndarray],
        tol: float,
        calibrates: bool,
    ) -> None:
        """Judge a checkpoint; logits are None where training has diverged.

        The θ are copies: by now, some networks may be further on.
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
            self.best = Look(n_steps, score, seen, thetas)

    def pack(self, with_nets: bool) -> dict[str, Any]:
        """Return what it has reached, as numbers, arrays and generators."""
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

    def go_on_from(self, plain: dict[str, Any]) -> None:
        """Be where a contender with the same networks was when it was packed."""
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
            self.best = Look(best["n_steps"], score, best["logits"], best["thetas"])
        if plain["nets"] is not None:
            for net, packed in zip(self.nets, plain["nets"], strict=True):
                net.go_on_from(packed)

    def _score(
        self, logits: list[np.ndarray], thetas: list[np.ndarray], calibrates: bool
    ) -> Score:
        """Return the pooled cost after one temperature, or the caller's score."""
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
    """Return the contender with the best checkpoint."""
    seen = [contender for contender in contenders if contender.best is not None]
    return min(seen, key=lambda contender: contender.look.score.value)


def scores_of(contenders: list[Contender], steps: np.ndarray) -> dict[str, Any]:
    """Return the fitted attributes that tell of all candidates at all checkpoints."""
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


def said_of_held_out(
    best: Contender,
    folds: list[Fold],
    n_rows: int | None,
    said: Callable[[Model, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return what each row was said to be by networks that had not seen it.

    A row that was held out several times has the average, one that never was has NaN.
    Without `n_rows`, the rows are those of X_val.
    """
    beta = best.look.score.beta
    parts = [
        np.asarray(said(net.model, Z.dtype.type(beta) * Z), np.float64)
        for net, Z in zip(best.nets, best.look.logits, strict=True)
    ]
    if n_rows is None:
        return parts[0]
    total, counts = np.zeros((n_rows, *parts[0].shape[1:])), np.zeros(n_rows)
    for fold, values in zip(folds, parts, strict=True):
        np.add.at(total, fold.held_out, values)
        np.add.at(counts, fold.held_out, 1)
    with np.errstate(invalid="ignore"):
        return (total.T / counts).T
