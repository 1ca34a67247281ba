"""Nodes and constants of an ONNX graph, and the transformers written here."""

from collections.abc import Collection
from typing import Any

import numpy as np

from skdnn.estimators.conversion.scalers import Scaling
from skdnn.preprocessing.components import Components

# The oldest sufficient operator set, and the file format of that time, so that older
# runtimes can read the model. By default onnx writes its newest format, which runtimes
# of the previous year reject.
OPSET = 13
IR_VERSION = 7


class Graph:
    """Builder of an ONNX graph: its nodes and constants.

    Parameters
    ----------
    onnx : module
        The package onnx.
    taken : collection of str, default=()
        Names in use by the model that comes before.
    """

    def __init__(self, onnx, taken: Collection[str] = ()):
        self.onnx = onnx
        self.taken = taken
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.outputs: list[Any] = []

    def node(self, operator: str, *inputs: str, output: str = "", **attributes) -> str:
        """Add a node; return the name of its output."""
        output = output or self._free(f"{operator}_{len(self.nodes)}")
        make = self.onnx.helper.make_node
        self.nodes.append(make(operator, inputs, [output], output, **attributes))
        return output

    def take_in(self, made) -> None:
        """Add the nodes and constants of a graph whose names are unique."""
        self.nodes += made.node
        to_array, from_array = (
            self.onnx.numpy_helper.to_array,
            self.onnx.numpy_helper.from_array,
        )
        # Rewritten so that all numbers are in the same field (raw_data).
        self.constants += [from_array(to_array(c), c.name) for c in made.initializer]

    def constant(self, value, name: str = "") -> str:
        """Add an array; return its name."""
        name = self._free(name or f"constant_{len(self.constants)}")
        array = np.asarray(value)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: float, dtype=np.float32) -> str:
        """Add one number; return its name."""
        return self.constant(dtype(value))

    def parameter(self, value, name: str) -> str:
        """Add weights or biases in float32; return their name."""
        with np.errstate(over="ignore"):
            array = np.asarray(value).astype(np.float32)
        if not np.all(np.isfinite(array)):
            raise ValueError(
                f"{name} holds a number too large for float32, the type in which an "
                "ONNX model computes."
            )
        return self.constant(array, name)

    def output(self, name: str, dtype: str, n_columns: int | None) -> None:
        """Declare an output with this number of columns, or a 1-d output."""
        shape = [None] if n_columns is None else [None, n_columns]
        kind = getattr(self.onnx.TensorProto, dtype)
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))
        if name in self.taken:
            raise ValueError(
                f"A column has the name {name!r}, which is that of an output of the "
                "ONNX model: rename the column and fit again."
            )

    def _free(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        return name


def standardize(graph: Graph, how: Scaling, X: str, kind: str = "FLOAT") -> str:
    """Write a standardisation in float64: far from 0, float32 would lose digits.

    The output is of type `kind`, "FLOAT" or "DOUBLE".
    """
    tensor = graph.onnx.TensorProto
    X = graph.node("Cast", X, to=tensor.DOUBLE)
    if how.location is not None:
        X = graph.node("Sub", X, graph.constant(np.float64(how.location)))
    if how.scale is not None:
        X = graph.node("Div", X, graph.constant(np.float64(how.scale)))
    if how.bounds is not None:
        low, high = (graph.number(bound, np.float64) for bound in how.bounds)
        X = graph.node("Clip", X, low, high)
    if how.smooth_clip is not None:
        ratio = graph.node("Div", X, graph.number(how.smooth_clip, np.float64))
        square = graph.node("Mul", ratio, ratio)
        square = graph.node("Add", square, graph.number(1, np.float64))
        X = graph.node("Div", X, graph.node("Sqrt", square))
    return graph.node("Cast", X, to=getattr(tensor, kind))


def encode(graph: Graph, parts: Components, X: str, kind: str = "FLOAT") -> str:
    """Write a piecewise linear encoding, in float64 as in `standardize`."""
    tensor = graph.onnx.TensorProto
    X = graph.node("Cast", X, to=tensor.DOUBLE)
    Z = graph.node("Gather", X, graph.constant(parts.source), axis=1)
    Z = graph.node("Sub", Z, graph.constant(parts.origin))
    if parts.rest.any():
        Z = graph.node("Sub", Z, graph.constant(parts.rest))
    Z = graph.node("Div", Z, graph.constant(parts.width))
    is_missing = graph.node("IsNaN", Z)
    # Clip accepts scalar bounds only.
    Z = graph.node("Max", Z, graph.constant(parts.low))
    Z = graph.node("Min", Z, graph.constant(parts.high))
    Z = graph.node("Where", is_missing, graph.constant(parts.filling), Z)
    return graph.node("Cast", Z, to=getattr(tensor, kind))


def import_onnx():
    """Import onnx; the ImportError says how to install it."""
    try:
        import onnx
        import onnx.compose
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise ImportError(
            'Writing an ONNX model needs onnx: pip install "skdnn[onnx]"'
        ) from error
    return onnx
