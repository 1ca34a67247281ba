"""Kernels: the functions that a program calls, each compiled when it is first needed.

A kernel is a function of

``op``
    The operation of a program: its buffers and its constants.
``now``
    The current batch.
``at``
    The addresses of all buffers.
``T``
    The type of the numbers: ``np.float32`` or ``np.float64``.

It is called by its address. The loops that run a program depend neither on its kernels
nor on their type, so they are compiled only once; for a new activation, or another
type, only its kernels are compiled.
"""

from collections.abc import Callable

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, Addressed, address_type, overload
from skdnn.network.segments import row_type

# The kernel, its buffers (places in `at`), the sizes of its layer, the positions of its
# parameters in θ, and its constants.
OPERATION = row_type(
    (
        "kernel",
        "A",  # what a layer reads
        "Z",  # what it writes; in the backward pass, the gradient of that
        "G",  # the derivatives g'(Z)
        "g_rows",  # rows that G can hold; 0 for all
        "n_in",
        "n_out",
        "weights_at",
        "biases_at",
        "layer",  # as dropout masks count: 0 is the input
        "start",  # θ[start:stop] is updated
        "stop",
        "nesterov",
    ),
    (
        "keep_prob",
        "option",  # the parameter of the loss
        "rate",  # multiplier of the learning rate
        "l2",
        "l1",
        "momentum",
        "beta1",
        "beta2",
        "epsilon",
        "decay",  # of the average
        "most",  # a bound on a norm
    ),
)
# The batch, and results for the next operations: `value`, the cost; `square`, the
# squared norm of the gradient so far; `factor`, by which the gradient is multiplied.
NOW = row_type(
    (
        "rows",
        "n_targets",
        "n_stored",  # entries of the sparse table
        "step",  # steps before this one
        "n_averaged",  # how many of those are in the average
        "seed",
        "first",  # of the `count` rows of a block that are gathered together
        "count",
        "is_weighted",
    ),
    ("scale", "rate", "value", "square", "factor"),
)

KERNELS: list["Kernel"] = []
_tables: dict[np.dtype, np.ndarray] = {}


class Kernel(Addressed):
    """One kernel.

    Attributes
    ----------
    code : int
        Its index in the address tables; differs between processes.
    """

    def __init__(self, function: Callable):
        super().__init__(function, COMPILE_OPTIONS)
        self.code = len(KERNELS)
        KERNELS.append(self)


def kernel(function: Callable) -> Kernel:
    """Turn a function (op, now, at, T) into a kernel."""
    return Kernel(function)


def addresses(codes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the address table of a type, with these kernels compiled."""
    table = _tables.get(dtype)
    if table is None or table.size < len(KERNELS):
        grown: np.ndarray = np.zeros(len(KERNELS), address_type())
        if table is not None:
            grown[: table.size] = table
        table = _tables[dtype] = grown
    for code in codes[table[codes] == 0]:
        table[code] = KERNELS[code].address(OPERATION, NOW, dtype)
    return table


def call(kernel, op, now, at):
    """Call a kernel by its entry in the table."""
    kernel(op, now, at)


@overload(call, jit_options=COMPILE_OPTIONS)
def _compiled_call(kernel, op, now, at):
    from skdnn.network.instructions import call_address

    return lambda kernel, op, now, at: call_address(kernel, op, now, at)
