"""The race of the candidates: their networks train from checkpoint to checkpoint.

Whether a candidate continues depends on all of its networks, but not on other
candidates. Candidates therefore wait for each other only if a callback or `verbose`
needs a common checkpoint. A thread that would be idle trains a network one checkpoint
ahead, provided that its candidate continues whatever the score at the current one is.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.nets import End, Leg, NetInTraining
from skdnn.cross_validated.workers import Workers

# The first checkpoints are only a few steps apart, so a small change between two of
# them does not mean that training has stalled.
_MIN_STEPS_TO_STOP = 100

OnCheckpoint = Callable[[int, list[Contender]], Any]


class Race:
    """The training of all contenders, from checkpoint to checkpoint.

    Parameters
    ----------
    contenders : list of Contender
        The candidates, which are changed in place.
    checkpoints : ndarray of int
        The numbers of steps after which to score.
    tol, patience : float
        A contender stops after `patience` consecutive checkpoints without an
        improvement by more than the fraction `tol` of its best score.
    calibrates : bool
        Whether to score after temperature scaling.

    Attributes
    ----------
    n_checkpoints : int
        Number of checkpoints passed so far.
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
        self.n_checkpoints = 0
        self._tol, self._patience, self._calibrates = tol, patience, calibrates

    @property
    def n_steps(self) -> int:
        """Number of steps at the most recent checkpoint."""
        return (
            int(self.checkpoints[self.n_checkpoints - 1]) if self.n_checkpoints else 0
        )

    @property
    def is_over(self) -> bool:
        """Whether no contender is running any more."""
        return not any(
            self.keeps_running(each, self.n_checkpoints) for each in self.contenders
        )

    def keeps_running(
        self, contender: Contender, n_checkpoints: int, unscored: int = 0
    ) -> bool:
        """Whether a contender continues beyond a checkpoint.

        It continues until it has stalled, diverged or reached the last checkpoint.

        Parameters
        ----------
        contender : Contender
            The contender.
        n_checkpoints : int
            Number of checkpoints that it has passed.
        unscored : int, default=0
            How many of them are not scored yet. The result is then True only if it
            continues whatever their scores are, unless it diverges.
        """
        if contender.has_diverged or n_checkpoints == len(self.checkpoints):
            return False
        n_steps = 0 if n_checkpoints == 0 else self.checkpoints[n_checkpoints - 1]
        is_early = n_steps < _MIN_STEPS_TO_STOP or n_checkpoints == 0
        return is_early or contender.n_stalled + unscored < self._patience

    def run(self, workers: Workers, on_checkpoint: OnCheckpoint | None = None) -> None:
        """Train until each contender has stalled, diverged or reached the end.

        Parameters
        ----------
        workers : Workers
            They train several networks in parallel.
        on_checkpoint : callable (n_steps, ran) -> bool, optional
            Called at each checkpoint with the contenders that have run up to it, before
            any of them continues. The race ends if it returns True.
        """
        if on_checkpoint is None:
            cohorts = [_Cohort(self, [each], None) for each in self.contenders]
        else:
            cohorts = [_Cohort(self, self.contenders, on_checkpoint)]
        cohort_of = {id(net): cohort for cohort in cohorts for net in cohort.nets}

        def follow(leg: Leg, end: End) -> list[Leg]:
            cohort = cohort_of[id(leg.net)]
            cohort.arrive(leg.net, end)
            return cohort.next_legs()

        def ahead() -> Leg | None:
            return next(filter(None, (cohort.leg_ahead() for cohort in cohorts)), None)

        legs = [leg for cohort in cohorts for leg in cohort.next_legs()]
        workers.advance(legs, follow, ahead)
        for cohort in cohorts:
            cohort.end()

    def judge(
        self,
        contender: Contender,
        n_steps: int,
        ends: list[End],
        thetas: list[np.ndarray],
    ) -> None:
        """Have a contender record the results of its networks at a checkpoint."""
        logits = [Z if is_finite else None for is_finite, Z in ends]
        contender.record(n_steps, logits, thetas, self._tol, self._calibrates)

    def pack(self, with_nets: bool) -> dict[str, Any]:
        """Return the state as numbers, arrays and generators.

        `with_nets` includes the networks of the folds, which the refit does not need.
        """
        return {
            "n_looks": self.n_checkpoints,  # the key in files since 0.2.0
            "contenders": [each.pack(with_nets) for each in self.contenders],
        }

    def resume(self, plain: dict[str, Any]) -> None:
        """Restore the packed state of a race of the same contenders."""
        self.n_checkpoints = plain["n_looks"]
        for each, packed in zip(self.contenders, plain["contenders"], strict=True):
            each.resume(packed)


class _Cohort:
    """Contenders that wait for each other at each checkpoint.

    Parameters
    ----------
    race : Race
        The race; its `n_checkpoints` becomes that of the cohort that runs longest.
    contenders : list of Contender
        The members of the cohort.
    on_checkpoint : callable or None
        As in `Race.run`. If given, no network trains ahead.
    """

    def __init__(
        self,
        race: Race,
        contenders: list[Contender],
        on_checkpoint: OnCheckpoint | None,
    ):
        self._race, self._contenders = race, contenders
        self._on_checkpoint = on_checkpoint
        self.nets = [net for contender in contenders for net in contender.nets]
        self._n_checkpoints, self._is_ended = race.n_checkpoints, False
        # By network: the number of checkpoints that it has passed or is training for;
        # its results at those not scored yet; its state before it trained ahead.
        self._begun = {id(net): race.n_checkpoints for net in self.nets}
        self._seen: dict[tuple[int, int], tuple[End, np.ndarray]] = {}
        self._before: dict[int, dict[str, Any]] = {}

    def arrive(self, net: NetInTraining, end: End) -> None:
        """Store the result of a network's last leg."""
        theta = net.model.theta.copy()
        self._seen[id(net), self._begun[id(net)]] = end, theta

    def next_legs(self) -> list[Leg]:
        """Score the checkpoints that all have reached; return the legs to start."""
        while running := self._running:
            checkpoint = self._n_checkpoints + 1
            nets = [net for contender in running for net in contender.nets]
            if not all((id(net), checkpoint) in self._seen for net in nets):
                return [
                    self._leg(contender, k)
                    for contender in running
                    for k, net in enumerate(contender.nets)
                    if self._begun[id(net)] < checkpoint
                ]
            self._judge(running)
        return []

    def leg_ahead(self) -> Leg | None:
        """Return a leg that will be needed, though its contender is not scored yet."""
        if self._on_checkpoint is not None:
            return None
        checkpoint = self._n_checkpoints + 1
        for contender in self._running:
            if not self._race.keeps_running(contender, checkpoint, unscored=1):
                continue
            for k, net in enumerate(contender.nets):
                seen = self._seen.get((id(net), checkpoint))
                is_ahead = self._begun[id(net)] > checkpoint
                if seen is None or is_ahead or not seen[0][0]:
                    continue
                self._before[id(net)] = net.copied()
                return self._leg(contender, k)
        return None

    def end(self) -> None:
        """Restore networks that are ahead of a checkpoint where another diverged."""
        for net in self.nets:
            if id(net) in self._before:
                net.resume(self._before[id(net)])

    @property
    def _running(self) -> list[Contender]:
        if self._is_ended:
            return []
        keeps_running, n_checkpoints = self._race.keeps_running, self._n_checkpoints
        return [each for each in self._contenders if keeps_running(each, n_checkpoints)]

    def _leg(self, contender: Contender, k: int) -> Leg:
        net = contender.nets[k]
        n_steps = int(self._race.checkpoints[self._begun[id(net)]])
        self._begun[id(net)] += 1
        return Leg(net, [n_steps], contender.held_out[k].examples)

    def _judge(self, running: list[Contender]) -> None:
        self._n_checkpoints += 1
        n_steps = int(self._race.checkpoints[self._n_checkpoints - 1])
        for contender in running:
            nets = [id(net) for net in contender.nets]
            seen = [self._seen.pop((net, self._n_checkpoints)) for net in nets]
            ends, thetas = [end for end, _ in seen], [theta for _, theta in seen]
            self._race.judge(contender, n_steps, ends, thetas)
            if not contender.has_diverged:
                for net in nets:
                    self._before.pop(net, None)
        self._race.n_checkpoints = max(self._race.n_checkpoints, self._n_checkpoints)
        if self._on_checkpoint is not None:
            self._is_ended = bool(self._on_checkpoint(n_steps, running))
