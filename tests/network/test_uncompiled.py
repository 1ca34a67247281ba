"""Every kernel also runs uncompiled, with the same results.

A second Python runs this file with NUMBA_DISABLE_JIT=1; both record the results of each
kernel for the same small problems.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skdnn import (
    CutMix,
    Cutout,
    ElasticDistortion,
    GaussianNoise,
    Mixup,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
)
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.dropout import mask_key
from skdnn.network.exponential import exp, expm1
from skdnn.network.propagation import ForwardWorkspace, cost_and_gradient, logits
from skdnn.training.averaging import Averaging, no_average
from skdnn.training.blocks import TrainingBlock
from skdnn.training.epoch import Variables
from skdnn.training.optimizers import OPTIMIZERS, OptimizerState, Regularization
from skdnn.training.tables import Table
from tests.problems import DTYPES, KINDS, make_problem, rule_of, tolerance
from tests.programs import activate, drop, drop_inputs, loss_and_gradient, train_block

ROOT = Path(__file__).resolve().parents[2]


def exponentials(dtype):
    for x in np.array([-800, -3.3, -1e-5, 0, 0.2, 5, 800], dtype):
        yield f"exp {x}", exp(x)
        yield f"expm1 {x}", expm1(x)


def activations(dtype):
    Z, b = np.linspace(-4, 4, 30).astype(dtype).reshape(10, 3), np.ones(3, dtype)
    for name in ACTIVATIONS:
        A, G = Z.copy(), np.full_like(Z, 77)
        activate(name, A, b, G)
        yield f"a {name}", A
        yield f"da {name}", G


def losses(dtype):
    for kind, (loss, _) in KINDS.items():
        problem = make_problem(kind, weighted=True, dtype=dtype)
        Z = np.random.default_rng(0).normal(size=(12, problem.sizes[-1])) * 10
        Z, Y, s = Z.astype(dtype), problem.Y, problem.s
        yield f"cost {kind}", loss_and_gradient(loss, Z, Y, s, 0.5, 0.1)
        yield f"dZ {kind}", Z


def dropout(dtype):
    key = np.uint64(mask_key(np.uint64(2**63 + 5), 9, 1))
    yield "key", key
    A, G = np.ones((7, 9), dtype), np.full((7, 9), 2, dtype)
    drop(A, G, 0.7, 2**63 + 5, 9, 1)
    yield "dropped", np.concatenate([A, G])
    X = np.empty((7, 9), dtype)
    drop_inputs(A, X, 0.5, 2**63 + 5, 9)
    yield "dropped inputs", X


def augmentation(dtype):
    X = np.random.default_rng(0).random((6, 12)).astype(dtype)
    Y, s, shape = np.eye(6, dtype=dtype), np.ones(6, dtype), (3, 4)
    for augmenter in [
        GaussianNoise(columns=[0, 2, 5]),
        Cutout(5),
        Cutout(2, image_shape=shape),
        Mixup(),
        CutMix(),
        CutMix(image_shape=shape),
        RandomShift(shape, max_shift=1, fill="nearest"),
        RandomResizedCrop(shape),
        RandomRotation(shape, max_angle=40, fill="nearest"),
        ElasticDistortion(shape, alpha=4, sigma=1),
    ]:
        rng = np.random.default_rng(0)
        yield f"{augmenter} X", augmenter.augment(X.copy(), Y, s, rng)[0]


def network(dtype):
    for hidden in [(), (5, 4)]:
        problem = make_problem(hidden=hidden, weighted=True, dtype=dtype)
        grad, out = np.empty_like(problem.theta), np.empty((12, 4), dtype)
        rows = problem.network, problem.theta, problem.X
        work = problem.workspace()
        yield (
            f"cost {len(hidden)}",
            cost_and_gradient(*rows, problem.Y, problem.s, 1 / 12, work, grad),
        )
        yield f"gradient {len(hidden)}", grad
        logits(*rows, out, ForwardWorkspace(problem.network, 12, dtype))
        yield f"logits {len(hidden)}", out


def training(dtype):
    for solver in OPTIMIZERS:
        problem = make_problem(weighted=True, dtype=dtype)
        theta, average = problem.theta.copy(), problem.theta.copy()
        state, order = OptimizerState.start(theta), np.arange(12)[::-1].copy()
        rule = rule_of(solver, nesterov=solver == "sgd")
        cost, finite, _ = train_block(
            problem.network,
            rule,
            Regularization(0.1, 0.05, 1.5, 0.5),
            problem.block([0, 4, 8, 12], rows=order),
            [0.02, 0.03, 0.04],
            [0.9, 0.6, 0.7],
            Variables(theta, state.m, state.v, average, 0, 0),
            averaging=Averaging(True, 0.9),
        )
        yield f"trained {solver}", theta
        yield f"average {solver}", average
        yield f"training cost {solver}", np.array([cost, finite])


def sparse_inputs(dtype):
    """Take steps on sparse rows in reverse order, with input dropout."""
    rng = np.random.default_rng(0)
    problem = make_problem(n_inputs=20, dtype=dtype)
    X = rng.normal(size=(12, 20)) * (rng.uniform(size=(12, 20)) < 0.1)
    table = Table(sparse.csr_array(X), dtype)
    assert table.is_sparse_enough
    theta = problem.theta.copy()
    state, order = OptimizerState.start(theta), np.arange(12)[::-1].copy()
    rows = table.ready, problem.Y, problem.s
    train_block(
        problem.network,
        rule_of("adam", nesterov=False),
        Regularization(0.1, 0.05, np.inf, np.inf),
        TrainingBlock(*rows, False, order, np.array([0, 4, 8, 12])),
        [0.02, 0.03, 0.04],
        [0.8, 1.0, 1.0],
        Variables(theta, state.m, state.v, no_average(dtype), 0, 0),
        is_sparse=True,
    )
    yield "trained", theta
    out = np.empty((12, 4), dtype)
    work = ForwardWorkspace(problem.network, 12, dtype)
    logits(problem.network, theta, table.ready, out, work)
    yield "logits", out


PARTS = [
    exponentials,
    activations,
    losses,
    dropout,
    augmentation,
    network,
    training,
    sparse_inputs,
]


def results():
    """Return the results of each kernel by name."""
    return {
        f"{dtype.__name__} {part.__name__} {name}": np.asarray(value)
        for dtype in DTYPES
        for part in PARTS
        for name, value in part(dtype)
    }


@pytest.fixture(scope="module")
def uncompiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("uncompiled") / "results.npz"
    search = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": search}
    command = [sys.executable, "-W", "error", "-m", "tests.network.test_uncompiled"]
    done = subprocess.run(
        [*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with np.load(path) as found:
        return dict(found)


@pytest.fixture(scope="module")
def compiled():
    return results()


def test_all_kernels_ran(compiled, uncompiled):
    assert set(compiled) == set(uncompiled)
    assert len(compiled) > 100


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_same_results(compiled, uncompiled, part, dtype):
    prefix = f"{dtype.__name__} {part.__name__} "
    names = [name for name in compiled if name.startswith(prefix)]
    assert names
    for name in names:
        if part is dropout:
            assert_array_equal(uncompiled[name], compiled[name], err_msg=name)
        else:
            found, expected = uncompiled[name], compiled[name]
            if part is augmentation:  # noise has float32 precision
                dtype = np.float32
            assert_allclose(found, expected, **tolerance(dtype, 5), err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_types_are_kept(uncompiled, dtype):
    """Uncompiled scalars show whether a kernel mixes types."""
    prefix = f"{dtype.__name__} exponentials "
    kinds = {v.dtype.type for name, v in uncompiled.items() if name.startswith(prefix)}
    assert kinds == {dtype}


if __name__ == "__main__":
    # The hash behind dropout multiplies unsigned numbers modulo 2^32 and 2^64: overflow
    # is intended. Compiled code does not check for it; NumPy's scalars would warn.
    with np.errstate(over="ignore"):
        np.savez(sys.argv[1], **results())
