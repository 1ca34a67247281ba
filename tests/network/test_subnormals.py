"""Subnormal numbers: flushed to zero in programs, and nowhere else."""

import threading

import numpy as np
import pytest

from skdnn.network.layers.dense import add_biases
from skdnn.network.program import LOGITS, THETA
from skdnn.training.epoch import Variables
from skdnn.training.optimizers import Regularization
from tests.problems import DTYPES, make_problem, rule_of
from tests.programs import run, train_block

PLAIN = Regularization(0.0, 0.0, np.inf, np.inf)
# Far below the smallest normal number of each type, but not zero.
TINY = {np.float32: np.float32(1e-41), np.float64: np.float64(1e-311)}


def added(x):
    """Return x + x, as a program computes it."""
    Z = np.full((3, 5), x)
    run(add_biases, {LOGITS: Z, THETA: Z[0].copy()}, {"rows": 3}, Z=LOGITS, n_out=5)
    return Z


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_program_flushes_them_to_zero(dtype):
    assert not added(TINY[dtype]).any()
    least = np.finfo(dtype).tiny
    assert (added(least) == 2 * least).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("poison", [0.0, np.nan], ids=["trained", "diverged"])
def test_the_thread_keeps_them_afterwards(poison, dtype):
    def train_and_add():
        problem = make_problem(dtype=dtype)
        problem.X[5] += poison
        theta = problem.theta.copy()
        variables = Variables(theta, *np.zeros((2, theta.size), dtype), theta[:0], 0, 0)
        block, keep = problem.block([0, 12]), (1, 1, 1)
        arguments = problem.network, rule_of("adam"), PLAIN, block, [0.1], keep
        _, finite, _ = train_block(*arguments, variables)
        assert finite == (poison == 0)
        found.append(np.add(np.full(7, TINY[dtype]), TINY[dtype]))

    found: list[np.ndarray] = []
    train_and_add()
    thread = threading.Thread(target=train_and_add)
    thread.start()
    thread.join()
    assert len(found) == 2
    assert all((sums > 0).all() for sums in found)
