"""The contestants of `quality`, each with two ways to train.

`curve` trains as a user would and returns the test log-loss after each epoch; it is not
timed. `fit` is timed: one plain call with a number of epochs, without test rows. With
the same seed both take the same steps.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from benchmarks.quality_tables import Rows
from skdnn import MLPRegularizedClassifier

PredictProba = Callable[[np.ndarray], np.ndarray]

# MLPClassifier's defaults, which PyTorch users have to set.
_UNITS, _RATE, _ALPHA, _BATCH = 100, 1e-3, 1e-4, 200
MAX_EPOCHS = 400  # of PyTorch, which has no stopping rule: twice MLPClassifier's


class Trainer(NamedTuple):
    """A contestant.

    `curve(rows, seed, bar)` may end once the log-loss is at most `bar`;
    `fit(rows, seed, n_epochs)` returns the function that predicts probabilities.
    """

    curve: Callable[[Rows, int, float], list[float]]
    fit: Callable[[Rows, int, int], PredictProba]
    is_available: bool = True


def loss_on_test_rows(predict_proba: PredictProba, rows: Rows) -> float:
    """Return the log-loss on the test rows, of probabilities in float32."""
    probabilities = predict_proba(rows.X_test).astype(np.float32, copy=False)
    return float(log_loss(rows.y_test, probabilities, labels=np.arange(rows.n_classes)))


class _WatchedMLPClassifier(MLPClassifier):
    """Calls `watch` after each epoch of fit, where scikit-learn checks its cost."""

    def watched_by(self, watch: Callable[[], None]) -> "_WatchedMLPClassifier":
        self._watch = watch
        return self

    def _update_no_improvement_count(self, *arguments):
        super()._update_no_improvement_count(*arguments)
        self._watch()


def _sklearn_curve(rows: Rows, seed: int, bar: float) -> list[float]:
    losses: list[float] = []
    model = _WatchedMLPClassifier(random_state=seed)

    def watch():
        losses.append(loss_on_test_rows(model.predict_proba, rows))

    model.watched_by(watch)
    model.fit(rows.X_train, rows.y_train)
    if len(losses) != model.n_iter_:
        raise RuntimeError(
            f"MLPClassifier trained {model.n_iter_} epochs, but {len(losses)} were "
            "recorded: this version of scikit-learn calls another method after each."
        )
    return losses


def _sklearn_fit(rows: Rows, seed: int, n_epochs: int):
    model = MLPClassifier(max_iter=n_epochs, random_state=seed)
    return model.fit(rows.X_train, rows.y_train).predict_proba


class _Watch:
    """A scikit-learn callback that records the loss on the test rows of each epoch."""

    def __init__(self, rows: Rows):
        self._rows, self.losses = rows, []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **_):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, **_):
        if context.task_name == "epoch":
            loss = loss_on_test_rows(fitted_estimator.predict_proba, self._rows)
            self.losses.append(loss)


def _skdnn_curve(rows: Rows, seed: int, bar: float) -> list[float]:
    watch = _Watch(rows)
    model = MLPRegularizedClassifier(random_state=seed).set_callbacks(watch)
    model.fit(rows.X_train, rows.y_train)
    return watch.losses


def _skdnn_fit(rows: Rows, seed: int, n_epochs: int):
    model = MLPRegularizedClassifier(max_iter=n_epochs, random_state=seed)
    return model.fit(rows.X_train, rows.y_train).predict_proba


def _torch_curve(rows: Rows, seed: int, bar: float) -> list[float]:
    losses: list[float] = []

    def watch(predict_proba) -> bool:
        losses.append(loss_on_test_rows(predict_proba, rows))
        return losses[-1] <= bar

    _torch_fit(rows, seed, MAX_EPOCHS, watch=watch)
    return losses


def _torch_fit(rows: Rows, seed: int, n_epochs: int, compiled=False, watch=None):
    """Train MLPClassifier's default network, with one output for two classes."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    n_rows, n_columns = rows.X_train.shape
    is_binary = rows.n_classes == 2
    n_outputs = 1 if is_binary else rows.n_classes
    net = nn.Sequential(
        nn.Linear(n_columns, _UNITS), nn.ReLU(), nn.Linear(_UNITS, n_outputs)
    )
    X, Y = torch.from_numpy(rows.X_train), torch.from_numpy(rows.y_train)
    loss: nn.Module = nn.CrossEntropyLoss()
    if is_binary:
        loss, Y = nn.BCEWithLogitsLoss(), Y.float().reshape(-1, 1)
    batch = min(_BATCH, n_rows)
    decay = _ALPHA / batch
    adam = torch.optim.Adam(net.parameters(), lr=_RATE, weight_decay=decay, fused=True)

    def cost(X, Y):
        return loss(net(X), Y)

    if compiled:
        cost = torch.compile(cost, dynamic=True)

    def predict_proba(X: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            Z = net(torch.from_numpy(X))
            if not is_binary:
                return torch.softmax(Z, 1).numpy()
            p = torch.sigmoid(Z).numpy()
            return np.hstack([1 - p, p])

    for _ in range(n_epochs):
        for batch_rows in torch.randperm(n_rows).split(batch):
            adam.zero_grad(set_to_none=True)
            cost(X[batch_rows], Y[batch_rows]).backward()
            adam.step()
        if watch is not None and watch(predict_proba):
            break
    return predict_proba


_HAS_TORCH = find_spec("torch") is not None
TRAINERS = {
    "skdnn": Trainer(_skdnn_curve, _skdnn_fit),
    "sklearn": Trainer(_sklearn_curve, _sklearn_fit),
    "torch": Trainer(_torch_curve, _torch_fit, _HAS_TORCH),
}
# PyTorch with a compiled step, measured on request.
COMPILED = Trainer(_torch_curve, partial(_torch_fit, compiled=True), _HAS_TORCH)


def available() -> dict[str, Trainer]:
    """Return the trainers whose library is installed."""
    return {name: t for name, t in TRAINERS.items() if t.is_available}


def quietly(run: Callable[..., Any], *arguments) -> Any:
    """Call a function without the warnings of runs that are cut short on purpose."""
    with catch_warnings():
        simplefilter("ignore")
        return run(*arguments)
