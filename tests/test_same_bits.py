"""A seed gives the same bits from compiled and from cached code, in any order.

These tests take long to compile, so the default run skips them; .ci/run includes them.
Each program runs in a separate process. A cold run compiles into an empty cache; the
other runs load the code that a cold run has left there.
"""

import os
import subprocess
import sys

import pytest

_PROGRAM = """
import hashlib, sys, warnings
import numpy as np
from scipy import sparse
from sklearn.datasets import load_digits
from skdnn import (
    AugmentationPipeline,
    CutMix,
    Cutout,
    ElasticDistortion,
    GaussianNoise,
    Mixup,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
)
from skdnn.network.architecture import Network
from skdnn.training.averaging import OFF
from skdnn.training.epoch import Variables
from skdnn.training.given_gradient import take_step
from skdnn.training.optimizers import Regularization, Rule

warnings.simplefilter("ignore")
X, y = load_digits(return_X_y=True)
X, y = X[:600] / 16, y[:600]
target = X @ np.arange(64) / 100
text = sparse.random(600, 200, 0.03, random_state=0, format="csr")
common = dict(max_iter=3, random_state=0)
DISTORTED = AugmentationPipeline(
    [
        ("elastic", ElasticDistortion((8, 8), alpha=8, sigma=2)),
        ("crop", RandomResizedCrop((8, 8))),
        ("turn", RandomRotation((8, 8))),
        ("noise", GaussianNoise()),
        ("cut", Cutout(3)),
        ("mix", CutMix()),
    ]
)


def classifier(**parameters):
    return MLPRegularizedClassifier((20, 10), **{**common, **parameters})


def regressor(**parameters):
    return MLPRegularizedRegressor(hidden_layer_sizes=(20,), **{**common, **parameters})


def bits_of(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def fitted(net, X, y):
    net.fit(X, y)
    predict = getattr(net, "predict_proba", net.predict)
    return bits_of(*net.coefs_, net.loss_curve_, predict(X), predict(X[:1]))


def checked():
    report = classifier().gradient_check(X[:50], y[:50], at="init", max_params=30)
    return bits_of(report.relative_error)


def updated():
    theta, grad, m, v = np.ones((4, 3), np.float32)
    rule = Rule("adam", False, 0.0, False, 0.9, 0.999, 1e-8)
    network = Network.of((2, 1), (), "squared_error")
    extra = Regularization(0.1, 0.0, np.inf, np.inf)
    variables = Variables(theta, m, v, np.empty(0, np.float32), 0, 0)
    take_step(network, rule, extra, OFF, variables, grad, 0.1)
    return bits_of(theta, m, v)


KINDS = {
    "float32": lambda: fitted(classifier(keep_prob=0.9, input_keep_prob=0.9), X, y),
    "early stopping": lambda: fitted(classifier(early_stopping=True), X, y),
    "sgd": lambda: fitted(classifier(solver="sgd", max_norm=2, l1_ratio=0.5), X, y > 4),
    "float64": lambda: fitted(classifier(dtype="float64", activation="tanh"), X, y),
    "lbfgs": lambda: fitted(classifier(solver="lbfgs"), X, y),
    "sparse": lambda: fitted(classifier(), text, y),
    "regressor": lambda: fitted(regressor(activation="gelu"), X, target),
    "poisson": lambda: fitted(regressor(loss="poisson"), X, target - target.min()),
    "augmented": lambda: fitted(classifier(augmentation=Mixup()), X, y),
    "distorted": lambda: fitted(classifier(augmentation=DISTORTED), X, y),
    "shifted": lambda: fitted(classifier(augmentation=RandomShift((8, 8))), X, y),
    "gradient check": checked,
    "update": updated,
}
wanted = sys.argv[1:]
bits = {name: KINDS[name]() for name in wanted or KINDS}
for name in sorted(bits):
    print(name, bits[name])
"""

# These share most kernels; the others take ten seconds to compile.
FEW = ["float32", "early stopping", "sgd", "regressor", "update"]
ALL = [
    *FEW,
    "float64",
    "lbfgs",
    "sparse",
    "poisson",
    "augmented",
    "distorted",
    "shifted",
    "gradient check",
]


def run(kinds, cache, threads=1):
    """Return the program's output for fits of these kinds, in this order."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *kinds],
        env={
            **os.environ,
            "NUMBA_CACHE_DIR": str(cache),
            "OMP_NUM_THREADS": str(threads),
            "OPENBLAS_NUM_THREADS": str(threads),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow  # compiles the training loop
def test_compiled_code_and_cached_code_are_the_same_code(tmp_path):
    cold = run(FEW, tmp_path)
    assert cold.count("\n") == len(FEW)
    assert run(FEW[::-1], tmp_path) == cold


@pytest.mark.slow  # compiles everything twice
def test_nothing_depends_on_what_was_compiled_or_loaded_first(tmp_path):
    cold = run(ALL, tmp_path / "a")
    assert cold.count("\n") == len(ALL)
    assert run(ALL, tmp_path / "a") == cold
    assert run(ALL[::-1], tmp_path / "a") == cold
    assert run(ALL, tmp_path / "a", threads=2) == cold
    assert run(ALL[::-1], tmp_path / "b") == cold
    assert run(ALL, tmp_path / "b") == cold
