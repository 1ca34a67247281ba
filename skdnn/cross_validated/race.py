"""The choice: the folds' networks of all candidates advance from look to look.

A candidate needs all of its networks at a checkpoint to know whether it goes on; of
other candidates it needs nothing. So they wait for each other only where somebody is
told of each checkpoint. A thread that would be idle meanwhile takes a network one
checkpoint further, if that will be wanted whatever its candidate's score is now.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.nets import End, Leg, NetInTraining
from skdnn.cross_validated.workers import Workers

# The first checkpoints are a few steps apart: that little changes from one to the next
# says nothing yet.
_PATIENT_UNTIL = 100

OnCheckpoint = Callable[[int, list[Contender]], Any]


class Race:
    """The training of all contenders, from checkpoint to checkpoint.

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

    Attributes
    ----------
    n_looks : int
        The checkpoints so far.
    """

    def __init__(
        self,
        contenders: list[Contender],
        checkpoints: np.ndarray,
        *,
        tol: float,
        patience: float,
        calibrates: bool,
    ):
        self.contenders, self.checkpoints = contenders, checkpoints
        self.n_looks = 0
        self._tol, self._patience, self._calibrates = tol, patience, calibrates

    @property
    def n_steps(self) -> int:
        """The steps up to the last checkpoint."""
        return int(self.checkpoints[self.n_looks - 1]) if self.n_looks else 0

    @property
    def is_over(self) -> bool:
        """Whether nobody runs, or the last checkpoint is reached."""
        return not any(self.goes_on(each, self.n_looks) for each in self.contenders)

    def goes_on(self, contender: Contender, n_looks: int, unseen: int = 0) -> bool:
        """Whether a contender trains beyond so many checkpoints.

        It does until it has stalled, diverged or reached the end.

        Parameters
        ----------
        contender : Contender
        n_looks : int
            The checkpoints that it has passed.
        unseen : int, default=0
            How many of them are not judged yet: it is sure to go on, if it does not
            diverge.
        """
        if contender.has_diverged or n_looks == len(self.checkpoints):
            return False
        is_early = n_looks == 0 or self.checkpoints[n_looks - 1] < _PATIENT_UNTIL
        return is_early or contender.n_stalled + unseen < self._patience

    def run(self, workers: Workers, on_checkpoint: OnCheckpoint | None = None) -> None:
        """Train until each contender has stalled, diverged or reached the end.

        Parameters
        ----------
        workers : Workers
            What trains several networks at once.
        on_checkpoint : callable (n_steps, ran) -> bool, optional
            Told of each checkpoint, and who ran up to it, before anybody goes on; a
            true answer ends the race.
        """
        if on_checkpoint is None:
            heats = [_Heat(self, [each], None) for each in self.contenders]
        else:
            heats = [_Heat(self, self.contenders, on_checkpoint)]
        heat_of = {id(net): heat for heat in heats for net in heat.nets}

        def follow(leg: Leg, end: End) -> list[Leg]:
            heat = heat_of[id(leg.net)]
            heat.arrive(leg.net, end)
            return heat.next_legs()

        def ahead() -> Leg | None:
            return next(filter(None, (heat.leg_ahead() for heat in heats)), None)

        legs = [leg for heat in heats for leg in heat.next_legs()]
        workers.go_on(legs, follow, ahead)
        for heat in heats:
            heat.end()

    def judge(
        self,
        contender: Contender,
        n_steps: int,
        ends: list[End],
        thetas: list[np.ndarray],
    ) -> None:
        """Have a contender take in what its networks say at a checkpoint."""
        logits = [Z if is_finite else None for is_finite, Z in ends]
        contender.take_in(n_steps, logits, thetas, self._tol, self._calibrates)

    def pack(self, with_nets: bool) -> dict[str, Any]:
        """Return what has been reached, as numbers, arrays and generators.

        The networks of the folds are left out where they are not trained any more.
        """
        return {
            "n_looks": self.n_looks,
            "contenders": [each.pack(with_nets) for each in self.contenders],
        }

    def go_on_from(self, plain: dict[str, Any]) -> None:
        """Be where a race of the same contenders was when it was packed."""
        self.n_looks = plain["n_looks"]
        for each, packed in zip(self.contenders, plain["contenders"], strict=True):
            each.go_on_from(packed)


class _Heat:
    """Contenders that wait for each other at each checkpoint.

    Parameters
    ----------
    race : Race
        Whose checkpoints are counted on, up to those of the longest heat.
    contenders : list of Contender
        Who runs in it.
    on_checkpoint : callable or None
        As of `Race.run`. Where there is one, no network goes ahead.
    """

    def __init__(
        self,
        race: Race,
        contenders: list[Contender],
        on_checkpoint: OnCheckpoint | None,
    ):
        self._race, self._contenders, self._told = race, contenders, on_checkpoint
        self.nets = [net for contender in contenders for net in contender.nets]
        self._n_looks, self._is_ended = race.n_looks, False
        # By the network: the checkpoints that it has passed or is on the way to; what
        # was seen at those not judged yet; what it had reached before it went ahead.
        self._begun = {id(net): race.n_looks for net in self.nets}
        self._seen: dict[tuple[int, int], tuple[End, np.ndarray]] = {}
        self._before: dict[int, dict[str, Any]] = {}

    def arrive(self, net: NetInTraining, end: End) -> None:
        """Take note of what was seen where the last leg of a network has ended."""
        theta = net.model.theta.copy()
        self._seen[id(net), self._begun[id(net)]] = end, theta

    def next_legs(self) -> list[Leg]:
        """Judge the checkpoints that all have reached; return what comes next."""
        while running := self._running:
            look = self._n_looks + 1
            nets = [net for contender in running for net in contender.nets]
            if not all((id(net), look) in self._seen for net in nets):
                return [
                    self._leg(contender, k)
                    for contender in running
                    for k, net in enumerate(contender.nets)
                    if self._begun[id(net)] < look
                ]
            self._judge(running)
        return []

    def leg_ahead(self) -> Leg | None:
        """Return a leg that is wanted, though its contender is not judged yet."""
        if self._told is not None:
            return None
        look = self._n_looks + 1
        for contender in self._running:
            if not self._race.goes_on(contender, look, unseen=1):
                continue
            for k, net in enumerate(contender.nets):
                seen = self._seen.get((id(net), look))
                if seen is None or self._begun[id(net)] > look or not seen[0][0]:
                    continue
                self._before[id(net)] = net.copied()
                return self._leg(contender, k)
        return None

    def end(self) -> None:
        """Put back who went ahead of a checkpoint at which another has diverged."""
        for net in self.nets:
            if id(net) in self._before:
                net.go_on_from(self._before[id(net)])

    @property
    def _running(self) -> list[Contender]:
        if self._is_ended:
            return []
        goes_on, n_looks = self._race.goes_on, self._n_looks
        return [each for each in self._contenders if goes_on(each, n_looks)]

    def _leg(self, contender: Contender, k: int) -> Leg:
        net, look = contender.nets[k], self._begun[id(contender.nets[k])]
        self._begun[id(net)] = look + 1
        n_steps = int(self._race.checkpoints[look])
        return Leg(net, [n_steps], contender.held_out[k].examples)

    def _judge(self, running: list[Contender]) -> None:
        self._n_looks += 1
        n_steps = int(self._race.checkpoints[self._n_looks - 1])
        for contender in running:
            nets = [id(net) for net in contender.nets]
            seen = [self._seen.pop((net, self._n_looks)) for net in nets]
            ends, thetas = [end for end, _ in seen], [theta for _, theta in seen]
            self._race.judge(contender, n_steps, ends, thetas)
            if not contender.has_diverged:
                for net in nets:
                    self._before.pop(net, None)
        self._race.n_looks = max(self._race.n_looks, self._n_looks)
        if self._told is not None:
            self._is_ended = bool(self._told(n_steps, running))
