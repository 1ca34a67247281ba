"""User code for mypy to check: each call has its exact type.

`assert_type` fails for any other type, including Any.
"""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
from scipy import sparse

from skdnn import (
    GradientCheckReport,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    PiecewiseLinearEncoder,
    TrainDevTestSplit,
    to_onnx,
    train_dev_test_split,
)

Array = npt.NDArray[Any]


def classify(X: Array, y: Array, path: Path) -> Array:
    """Train, inspect the fit, predict."""
    X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(X, y, random_state=0)
    net = MLPRegularizedClassifier(
        (64, 32),
        ["relu", "tanh"],
        alpha=0.1,
        keep_prob=[0.8, 0.9],
        class_weight={0: 1.0, 1: 2.0},
        early_stopping=True,
        random_state=np.random.RandomState(0),
    )
    fitted = net.fit(X_train, y_train, X_val=X_dev, y_val=y_dev)
    assert_type(fitted, MLPRegularizedClassifier)
    for _ in range(10):
        more = net.partial_fit(X_train, y_train, None, [0, 1], X_val=X_dev, y_val=y_dev)
        assert_type(more, MLPRegularizedClassifier)
        assert_type(net.converged_, bool)
        if net.converged_:
            break
    assert_type(net.loss_curve_, list[float])
    assert_type(net.best_iteration_, int)
    weights: list[Array] = net.coefs_
    print(net.cost(X, y).total, len(weights), net.classes_.tolist())
    report = net.gradient_check(X, y, at="init", max_params=None)
    assert_type(report, GradientCheckReport)
    assert_type(report.passed, bool)
    assert_type(report.relative_error, float)
    path.write_bytes(to_onnx(net).SerializeToString())
    again = MLPRegularizedClassifier.from_sklearn(net.to_sklearn(strict=False))
    assert_type(again, MLPRegularizedClassifier)
    for method in (again.predict_proba, again.predict_log_proba):
        assert_type(method(X), Array)
    assert_type(again.decision_function(X), Array)
    return again.predict(sparse.csr_array(X))


def regress(X: Array, y: Array) -> Array:
    """Standardise and predict numbers."""
    standardizer = InputStandardizer("robust", smooth_clip=3.0).fit(X)
    assert_type(standardizer, InputStandardizer)
    encoder = PiecewiseLinearEncoder(8, strategy="tree").fit(X, y)
    assert_type(encoder, PiecewiseLinearEncoder)
    net = MLPRegularizedRegressor("huber", 32, delta=0.5, init=uniform, bias_init=ones)
    assert_type(net.fit(standardizer.transform(X), y), MLPRegularizedRegressor)
    assert_type(MLPRegularizedRegressor.from_sklearn(net.to_sklearn()).loss_, float)
    return net.predict(standardizer.transform(X))


def ones(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Return initial biases."""
    return np.ones(n_out)


def uniform(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw initial weights."""
    return rng.uniform(-0.1, 0.1, (n_in, n_out))


def split(X: Array, y: Array) -> None:
    """Split rows once, for a search."""
    splitter = TrainDevTestSplit(test_size=0.2)
    for train, dev in splitter.split(X, y):
        print(len(train), len(dev), len(splitter.test_indices(X, y)))
