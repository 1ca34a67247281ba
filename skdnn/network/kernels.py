"""Kernels: what a program calls, each compiled by itself when it is first needed.

A kernel is a function of

``op``
    One operation of a program: which buffers it works on, and with which constants.
``now``
    What there is to know of the batch at hand.
``at``
    The addresses of all buffers.
``T``
    The type of the numbers: ``np.float32`` or ``np.float64``.

It is called by its address. The loops that walk through a program know neither which
kernels there are nor their type, so that they are compiled once for all; and of a new
activation, or of another type, nothing is compiled but its kernels.
"""

from collections.abc import Callable

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, Addressed, address_type, overload
from skdnn.network.segments import row_type

# Which kernel, the buffers that it works on (places in `at`), the sizes of its layer,
# where in θ its parameters stand, and the constants of its kind.
OPERATION = row_type(
    (
        "kernel",
        "A",  # what a layer reads
        "Z",  # what it writes; going back, the gradient of that
        "G",  # the derivatives g'(Z)
        "g_rows",  # rows that G has room for; 0 for all
        "n_in",
        "n_out",
        "weights_at",
        "biases_at",
        "layer",  # as dropout's masks count: 0 is the input
        "start",  # θ[start:stop] is updated
        "stop",
        "nesterov",
    ),
    (
        "keep_prob",
        "option",  # the loss's own number
        "rate",  # what the learning rate is multiplied by
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
# The batch. Of what is written down for the next operations: `value`, the cost;
# `square`, of the gradient's norm so far; `factor`, what the gradient is multiplied by.
NOW = row_type(
    (
        "rows",
        "n_targets",
        "n_stored",  # entries of the sparse table
        "step",  # steps before this one
        "n_averaged",  # of which so many are in the average
        "seed",
        "first",  # what is gathered ahead: `count` rows of a block from this one on
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
        Its place in the tables of addresses; another one in another process.
    """

    def __init__(self, function: Callable):
        super().__init__(function, COMPILE_OPTIONS)
        self.code = len(KERNELS)
        KERNELS.append(self)


def kernel(function: Callable) -> Kernel:
    """Make a kernel of a function (op, now, at, T)."""
    return Kernel(function)


def addresses(codes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the table of addresses for a type, in which these kernels are."""
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
