"""The training of the members: on all rows, for the number of steps that was best."""

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
        Moved in place.
    checkpoints : ndarray of int
        Numbers of steps up to the one that was chosen: J is noted at each.

    Attributes
    ----------
    n_looks : int
        The checkpoints so far.
    """

    def __init__(self, nets: list[NetInTraining], checkpoints: np.ndarray):
        self.nets, self.checkpoints, self.n_looks = nets, checkpoints, 0

    @property
    def n_steps(self) -> int:
        """The steps up to the last checkpoint."""
        return int(self.checkpoints[self.n_looks - 1]) if self.n_looks else 0

    @property
    def is_over(self) -> bool:
        """Whether the number of steps that was chosen is reached."""
        return self.n_looks == len(self.checkpoints)

    def run(
        self, workers: Workers, on_checkpoint: Callable[[], Any] | None = None
    ) -> None:
        """Train to the end.

        Parameters
        ----------
        workers : Workers
            What trains several networks at once.
        on_checkpoint : callable, optional
            Called after each checkpoint, at which networks then wait for each other.

        Raises
        ------
        ValueError
            If J of a network is not finite.
        """
        while not self.is_over:
            last = None if on_checkpoint is None else self.n_looks + 1
            steps = self.checkpoints[self.n_looks : last].tolist()
            self._advance(workers, steps)
            self.n_looks += len(steps)
            if on_checkpoint is not None:
                on_checkpoint()

    def _advance(self, workers: Workers, steps: list[int]) -> None:
        """Train up to the last of these numbers of steps.

        Threads take turns with the networks, a checkpoint at a time: so they come to an
        end together.
        """
        n_at_once = 1 if workers.are_near else len(steps)
        left = {id(net): steps[n_at_once:] for net in self.nets}

        def follow(leg: Leg, end: End) -> list[Leg]:
            is_finite, _ = end
            if not is_finite:
                raise ValueError(
                    "Training on all rows diverged, though it did not on the folds: "
                    "lower learning_rate_init="
                    f"{leg.net.estimator.learning_rate_init}."
                )
            further = left[id(leg.net)][:n_at_once]
            left[id(leg.net)] = left[id(leg.net)][n_at_once:]
            return [Leg(leg.net, further)] if further else []

        workers.go_on([Leg(net, steps[:n_at_once]) for net in self.nets], follow)

    def pack(self) -> dict[str, Any]:
        """Return what has been reached, as numbers, arrays and generators."""
        nets = [net.pack() for net in self.nets]
        return {"n_looks": self.n_looks, "nets": nets}

    def go_on_from(self, plain: dict[str, Any]) -> None:
        """Be where the training of the same networks was when it was packed."""
        self.n_looks = plain["n_looks"]
        for net, packed in zip(self.nets, plain["nets"], strict=True):
            net.go_on_from(packed)


def members_of_all_rows(
    choice: Choice,
    best: Contender,
    checkpoints: np.ndarray,
    workers: Workers,
    begin: Callable[[Refit], None],
    on_checkpoint: Callable[[], Any] | None,
) -> Members:
    """Train networks on all rows for as many steps as were best.

    Parameters
    ----------
    choice, best
        What was chosen from, and what was chosen.
    checkpoints : ndarray of int
        All numbers of steps after which networks are looked at.
    workers : Workers
        What trains several networks at once.
    begin : callable (refit)
        Told of the training before it begins; may put it where another was.
    on_checkpoint : callable, optional
        As of `Refit.run`.
    """
    look = best.look
    nets, preprocessors = choice.members(best.candidate)
    refit = Refit(nets, checkpoints[checkpoints <= look.n_steps])
    begin(refit)
    refit.run(workers, on_checkpoint)
    thetas = [net.model.theta for net in nets]
    return Members.of(nets, thetas, look.n_steps, look.score.beta, preprocessors)
