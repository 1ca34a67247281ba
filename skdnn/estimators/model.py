"""A fitted network: its predictions and their cost.

A model is immutable and independent of the estimator: a fit creates one and assigns it
at the end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from skdnn.estimators.targets import Targets, pack_targets, unpack_targets
from skdnn.network.architecture import Network
from skdnn.network.objective import (
    Inputs,
    Objective,
    forward,
    forward_by_blocks,
    rows_per_block,
)
from skdnn.network.penalties import ElasticNet
from skdnn.network.propagation import cost_of_logits
from skdnn.training.tables import Examples, Table
from skdnn.training.threads import blas_threads_for

_TYPES_READ = (np.float32, np.float64)
# The estimator's names for the parameters of all layers.
_VIEWS = {"coefs_": "weights", "intercepts_": "biases"}
_WITH_OFFSET = "intercepts_"

TargetsT = TypeVar("TargetsT", bound=Targets)
# Passes blocks of rows through, and may raise an error at one.
Checked = Callable[[Iterable[Inputs]], Iterable[Inputs]]


class Evaluation(NamedTuple):
    """Predictions of a network, and their cost."""

    cost: float  # the data part of J
    predictions: np.ndarray
    is_finite: bool  # whether all logits are


class NotFinite(Exception):
    """A block of rows has, or may have, a value that is not finite."""


@dataclass(frozen=True)
class Model(Generic[TargetsT]):
    """A network with its parameters and the meaning of its outputs.

    Attributes
    ----------
    network : Network
        The layers and the loss.
    targets : ClassTargets or RegressionTargets
        Encodes y for the loss, and decodes logits to predictions.
    theta : ndarray of shape (n_parameters,)
        All weights and biases.
    total_weight : float
        S of the training set, by which J divides the penalty.
    type_in : str
        Type of the training rows: "float32", or "float64" for any other.
    """

    network: Network
    targets: TargetsT
    theta: np.ndarray
    total_weight: float
    type_in: str

    def with_theta(self, theta: np.ndarray) -> "Model[TargetsT]":
        """Return the model with other parameters."""
        return replace(self, theta=theta)

    # -- predictions ------------------------------------------------------------------

    def reads(self, X) -> bool:
        """Return whether X needs no validation but that its values are finite.

        scikit-learn's validation takes several times as long as predicting a single
        row, and for many rows it is one more pass over memory.
        """
        return (
            type(X) is np.ndarray
            and X.dtype in _TYPES_READ
            and X.ndim == 2
            and X.shape[0] > 0
            and X.shape[1] == self.network.n_inputs
        )

    def logits(self, X, checked: Checked = iter) -> np.ndarray:
        """Return the logits of validated rows, shape (n_rows, n_outputs).

        They are computed in the type of the network, and returned as float32 for
        float32 rows, otherwise as float64.
        """
        return self._propagate(X, checked, self._all_logits)

    def predict(self, X, checked: Checked = iter) -> np.ndarray:
        """Return labels or numbers, with one block of logits in memory at a time."""
        return self._propagate(X, checked, self._decoded)

    def _propagate(self, X, checked: Checked, through) -> np.ndarray:
        theta, network = self.theta, self.network
        table, dtype = Table(X, theta.dtype), type_out(X.dtype)
        step = rows_per_block(network, table.is_sparse_enough)
        rows, blocks = min(step, table.n_rows), checked(table.blocks(step))
        with blas_threads_for(network, rows):
            out = through(theta, blocks, table.n_rows, rows, dtype)
        if out.dtype.kind == "f":
            out = _narrowed(out, dtype).astype(dtype, copy=False)
        return out

    def _all_logits(self, theta, blocks, n_rows, block_rows, dtype) -> np.ndarray:
        return forward(self.network, theta, blocks, n_rows, block_rows)

    def _decoded(self, theta, blocks, n_rows, block_rows, dtype) -> np.ndarray:
        targets = self.targets
        each = forward_by_blocks(self.network, theta, blocks, block_rows)
        if targets.are_classes:  # so that labels agree with the logits returned
            each = (_narrowed(Z, dtype) for Z in each)
        return targets.decode(np.concatenate([targets.predictions(Z) for Z in each]))

    # -- cost -------------------------------------------------------------------------

    def objective(self, examples: Examples, penalty: ElasticNet) -> Objective:
        """Return J over examples, dropout off, in the type of their rows."""
        step = rows_per_block(self.network, examples.table.is_sparse_enough)
        return Objective(
            self.network,
            penalty,
            lambda: examples.blocks(step),
            examples.n_rows,
            min(step, examples.n_rows),
            examples.table.dtype,
        )

    def evaluate(self, examples: Examples) -> Evaluation:
        """Return cost and predictions of examples, in one pass over them."""
        step = rows_per_block(self.network, examples.table.is_sparse_enough)
        blocks = examples.table.blocks(step)
        cost, start, predictions, is_finite = 0.0, 0, [], True
        for Z in forward_by_blocks(self.network, self.theta, blocks, step):
            part = slice(start, start + len(Z))
            predictions.append(self.targets.predictions(Z))
            Y, s = examples.Y[part], examples.s[part]
            cost += cost_of_logits(self.network, Z, Y, s, 1 / examples.n_rows)
            start = part.stop
            is_finite = is_finite and bool(np.isfinite(Z).all())
        return Evaluation(cost, np.concatenate(predictions), is_finite)

    # -- parameters, behind `coefs_` and `intercepts_` ---------------------------------

    def shown(self, attribute: str, widens: bool) -> list[np.ndarray]:
        """Return the arrays of all layers: views of θ or of a read-only copy.

        If `widens`, a float32 network that was trained on float64 rows returns float64
        copies. The last layer is that of predictions in the caller's units. Copies are
        read-only because writing to them would change nothing.
        """
        theta = self.theta
        if widens and self.type_in != "float32" and theta.dtype != np.float64:
            theta = theta.astype(np.float64)
            theta.flags.writeable = False
        *hidden, last = self._views(attribute, theta)
        shown = self.targets.outward(last, attribute == _WITH_OFFSET)
        if shown is not last:
            shown = shown.astype(theta.dtype)
            shown.flags.writeable = False
        return [*hidden, shown]

    def with_parameters(
        self, attribute: str, arrays: Sequence[np.ndarray]
    ) -> "Model[TargetsT]":
        """Return the model with these weights or biases, copied."""
        theta = self.theta.copy()
        views = self._views(attribute, theta)
        expected, found = [v.shape for v in views], [np.shape(a) for a in arrays]
        if found != expected:
            raise ValueError(
                f"{attribute} must be a list of arrays of shapes {expected}, one for "
                f"each layer, got shapes {found}."
            )
        *hidden, last = arrays
        inward = self.targets.inward(np.asarray(last), attribute == _WITH_OFFSET)
        for view, array in zip(views, [*hidden, inward], strict=True):
            view[...] = array
        return self.with_theta(theta)

    def _views(self, attribute: str, theta: np.ndarray) -> list[np.ndarray]:
        return getattr(self.network, _VIEWS[attribute])(theta)

    # -- pickling ----------------------------------------------------------------------

    def pack(self) -> dict[str, Any]:
        """Return the model as names, numbers and arrays."""
        return {
            **vars(self),
            "network": self.network.pack(),
            "targets": pack_targets(self.targets),
        }

    @classmethod
    def unpack(cls, plain: dict[str, Any]) -> "Model":
        """Return the model from the output of `pack`."""
        network = Network.of(**plain["network"])
        targets = unpack_targets(plain["targets"])
        return cls(**{**plain, "network": network, "targets": targets})


def type_out(type_in) -> np.dtype:
    """Return the type of predictions for rows of this type."""
    return np.dtype(np.float32 if type_in == np.float32 else np.float64)


def finite(blocks: Iterable[Any]) -> Iterator[Any]:
    """Yield dense blocks; raise `NotFinite` at one that is not finite.

    A block is checked just before it is used, when it will be in the cache anyway.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # in the sum
        for block in blocks:
            if not np.isfinite(block.sum()):
                raise NotFinite
            yield block


def _narrowed(numbers: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Round numbers to a narrower type, and clip them to its range."""
    if numbers.dtype.itemsize <= dtype.itemsize:
        return numbers
    largest = np.finfo(dtype).max
    return np.clip(numbers, -largest, largest).astype(dtype)
