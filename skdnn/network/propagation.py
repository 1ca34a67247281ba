r"""Forward and backward propagation.

With samples in rows, A[0] = X, and for l = 1 … L

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and back, from the loss's dZ[L],

.. math::

    dW^{[l]} = A^{[l-1]T} dZ^{[l]}, \quad db^{[l]} = \sum_i dZ^{[l]}_i, \quad
    dZ^{[l-1]} = dZ^{[l]} W^{[l]T} * g'^{[l-1]}(Z^{[l-1]}).

Here these equations become programs (network/program.py); the kernels of a layer are in
its own file. In code, layers count from 0: ``layers[l]`` maps A[l] to Z[l + 1].
"""

from functools import lru_cache

import numpy as np

from skdnn.network.activations import ON_LAYERS
from skdnn.network.architecture import Network
from skdnn.network.dropout import drop
from skdnn.network.inputs import FirstLayer, Inputs, SparseRows, put_inputs
from skdnn.network.layers import dense
from skdnn.network.losses import ON_BATCHES, loss_scratch_size
from skdnn.network.memory import empty_aligned
from skdnn.network.program import (
    D_A,
    DROPPED,
    GRAD,
    HIDDEN,
    LOGITS,
    LOSS,
    THETA,
    W_T,
    Frame,
    Program,
    S,
    X,
    Y,
    operation,
)

# Size of the buffer for derivatives that prediction discards: 16 KB of float32.
_FEW = 4096


def _activations_at(l: int) -> int:
    """Return the place of A[l] for l = 1, …, L - 1; that of g'(Z[l]) is the next."""
    return HIDDEN + 2 * (l - 1)


class Workspace:
    """Buffers of a training step, allocated once for batches of up to `rows` rows.

    Attributes
    ----------
    A : list of ndarray
        The activations of each hidden layer, flat, with room for all rows.
    G : list of ndarray
        Their derivatives g'(Z); the backward pass turns them into dZ.
    Z : ndarray
        The logits, then their gradient.
    frame : Frame
        Binds the buffers for programs.
    """

    def __init__(
        self, network: Network, rows: int, dtype: np.dtype, input_dropout: bool = False
    ):
        n_inputs, *hidden, n_outputs = network.sizes
        self.A = [empty_aligned(rows * n, dtype) for n in hidden]
        self.G = [empty_aligned(rows * n, dtype) for n in hidden]
        self.Z = empty_aligned(rows * n_outputs, dtype)
        self.frame = frame = Frame(dtype, len(hidden))
        for l, (A, G) in enumerate(zip(self.A, self.G, strict=True), start=1):
            frame.put(_activations_at(l), A)
            frame.put(_activations_at(l) + 1, G)
        frame.put(LOGITS, self.Z)
        for place, size in [
            (D_A, rows * max(hidden, default=0)),
            (DROPPED, rows * n_inputs if input_dropout else 0),
            (W_T, dense.SMALL),
            (LOSS, loss_scratch_size(rows, n_outputs)),
        ]:
            frame.put(place, empty_aligned(size, dtype))


def steps_to_cost(
    network: Network, keep_prob: np.ndarray, is_sparse: bool
) -> list[tuple]:
    """Return the operations from X to the cost and dZ[L].

    ``keep_prob[l]`` is the share of A[l] that dropout keeps, 1.0 for all.
    """
    layers = network.layers
    last = len(layers) - 1
    operations: list[tuple] = []
    for l, layer in enumerate(layers):
        fields = dense.fields(layer)
        Z = LOGITS if l == last else _activations_at(l + 1)
        if l == 0:
            first = FirstLayer.of(layer, is_sparse, Z, 0, float(keep_prob[0]))
            operations += first.forward
        else:
            A = _activations_at(l)
            operations.append(operation(dense.times, A=A, Z=Z, **fields))
        if l == last:
            operations.append(operation(dense.add_biases, Z=Z, **fields))
            break
        activate = ON_LAYERS[network.activations[l]]
        operations.append(operation(activate, Z=Z, G=Z + 1, **fields))
        if keep_prob[l + 1] < 1:
            share = float(keep_prob[l + 1])
            operations.append(
                operation(drop, Z=Z, G=Z + 1, layer=l + 1, keep_prob=share, **fields)
            )
    return [*operations, _loss(network.loss, network.loss_option, network.n_outputs)]


def steps_back(network: Network, keep_prob: np.ndarray, is_sparse: bool) -> list[tuple]:
    """Return the operations from dZ[L] to the gradient."""
    layers = network.layers
    last = len(layers) - 1
    operations: list[tuple] = []
    for l in range(last, -1, -1):
        layer, fields = layers[l], dense.fields(layers[l])
        dZ = LOGITS if l == last else _activations_at(l + 1) + 1
        operations.append(operation(dense.bias_gradient, Z=dZ, **fields))
        if l == 0:
            first = FirstLayer.of(layer, is_sparse, 0, dZ, float(keep_prob[0]))
            operations += first.backward
        else:
            A = _activations_at(l)
            is_small = layer["n_in"] * layer["n_out"] <= dense.SMALL
            back = dense.times_small_transposed if is_small else dense.times_transposed
            operations += [
                operation(dense.transposed_times, A=A, Z=dZ, **fields),
                operation(back, Z=dZ, **fields),
                operation(dense.through_activation, G=A + 1, n_out=layer["n_in"]),
            ]
    return operations


def _loss(loss: str, option: float, n_outputs: int) -> tuple:
    return operation(ON_BATCHES[loss], Z=LOGITS, n_out=n_outputs, option=option)


class ForwardWorkspace:
    """Buffers of the forward pass alone, for up to `rows` rows at once.

    The hidden layers alternate between two buffers, so memory does not grow with depth.
    """

    def __init__(self, network: Network, rows: int, dtype: np.dtype):
        size = rows * max(network.sizes[1:-1], default=0)
        even, odd = _activations_at(1), _activations_at(2)
        buffer = np.empty(2 * size + _derivatives_of(network), dtype)
        self.frame = Frame(dtype, 2)
        self.frame.put_parts(
            buffer, {even: 0, odd: size, even + 1: 2 * size, odd + 1: 2 * size}
        )


def _derivatives_of(network: Network) -> int:
    """Return the size of the buffer for discarded derivatives: at least one row."""
    return max(_FEW, *network.sizes[1:-1], 0)


def _forward(network: Network, is_sparse: bool) -> Program:
    layers = network.layers
    last, room = len(layers) - 1, _derivatives_of(network)
    operations: list[tuple] = []
    for l, layer in enumerate(layers):
        fields = dense.fields(layer)
        Z = LOGITS if l == last else _activations_at(1 + l % 2)
        if l == 0:
            operations += FirstLayer.of(layer, is_sparse, Z, 0).forward
        else:
            A = _activations_at(1 + (l - 1) % 2)
            operations.append(operation(dense.times, A=A, Z=Z, **fields))
        if l == last:
            operations.append(operation(dense.add_biases, Z=Z, **fields))
        else:
            rows, activate = room // fields["n_out"], ON_LAYERS[network.activations[l]]
            operations.append(operation(activate, Z=Z, G=Z + 1, g_rows=rows, **fields))
    return Program(operations)


def _gradient(network: Network, is_sparse: bool) -> Program:
    all_kept = np.ones(network.n_layers)
    return Program(
        [
            *steps_to_cost(network, all_kept, is_sparse),
            *steps_back(network, all_kept, is_sparse),
        ]
    )


def _cost(network: Network, is_sparse: bool) -> Program:
    return Program(steps_to_cost(network, np.ones(network.n_layers), is_sparse))


_BUILDERS = {"forward": _forward, "cost": _cost, "gradient": _gradient}


@lru_cache(maxsize=256)
def _built(kind: str, is_sparse: bool, sizes: tuple, *names) -> Program:
    return _BUILDERS[kind](Network.of(sizes, *names), is_sparse)


def _program(kind: str, network: Network, inputs: Inputs) -> Program:
    """Return a program, built once for all networks of the same architecture."""
    names = network.activations, network.loss, network.loss_option
    is_sparse = isinstance(inputs, SparseRows)
    return _built(kind, is_sparse, tuple(network.sizes), *names)


def cost(
    network: Network,
    theta: np.ndarray,
    inputs: Inputs,
    targets: np.ndarray,
    s: np.ndarray,
    scale: float,
    work: Workspace,
) -> float:
    """Return scale · Σ sᵢ ℓᵢ of the rows, dropout off; leave A and g'(Z) in `work`."""
    return _run("cost", network, theta, inputs, targets, s, scale, work)


def cost_and_gradient(
    network: Network,
    theta: np.ndarray,
    inputs: Inputs,
    targets: np.ndarray,
    s: np.ndarray,
    scale: float,
    work: Workspace,
    grad: np.ndarray,
) -> float:
    """Return scale · Σ sᵢ ℓᵢ of the rows, dropout off, and write its gradient."""
    work.frame.put(GRAD, grad)
    return _run("gradient", network, theta, inputs, targets, s, scale, work)


def _run(kind, network, theta, inputs, targets, s, scale, work) -> float:
    frame = work.frame
    frame.put(THETA, theta)
    _put_batch(frame, inputs, targets, s, scale)
    frame.run(_program(kind, network, inputs))
    return float(frame.now[0]["value"])


def logits(
    network: Network,
    theta: np.ndarray,
    inputs: Inputs,
    out: np.ndarray,
    work: ForwardWorkspace,
) -> None:
    """Write the logits of the rows to `out`, with dropout off."""
    frame = work.frame
    frame.put(THETA, theta)
    frame.put(LOGITS, out)
    put_inputs(frame, X, inputs)
    frame.set(rows=out.shape[0])
    frame.run(_program("forward", network, inputs))


@lru_cache(maxsize=256)
def _loss_alone(loss: str, option: float, n_outputs: int) -> Program:
    return Program([_loss(loss, option, n_outputs)])


def cost_of_logits(
    network: Network, Z: np.ndarray, targets: np.ndarray, s: np.ndarray, scale: float
) -> float:
    """Return scale · Σ sᵢ ℓᵢ of the logits Z, which are overwritten."""
    frame = Frame(Z.dtype)
    frame.put(LOGITS, Z)
    frame.put(LOSS, np.empty(loss_scratch_size(*Z.shape), Z.dtype))
    _put_batch(frame, Z, targets, s, scale)
    frame.run(_loss_alone(network.loss, network.loss_option, Z.shape[1]))
    return float(frame.now[0]["value"])


def _put_batch(
    frame: Frame, inputs: Inputs, targets: np.ndarray, s: np.ndarray, scale: float
) -> None:
    put_inputs(frame, X, inputs)
    frame.put(Y, np.ascontiguousarray(targets))
    frame.put(S, np.ascontiguousarray(s))
    rows, n_targets = targets.shape
    frame.set(rows=rows, n_targets=n_targets, scale=scale)
