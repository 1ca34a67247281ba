"""Single kernels and steps, called as functions of arrays."""

import numpy as np

from skdnn.network.activations import ON_LAYERS
from skdnn.network.dropout import drop as drop_kernel
from skdnn.network.dropout import drop_inputs as drop_inputs_kernel
from skdnn.network.losses import ON_BATCHES, loss_scratch_size
from skdnn.network.program import (
    DROPPED,
    HIDDEN,
    LOGITS,
    LOSS,
    THETA,
    Frame,
    Program,
    S,
    X,
    Y,
    operation,
)
from skdnn.training.averaging import OFF
from skdnn.training.epoch import StepProgram, Variables
from skdnn.training.given_gradient import take_step


def run(kernel, arrays, facts, **fields):
    """Run one operation on arrays by place; return the batch's facts afterwards."""
    dtype = next(iter(arrays.values())).dtype
    frame = Frame(dtype, 1)
    for place, array in arrays.items():
        frame.put(place, array, array.dtype)
    frame.set(**facts)
    frame.run(Program([operation(kernel, **fields)]))
    return frame.now[0]


def activate(name, Z, b, G, g_rows=0):
    """Turn Z into g(Z + b), in place, and write the derivative to G."""
    arrays = {HIDDEN: Z, HIDDEN + 1: G, THETA: b}
    sizes = {"n_out": Z.shape[1], "g_rows": g_rows}
    run(ON_LAYERS[name], arrays, {"rows": len(Z)}, Z=HIDDEN, G=HIDDEN + 1, **sizes)


def loss_and_gradient(name, Z, Y_, s, scale, option=0.0):
    """Return scale · Σ sᵢ ℓᵢ; Z becomes its gradient."""
    scratch = np.empty(loss_scratch_size(*Z.shape), Z.dtype)
    arrays = {LOGITS: Z, Y: Y_, S: s, LOSS: scratch}
    facts = {"rows": len(Z), "n_targets": Y_.shape[1], "scale": scale}
    sizes = {"n_out": Z.shape[1], "option": option}
    return run(ON_BATCHES[name], arrays, facts, Z=LOGITS, **sizes)["value"]


def _mask(seed, step):
    return {"seed": int(np.uint64(seed).astype(np.int64)), "step": step}


def drop(A, G, keep_prob, seed, step, layer):
    """Drop units of A and G in place."""
    facts = {"rows": len(A), **_mask(seed, step)}
    places = {"Z": HIDDEN, "G": HIDDEN + 1}
    sizes = {"n_out": A[0].size, "layer": layer, "keep_prob": keep_prob}
    run(drop_kernel, {HIDDEN: A, HIDDEN + 1: G}, facts, **places, **sizes)


def drop_inputs(inputs, out, keep_prob, seed, step):
    """Write inputs with dropped entries to `out`."""
    facts = {"rows": len(inputs), **_mask(seed, step)}
    sizes = {"n_in": inputs.shape[1], "keep_prob": keep_prob}
    run(drop_inputs_kernel, {X: inputs, DROPPED: out}, facts, **sizes)


def update(rule, network, theta, grad, m, v, rate, t, extra):
    """Take step t, counted from 1, with this gradient."""
    variables = Variables(theta, m, v, np.empty(0, theta.dtype), t - 1, 0)
    take_step(network, rule, extra, OFF, variables, grad, rate)


def train_block(
    network,
    rule,
    extra,
    block,
    rates,
    keep_prob,
    variables,
    *,
    seed=3,
    averaging=OFF,
    batch_rows=None,
    is_sparse=False,
):
    """Take the steps of a block; return the total cost, whether it is finite, and ∇."""
    steps = StepProgram(
        network,
        rule,
        extra,
        averaging,
        np.array(keep_prob, dtype=np.float64),
        variables.theta.dtype,
        batch_rows=batch_rows or int(np.diff(block.bounds).max()),
        n_targets=block.Y.shape[1],
        is_sparse=is_sparse,
        gathers=block.rows.size > 0,
    )
    rates = np.array(rates, dtype=np.float64)
    total, finite = steps.run(variables, block, rates, np.uint64(seed))
    return total, finite, steps.grad
