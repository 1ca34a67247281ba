r"""SciPy's L-BFGS, on the same objective and the same θ.

The L1 penalty is not differentiable, so with it the weights are split into two
non-negative parts, :math:`W = W^+ - W^-` and
:math:`\|W\|_1 = \sum (W^+ + W^-)`: a smooth problem with bounds, which L-BFGS-B solves
with exact zeros (C. Zhu et al., "Algorithm 778: L-BFGS-B", 1997). The cost is twice as
many weights.
"""

import time

import numpy as np
from scipy import optimize

from skdnn.network.compile_time import compile_seconds
from skdnn.network.objective import Objective
from skdnn.network.segments import per_parameter
from skdnn.training.history import EpochRecord, Outcome
from skdnn.training.loop import Evaluate, OnEpoch
from skdnn.training.stopping import (
    CALLBACK,
    CONVERGED,
    DIVERGED,
    EARLY_STOPPING,
    INTERRUPTED,
    LINE_SEARCH,
    MAX_FUN,
    MAX_ITER,
    Monitor,
)


def minimize_lbfgs(
    theta: np.ndarray,
    objective: Objective,
    monitor: Monitor,
    *,
    tol: float,
    max_iterations: int,
    max_evaluations: int,
    evaluate: Evaluate | None = None,
    on_epoch: OnEpoch | None = None,
    epochs_before: int = 0,
) -> tuple[np.ndarray, Outcome]:
    """Return a minimum of J and how it was reached.

    The search has converged when no component of the projected gradient is larger than
    `tol`. With `evaluate`, the dev set is evaluated after each iteration; a monitor
    that follows it may stop earlier. Iterations are counted from `epochs_before` on.

    A search that finds no J lower than at its start counts as one iteration that stays
    there, so that the history has its cost.

    An interrupt (Ctrl-C) ends the search at the last full iteration; before the end of
    the first it is raised again.
    """
    form = _SplitForm(objective) if objective.penalty.l1 else _Plain(objective)
    outcome = Outcome()
    began, compiled, last = time.perf_counter(), compile_seconds(), theta

    def after_iteration(intermediate_result: optimize.OptimizeResult) -> None:
        x, J = intermediate_result.x, intermediate_result.fun
        if not np.isfinite(J) or record_iteration(x, J):
            raise StopIteration

    def record_iteration(x: np.ndarray, J: float) -> bool:
        nonlocal began, compiled, last
        at = form.theta(x.copy())
        dev = evaluate(at) if evaluate else None
        compiling = compile_seconds() - compiled
        seconds = time.perf_counter() - began - compiling
        began, compiled = time.perf_counter(), compile_seconds()
        epoch = epochs_before + len(outcome.history) + 1
        record = EpochRecord(epoch, J, 1.0, seconds, dev, compiling)
        last = at
        outcome.history.append(record)
        is_over = monitor.follows_dev and monitor.update(record, at)
        told_to_stop = on_epoch(record, at.astype(theta.dtype)) if on_epoch else False
        if is_over or told_to_stop:
            outcome.reason = EARLY_STOPPING if is_over else CALLBACK
        return bool(is_over or told_to_stop)

    try:
        result = optimize.minimize(
            form.value_and_gradient,
            form.start(theta.astype(np.float64)),
            jac=True,
            method="L-BFGS-B",
            bounds=form.bounds(),
            callback=after_iteration,
            options={
                "maxiter": max_iterations,
                "maxfun": max_evaluations,
                "gtol": tol,
                # Stop by the gradient: J flattens long before the weights have settled.
                "ftol": 64 * np.finfo(np.float64).eps,
            },
        )
    except KeyboardInterrupt as interrupt:
        if not outcome.history:
            raise
        outcome.reason, outcome.interrupted_by = INTERRUPTED, interrupt
        return np.asarray(last, dtype=theta.dtype), outcome
    reason, best = outcome.reason, form.theta(result.x)
    if reason == MAX_ITER:  # SciPy stopped of its own accord
        reason = _reason(result, max_iterations)
    is_finite = np.isfinite(result.fun) and np.all(np.isfinite(best))
    if is_finite and not outcome.history:
        record_iteration(result.x, result.fun)
    outcome.reason, outcome.message = reason, str(result.message)
    if not is_finite:
        outcome.reason = DIVERGED
        outcome.diverged_at = epochs_before + len(outcome.history) + 1
        best = last
    return np.asarray(best, dtype=theta.dtype), outcome


def _reason(result: optimize.OptimizeResult, max_iterations: int) -> str:
    """Return why SciPy stopped, as a code of training/stopping.py."""
    if result.status == 0:
        return CONVERGED
    if result.status == 2:
        return LINE_SEARCH
    return MAX_ITER if result.nit >= max_iterations else MAX_FUN


class _Plain:
    """The problem in θ itself."""

    def __init__(self, objective: Objective):
        self._objective = objective

    def start(self, theta):
        return theta

    def theta(self, x):
        return x

    def bounds(self):
        return None

    def value_and_gradient(self, x):
        cost, gradient = self._objective.value_and_gradient(x)
        return cost.total, gradient


class _SplitForm:
    """The problem in (W⁺, W⁻, b) with W⁺, W⁻ ≥ 0; b is all of θ without L1 penalty."""

    def __init__(self, objective: Objective):
        factor = per_parameter(objective.network.segments, "l1")
        self._has_l1 = factor > 0
        self._factor, self._l1 = factor[self._has_l1], objective.penalty.l1
        self._smooth = objective.without_l1()
        self._n = self._factor.size

    def start(self, theta):
        W, b = theta[self._has_l1], theta[~self._has_l1]
        return np.concatenate([np.maximum(W, 0), np.maximum(-W, 0), b])

    def theta(self, x):
        n, theta = self._n, np.empty(self._has_l1.size)
        theta[self._has_l1], theta[~self._has_l1] = x[:n] - x[n : 2 * n], x[2 * n :]
        return theta

    def bounds(self):
        n_free = self._has_l1.size - self._n
        lower = np.concatenate([np.zeros(2 * self._n), np.full(n_free, -np.inf)])
        return optimize.Bounds(lower, np.inf)

    def value_and_gradient(self, x):
        n, l1 = self._n, self._l1 * self._factor
        cost, gradient = self._smooth.value_and_gradient(self.theta(x))
        dW, db = gradient[self._has_l1], gradient[~self._has_l1]
        norm = float(np.sum(np.tile(self._factor, 2) * x[: 2 * n]))
        value = cost.total + self._l1 * norm
        return value, np.concatenate([dW + l1, l1 - dW, db])
