"""A net that overfits quickly, and its dev set, for tests of early stopping."""

import numpy as np
from scipy.special import log_expit

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows


def overfitting_net(**params):
    """Return a net that quickly overfits the rows of `rows_with_dev`."""
    defaults = {
        "hidden_layer_sizes": (20,),
        "activation": "tanh",
        "alpha": 1e-3,
        "batch_size": 20,
        "learning_rate_init": 0.05,
        "early_stopping": True,
        "max_iter": 200,
        "tol": 0.0,
        "random_state": 0,
    }
    if params.get("solver") == "lbfgs":
        defaults["tol"] = 1e-5
    return MLPRegularizedClassifier(**{**defaults, **params})


def rows_with_dev(kind="multiclass", n_train=60):
    X, y = make_rows(kind, n_rows=n_train + 40)
    return X[:n_train], y[:n_train], {"X_val": X[n_train:], "y_val": y[n_train:]}


def dev_cost(net, dev):
    """Return the dev cost of the fitted parameters, computed from predictions."""
    log_p, y = net.predict_log_proba(dev["X_val"]).astype(np.float64), dev["y_val"]
    if y.ndim == 1:
        return -np.mean(log_p[np.arange(len(y)), y])
    log_q = log_expit(-net.decision_function(dev["X_val"]).astype(np.float64))
    return -np.mean(np.sum(np.where(y == 1, log_p, log_q), axis=1))
