"""The refit: training the members on all rows for the best number of steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from skdnn.cross_validated.choice import Choice
from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.members import Members
from skdnn.cross_validated.nets import End, Leg, NetInTraining
from skdnn.cross_validated.workers import Workers


class Refit:
    """The training of the members.

    Parameters
    ----------
    nets : list of NetInTraining
        The networks, which are trained in place.
    checkpoints : ndarray of int
        Numbers of steps up to the chosen one; J is recorded at each.

    Attributes
    ----------
    n_checkpoints : int
        Number of checkpoints passed so far.
    """

    def __init__(self, nets: list[NetInTraining], checkpoints: np.ndarray):
        self.nets, self.checkpoints, self.n_checkpoints = nets, checkpoints, 0

    @property
    def n_steps(self) -> int:
        """Number of steps at the most recent checkpoint."""
        if not self.n_checkpoints:
            return 0
        return int(self.checkpoints[self.n_checkpoints - 1])

    @property
    def is_over(self) -> bool:
        """Whether the chosen number of steps is reached."""
        return self.n_checkpoints == len(self.checkpoints)

    def run(
        self, workers: Workers, on_checkpoint: Callable[[], Any] | None = None
    ) -> None:
        """Train to the end.

        Parameters
        ----------
        workers : Workers
            They train several networks in parallel.
        on_checkpoint : callable, optional
            Called at each checkpoint. If given, networks wait for each other there.

        Raises
        ------
        ValueError
            If J of a network is not finite.
        """
        while not self.is_over:
            last = None if on_checkpoint is None else self.n_checkpoints + 1
            steps = self.checkpoints[self.n_checkpoints : last].tolist()
            self._advance(workers, steps)
            self.n_checkpoints += len(steps)
            if on_checkpoint is not None:
                on_checkpoint()

    def _advance(self, workers: Workers, steps: list[int]) -> None:
        """Train up to the last of these numbers of steps.

        With threads, networks take turns, one checkpoint at a time, so that all threads
        finish at about the same time.
        """
        n_at_once = 1 if workers.share_memory else len(steps)
        left = {id(net): steps[n_at_once:] for net in self.nets}

        def follow(leg: Leg, end: End) -> list[Leg]:
            is_finite, _ = end
            if not is_finite:
                raise ValueError(
                    "Training on all rows diverged, although it did not diverge on the "
                    "folds. Lower learning_rate_init="
                    f"{leg.net.estimator.learning_rate_init}, or set max_grad_norm."
                )
            further = left[id(leg.net)][:n_at_once]
            left[id(leg.net)] = left[id(leg.net)][n_at_once:]
            return [Leg(leg.net, further)] if further else []

        workers.advance([Leg(net, steps[:n_at_once]) for net in self.nets], follow)

    def pack(self) -> dict[str, Any]:
        """Return the state as numbers, arrays and generators."""
        nets = [net.pack() for net in self.nets]
        return {"n_looks": self.n_checkpoints, "nets": nets}  # keys of files

    def resume(self, plain: dict[str, Any]) -> None:
        """Restore the packed state of the training of the same networks."""
        self.n_checkpoints = plain["n_looks"]
        for net, packed in zip(self.nets, plain["nets"], strict=True):
            net.resume(packed)


def members_of_all_rows(
    choice: Choice,
    best: Contender,
    checkpoints: np.ndarray,
    workers: Workers,
    begin: Callable[[Refit], None],
    on_checkpoint: Callable[[], Any] | None,
) -> Members:
    """Train the members on all rows for the best number of steps.

    Parameters
    ----------
    choice : Choice
        The data and settings of the fit.
    best : Contender
        The chosen candidate.
    checkpoints : ndarray of int
        The whole grid of checkpoints.
    workers : Workers
        They train several networks in parallel.
    begin : callable (refit)
        Called before training; may restore a saved state.
    on_checkpoint : callable, optional
        As in `Refit.run`.
    """
    snapshot = best.snapshot
    nets, preprocessors = choice.members(best.candidate)
    refit = Refit(nets, checkpoints[checkpoints <= snapshot.n_steps])
    begin(refit)
    refit.run(workers, on_checkpoint)
    thetas = [net.model.theta for net in nets]
    beta = snapshot.score.beta
    return Members.of(nets, thetas, snapshot.n_steps, beta, preprocessors)
