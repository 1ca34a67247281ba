"""The contestants: one function per library, all with the same interface.

``prepare(net, X, y, keep_prob)`` does the one-time setup and returns a repeatable
`Training` of ``net.n_epochs`` epochs of ``net.n_batches`` steps. All use float32, ReLU,
Adam, an L2 penalty and batches in a new random order in each epoch.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks import floor
from benchmarks.nets import Net
from benchmarks.training import Training
from skdnn import MLPRegularizedClassifier
from skdnn.estimators.solving import train
from skdnn.training.tables import Examples, Table

_ALPHA = 1e-4
_RATE = 1e-3


def repeat(net: Net, epoch: Callable[[], object]) -> None:
    """Run the epochs of a library that is called once per epoch."""
    for _ in range(net.n_epochs):
        epoch()


def prepare_floor(net: Net, X, y, keep_prob) -> Training:
    """Return the bare matrix products."""
    arguments = floor.buffers(net.sizes, net.batch_size)
    done = [0]

    def run():
        done[0] += floor.run_products(net.n_steps, *arguments)

    products = arguments[-1]
    return Training(
        "floor", run, net.n_steps, lambda: done[0], lambda: float(products.sum())
    )


def prepare_floor_with_memory(net: Net, X, y, keep_prob) -> Training:
    """Return the matrix products with the memory traffic of an update."""
    arguments = floor.buffers(net.sizes, net.batch_size)
    theta = arguments[2]
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    done = [0]

    def run():
        done[0] += floor.run_products_and_moves(net.n_steps, *arguments, m, v)

    return Training(
        "floor with memory", run, net.n_steps, lambda: done[0], lambda: float(m.sum())
    )


def skdnn_model(net: Net, X, y, keep_prob) -> MLPRegularizedClassifier:
    """Return the estimator after a first epoch."""
    model = MLPRegularizedClassifier(
        net.hidden,
        keep_prob=keep_prob,
        averaging=None,
        solver="adam",
        alpha=_ALPHA,
        learning_rate_init=_RATE,
        batch_size=net.batch_size,
        dtype="float32",
        n_iter_no_change=np.inf,  # patience would count over all repetitions
        random_state=0,
    )
    return model.partial_fit(X, y, classes=_classes(net))


def skdnn_examples(model: MLPRegularizedClassifier, X, y) -> Examples:
    """Return the rows as the estimator passes them to its training loop."""
    dtype = np.dtype(np.float32)
    return Examples(Table(X, dtype), model._model.targets.encode(y, dtype))


def skdnn_epochs(net: Net, X, y, model: MLPRegularizedClassifier) -> Training:
    """Return the training loop of a model that has been fitted to such rows."""
    return trained_epochs(net, model, skdnn_examples(model, X, y))


def trained_epochs(net: Net, model, examples: Examples) -> Training:
    """Return the training loop of a model on these rows."""
    fitted, state = model._model, model._state
    costs = [np.nan]

    def run():
        trained = train(model, fitted, state, examples, None, net.n_epochs)
        costs[0] = trained.outcome.history[-1].cost

    return Training(
        "skdnn", run, net.n_steps, lambda: state.optimizer.t, lambda: costs[0]
    )


def prepare_skdnn(net: Net, X, y, keep_prob) -> Training:
    """Return skdnn's training loop, as `fit` runs it."""
    return skdnn_epochs(net, X, y, skdnn_model(net, X, y, keep_prob))


def prepare_skdnn_partial_fit(net: Net, X, y, keep_prob) -> Training:
    """Return calls of partial_fit, which add validation and a copy of the state."""
    model = skdnn_model(net, X, y, keep_prob)
    return Training(
        "partial_fit of skdnn",
        lambda: repeat(net, lambda: model.partial_fit(X, y)),
        net.n_steps,
        lambda: model.optimizer_state_.t,
        lambda: model.loss_,
    )


def prepare_sklearn(net: Net, X, y, keep_prob) -> Training:
    """Return scikit-learn's MLPClassifier, which has no dropout."""
    model = MLPClassifier(
        net.hidden,
        alpha=_ALPHA,
        learning_rate_init=_RATE,
        batch_size=net.batch_size,
        random_state=0,
    )
    model.partial_fit(X, y, classes=_classes(net))
    return Training(
        "scikit-learn",
        lambda: repeat(net, lambda: model.partial_fit(X, y)),
        net.n_steps,
        lambda: model.t_ // net.batch_size,
        lambda: model.loss_,
    )


def prepare_torch(net: Net, X, y, keep_prob) -> Training:
    """Return PyTorch: eager, Adam in one fused kernel."""
    import torch

    torch.manual_seed(0)
    model = _torch_model(net, keep_prob)
    adam = torch.optim.Adam(
        model.parameters(), lr=_RATE, weight_decay=_ALPHA / net.n_rows, fused=True
    )
    if net.is_multilabel:
        loss, Y = torch.nn.BCEWithLogitsLoss(), torch.from_numpy(y.astype(np.float32))
    else:
        loss, Y = torch.nn.CrossEntropyLoss(), torch.from_numpy(y)
    X = torch.from_numpy(X)
    weights = next(model.parameters())
    costs = [torch.tensor(np.nan)]

    def epoch():
        for rows in torch.randperm(net.n_rows).split(net.batch_size):
            adam.zero_grad(set_to_none=True)
            cost = loss(model(X[rows]), Y[rows])
            cost.backward()
            adam.step()
        costs[0] = cost.detach()

    return Training(
        "PyTorch",
        lambda: repeat(net, epoch),
        net.n_steps,
        lambda: int(adam.state[weights]["step"]) if adam.state[weights] else 0,
        lambda: float(costs[0]),
    )


def _torch_model(net: Net, keep_prob: float):
    from torch import nn

    layers: list[nn.Module] = []
    for n_in, n_out in zip(net.sizes[:-2], net.hidden, strict=True):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        if keep_prob < 1:
            layers.append(nn.Dropout(1 - keep_prob))
    return nn.Sequential(*layers, nn.Linear(net.sizes[-2], net.sizes[-1]))


def _classes(net: Net) -> np.ndarray:
    return np.arange(net.sizes[-1])


class Contestant(NamedTuple):
    """A column of the table."""

    prepare: Callable[..., Training]
    drops: bool  # has dropout; if not, one measurement stands for all keep_prob
    is_available: bool = True


CONTESTANTS = {
    "floor": Contestant(prepare_floor, drops=False),
    "memory": Contestant(prepare_floor_with_memory, drops=False),
    "skdnn": Contestant(prepare_skdnn, drops=True),
    "skdnn_partial_fit": Contestant(prepare_skdnn_partial_fit, drops=True),
    "sklearn": Contestant(prepare_sklearn, drops=False),
    "torch": Contestant(
        prepare_torch, drops=True, is_available=find_spec("torch") is not None
    ),
}
