"""
Why inputs are standardised
===========================

Columns of different scales make the contours of the cost long and narrow; those of one
scale make them round. Gradient descent then takes larger steps, and far fewer of them.
"""

# %%
# Long contours, round contours
# -----------------------------
# Linear regression on two columns, body mass index and blood pressure, whose standard
# deviations differ. With centred columns and a centred target the bias stays zero, so
# that J is a function of two weights and can be drawn whole. The path is that of plain
# gradient descent at a rate of one over the largest curvature. Above each picture
# stands the condition number: the largest over the smallest curvature.
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
# The long contours force a rate that is small enough for the steep direction, and too
# small for the flat one: the path drops into the valley and then creeps along it. On
# the round ones a rate suits both directions.
#
# Epochs to a given cost
# ----------------------
# Logistic regression of tumours on all 30 columns. Each kind of input may choose the
# best out of a grid of rates, the one that comes down to a given cost first. Drawn is
# the lowest J so far: at the edge of what raw columns allow, J jumps up and down.
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
        # Rates that are too small run out of epochs, those too large diverge; and that
        # raw columns are off scale is the point.
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
# When to use it: always, unless the columns share a meaningful scale already, as the
# grey values of an image do. Fit the standardiser on the training rows only; in a
# pipeline that rule keeps itself.
