"""
Why standardise the inputs
==========================

Columns of different scales make the contours of the cost long and narrow; columns on
one scale make them rounder. Gradient descent then takes larger steps, and far fewer.
"""

# %%
# Long contours, round contours
# -----------------------------
# Linear regression on two columns, body mass index and blood pressure, whose standard
# deviations differ. With centred columns and a centred target the bias is zero, so J is
# a function of two weights and can be drawn completely. The path is that of plain
# gradient descent with a learning rate of one over the largest curvature. Each title
# has the condition number: the largest curvature over the smallest.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

from skdnn import (
    CostContoursDisplay,
    DataScaleWarning,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)

X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = X[:, [2, 3]], (y - y.mean()) / y.std()

linear = MLPRegularizedRegressor(hidden_layer_sizes=(), alpha=0, solver="lbfgs")
models = {
    "centred": make_pipeline(InputStandardizer(with_std=False), linear),
    "standardised": make_pipeline(InputStandardizer(), clone(linear)),
}
for model in models.values():
    model.fit(X, y)
CostContoursDisplay.from_estimator(models, X, y)
plt.show()

# %%
# With long contours, a rate small enough for the steep direction is too small for the
# flat one: the path drops into the valley and then creeps along it. With round
# contours, one rate suits both directions.
#
# Epochs to a given cost
# ----------------------
# Logistic regression of tumours on all 30 columns. For each kind of input we take the
# best of a grid of rates, the one that reaches a given cost first. The plot shows the
# lowest J so far, because with raw columns J jumps up and down at that rate.
X, y = load_breast_cancer(return_X_y=True)
inputs = {
    "as they are": X,
    "centred": InputStandardizer(with_std=False).fit_transform(X),
    "standardised": InputStandardizer().fit_transform(X),
}
target, n_epochs = 0.15, 1000


def descend(X, rate):
    """Return J in each epoch of plain gradient descent on all rows at once."""
    net = MLPRegularizedClassifier(
        hidden_layer_sizes=(),
        init="zeros",
        solver="sgd",
        momentum=0,
        batch_size=len(X),
        learning_rate_init=rate,
        max_iter=n_epochs,
        n_iter_no_change=np.inf,
    )
    with warnings.catch_warnings():
        # Rates that are too small run out of epochs, and rates that are too large
        # diverge. That raw columns are off scale is the point here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DataScaleWarning)
        return np.array(net.fit(X, y).loss_curve_)


def epochs_to_target(J):
    """Return the first epoch in which J is at the target; infinity if none is."""
    return 1 + np.argmax(J <= target) if np.any(J <= target) else np.inf


fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (name, X), style in zip(inputs.items(), (":", "--", "-"), strict=True):
    curves = [descend(X, rate) for rate in 10.0 ** np.arange(-6, 1.5, 0.5)]
    J = min(curves, key=lambda J: (epochs_to_target(J), J[-1]))
    lowest = np.minimum.accumulate(J)
    ax.loglog(range(1, len(J) + 1), lowest, style, label=name)
    print(f"{name:13} J <= {target} in epoch {epochs_to_target(J)}")
print(f"(inf: not within {n_epochs} epochs)")
ax.axhline(target, color="0.6", lw=1, label="the given cost")
ax.set(xlabel="epoch", ylabel="lowest J so far")
ax.legend()
plt.show()

# %%
# When to use it: always, unless the columns already share a meaningful scale, as the
# grey values of an image do. Fit the standardiser to the training rows only; a pipeline
# does so automatically.
