"""The choice: the folds' networks of all candidates advance from look to look.

The networks of a candidate stop together, at the checkpoint where the rows that they
have not seen are predicted best. One number of steps for all folds has a K-th of the
noise of a number for each.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skdnn.cross_validated.candidates import Candidate
from skdnn.cross_validated.members import calibrated
from skdnn.cross_validated.nets import NetInTraining
from skdnn.cross_validated.pooled import HeldOut, inverse_temperature, pooled_cost
from skdnn.cross_validated.workers import Workers
from skdnn.estimators.dev_scoring import DevScorer

# The first checkpoints are a few steps apart: that little changes from one to the next
# says nothing yet.
_PATIENT_UNTIL = 100


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
        tol: float,
        calibrates: bool,
    ) -> None:
        """Judge a checkpoint; logits are None where training has diverged."""
        seen = [Z for Z in logits if Z is not None]
        if len(seen) < len(logits):
            self.has_diverged = True
            return
        score = self._score(seen, calibrates)
        self.scores.append(score)
        if self.best is None:
            before = least = np.inf
        else:
            before = self.best.score.value
            least = before - tol * abs(before)
        self.n_stalled = 0 if score.value < least else self.n_stalled + 1
        if score.value < before or self.best is None:
            thetas = [net.model.theta.copy() for net in self.nets]
            self.best = Look(n_steps, score, seen, thetas)

    def _score(self, logits: list[np.ndarray], calibrates: bool) -> Score:
        """Return the pooled cost after one temperature, or the caller's score."""
        model = self.nets[0].model
        network, beta = model.targets.without_smoothing(model.network), 1.0
        if calibrates:
            beta = inverse_temperature(network, self.held_out, logits)
        if not self.scorers:
            return Score(*pooled_cost(network, self.held_out, logits, beta), beta)
        scores = np.array(
            [
                scorer(calibrated(net.model, beta).theta)
                for scorer, net in zip(self.scorers, self.nets, strict=True)
            ]
        )
        weights = [part.examples.weight for part in self.held_out]
        return Score(-float(np.average(scores, weights=weights)), -scores, beta, -1.0)


def race(
    contenders: list[Contender],
    checkpoints: np.ndarray,
    *,
    tol: float,
    patience: float,
    calibrates: bool,
    workers: Workers,
    on_checkpoint: Callable[[int, list[Contender]], Any],
) -> None:
    """Train until each contender has stalled, diverged or reached the last checkpoint.

    Parameters
    ----------
    contenders : list of Contender
        Changed in place.
    checkpoints : ndarray of int
        The numbers of steps after which to look.
    tol, patience : float
        A contender is over after so many checkpoints in a row without an improvement
        by more than this part of its best score.
    calibrates : bool
        Whether the held-out rows are judged after one temperature.
    workers : Workers
        What trains several networks at once.
    on_checkpoint : callable (n_steps, running) -> bool
        Told of each checkpoint; a true answer ends the race.
    """
    running = list(contenders)
    for n_steps in checkpoints:
        jobs = [
            (net, held_out, int(n_steps))
            for contender in running
            for net, held_out in zip(contender.nets, contender.held_out, strict=True)
        ]
        logits = iter(workers.map(_advance, jobs))
        for contender in running:
            of_folds = [next(logits) for _ in contender.nets]
            contender.take_in(int(n_steps), of_folds, tol, calibrates)
        ends = on_checkpoint(int(n_steps), running)
        goes_on = patience if n_steps >= _PATIENT_UNTIL else np.inf
        running = [c for c in running if c.n_stalled < goes_on and not c.has_diverged]
        if ends or not running:
            return


def _advance(job: tuple[NetInTraining, HeldOut, int]) -> np.ndarray | None:
    """Return the held-out rows' logits after so many steps; None if not finite."""
    net, held_out, n_steps = job
    if not net.advance_to(n_steps):
        return None
    Z = net.logits(held_out.examples)
    return Z if np.isfinite(Z).all() else None


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
