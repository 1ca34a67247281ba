"""Training networks on the workers of a joblib backend: Dask, Ray, processes.

A network is sent to a worker once, with its rows. After that, each job sends only its
training state, and returns the state after further steps. A worker that does not have
the network, because it is new or another one had it before, reports this and is sent
the network. What a worker keeps therefore only saves time: losing a worker does no
harm.
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from joblib import Parallel, delayed, parallel_config

from skdnn.cross_validated.nets import End, Leg, NetInTraining, run_leg
from skdnn.training.tables import Examples
from skdnn.training.threads import one_blas_thread

# The networks of the most recent fit in this process, by fit and number.
_kept: dict[tuple[str, int], tuple[NetInTraining, Examples | None]] = {}
_lock = threading.Lock()


class Done(NamedTuple):
    """The result of a job."""

    progress: dict[str, Any]  # the packed training state
    is_finite: bool
    logits: np.ndarray | None


def run_leg_here(
    fit: str,
    number: int,
    progress: dict[str, Any],
    steps: Sequence[int],
    sent: tuple[NetInTraining, Examples | None] | None,
) -> Done | None:
    """Train a network on this worker; return None if it has to be sent first.

    Parameters
    ----------
    fit, number
        Identify the network. Networks of other fits are dropped.
    progress : dict
        Its packed training state.
    steps : sequence of int
        The checkpoints up to which it is trained.
    sent : (NetInTraining, Examples or None), optional
        The network with its training rows, and the held-out rows.
    """
    with _lock:
        for key in [key for key in _kept if key[0] != fit]:
            del _kept[key]
        # Popped, so that a job that fails midway leaves no half-trained network.
        kept = _kept.pop((fit, number), sent)
    if kept is None:
        return None
    net, held_out = kept
    if net.n_steps != progress["state"]["optimizer"]["t"]:
        net.resume(progress)
    with one_blas_thread():
        is_finite, logits = run_leg(Leg(net, steps, held_out))
    with _lock:
        _kept[fit, number] = kept
    return Done(net.pack(), is_finite, logits)


class BackendWorkers:
    """Trains networks on the workers of the active joblib backend.

    Parameters
    ----------
    n_jobs : int or None
        As in :class:`joblib.Parallel`.
    """

    def __init__(self, n_jobs: int | None):
        # No memory mapping: mapped arrays are read-only, which is another type for
        # Numba, so everything would be compiled again.
        self._parallel = Parallel(
            n_jobs, batch_size=1, pre_dispatch="all", max_nbytes=None
        )
        self._open = ExitStack()
        self._fit, self._numbers, self._was_sent = "", dict[int, int](), set[int]()

    def __enter__(self) -> "BackendWorkers":
        """Keep the workers alive between calls.

        Any other use of joblib meanwhile, such as in a ColumnTransformer, runs in the
        caller's thread, because it would shut these workers down at its end.
        """
        self._open.enter_context(self._parallel)
        self._open.enter_context(parallel_config("sequential", n_jobs=1))
        return self

    def __exit__(self, *error) -> None:
        """Release the workers."""
        self._open.__exit__(*error)

    def advance(self, legs: list[Leg]) -> list[End]:
        """Train networks in place; return the result of `nets.run_leg` for each."""
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
            assert answer is not None  # the worker was sent the network
            leg.net.resume(answer.progress)
            ends.append((answer.is_finite, answer.logits))
        return ends

    def _answers(self, legs: list[Leg], send: list[bool]) -> list[Done | None]:
        jobs = []
        for (net, steps, held_out), sends in zip(legs, send, strict=True):
            sent = (net, held_out) if sends else None
            number = self._numbers[id(net)]
            jobs.append(
                delayed(run_leg_here)(self._fit, number, net.pack(), steps, sent)
            )
            self._was_sent.add(id(net))
        return self._parallel(jobs)
