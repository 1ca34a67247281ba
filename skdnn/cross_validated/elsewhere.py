"""Networks trained by the workers of a joblib backend: Dask, Ray, processes.

A network goes there once, with its rows; then each job carries what its training has
reached, and brings it back moved on. A worker that does not have the network, since it
is new or another one had it before, says so, and is sent it. So what a worker keeps
saves time and decides nothing: one that is lost does no harm.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from joblib import Parallel, delayed, parallel_config

from skdnn.cross_validated.nets import End, Leg, NetInTraining, go
from skdnn.training.tables import Examples
from skdnn.training.threads import one_blas_thread

# Networks of the fit that this process has last worked for, by fit and number.
_kept: dict[tuple[str, int], tuple[NetInTraining, Examples | None]] = {}
_lock = threading.Lock()


class Done(NamedTuple):
    """What comes back."""

    reached: dict[str, Any]
    is_finite: bool
    logits: np.ndarray | None


def go_here(
    fit: str,
    number: int,
    reached: dict[str, Any],
    steps: Sequence[int],
    sent: tuple[NetInTraining, Examples | None] | None,
) -> Done | None:
    """Move a network on; None if it has to be sent first.

    Parameters
    ----------
    fit, number
        Name the network. Those of other fits are forgotten.
    reached : dict
        What its training has reached.
    steps : sequence of int
        The checkpoints up to which it is moved.
    sent : (NetInTraining, Examples or None), optional
        The network with its rows, and the held-out ones.
    """
    with _lock:
        for key in [key for key in _kept if key[0] != fit]:
            del _kept[key]
        # It is taken out: a job that fails half-way leaves nothing behind.
        kept = _kept.pop((fit, number), sent)
    if kept is None:
        return None
    net, held_out = kept
    if net.n_steps != reached["state"]["optimizer"]["t"]:
        net.go_on_from(reached)
    with one_blas_thread():
        is_finite, logits = go(Leg(net, steps, held_out))
    with _lock:
        _kept[fit, number] = kept
    return Done(net.pack(), is_finite, logits)


class Elsewhere:
    """Moves networks on by the workers of the joblib backend that is active.

    Parameters
    ----------
    n_jobs : int or None
        As of joblib's Parallel.
    """

    def __init__(self, n_jobs: int | None):
        # Arrays that joblib maps from a file are read-only: to read these, all would be
        # compiled once more.
        self._parallel = Parallel(
            n_jobs, batch_size=1, pre_dispatch="all", max_nbytes=None
        )
        self._open = ExitStack()
        self._fit, self._numbers, self._was_sent = "", dict[int, int](), set[int]()

    def __enter__(self) -> "Elsewhere":
        """Have workers stay between calls.

        Whatever else is done by joblib meanwhile, in a ColumnTransformer, say, is done
        by the caller's thread: it would end these workers when it is over.
        """
        self._open.enter_context(self._parallel)
        self._open.enter_context(parallel_config("sequential", n_jobs=1))
        return self

    def __exit__(self, *error) -> None:
        """Let them go."""
        self._open.__exit__(*error)

    def go(self, legs: list[Leg]) -> list[End]:
        """Move networks on, in place; return what `nets.go` says of each."""
        if any(id(leg.net) not in self._numbers for leg in legs):
            self._fit, self._was_sent = uuid4().hex, set()
            self._numbers = {id(leg.net): k for k, leg in enumerate(legs)}
        new = [id(leg.net) not in self._was_sent for leg in legs]
        done = self._answers(legs, new)
        missing = [k for k, answer in enumerate(done) if answer is None]
        if missing:
            again = self._answers([legs[k] for k in missing], [True] * len(missing))
            done = [*done]
            for k, answer in zip(missing, again, strict=True):
                done[k] = answer
        ends = []
        for leg, answer in zip(legs, done, strict=True):
            assert answer is not None  # it was sent the network
            leg.net.go_on_from(answer.reached)
            ends.append((answer.is_finite, answer.logits))
        return ends

    def _answers(self, legs: list[Leg], send: list[bool]) -> list[Done | None]:
        jobs = []
        for (net, steps, held_out), sends in zip(legs, send, strict=True):
            sent = (net, held_out) if sends else None
            number = self._numbers[id(net)]
            jobs.append(delayed(go_here)(self._fit, number, net.pack(), steps, sent))
            self._was_sent.add(id(net))
        return self._parallel(jobs)
