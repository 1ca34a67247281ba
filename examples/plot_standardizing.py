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
# gradient descent, at the rate that suits each picture best: 2 over the sum of the
# largest and the smallest curvature.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning

from skdnn import InputStandardizer, MLPRegularizedClassifier, MLPRegularizedRegressor

X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = X[:, [2, 3]], (y - y.mean()) / y.std()
centred = InputStandardizer(with_std=False).fit_transform(X)
standardized = InputStandardizer().fit_transform(X)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.9), layout="constrained")
for ax, (title, X) in zip(
    axes, {"centred": centred, "standardised": standardized}.items(), strict=True
):
    hessian = X.T @ X / len(X)
    curvatures = np.linalg.eigvalsh(hessian)
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(),
        init="zeros",
        alpha=0,
        solver="sgd",
        momentum=0,
        batch_size=len(X),
        learning_rate_init=2 / (curvatures[0] + curvatures[-1]),
    )
    path = [np.zeros(2)]
    path += [net.partial_fit(X, y).coefs_[0][:, 0].copy() for _ in range(15)]
    path = np.array(path)

    best = np.linalg.solve(hessian, X.T @ y / len(X))
    reach = 1.4 * np.abs(best).max()
    grid = best[:, None] + reach * np.linspace(-1, 1, 101)
    w = np.stack(np.meshgrid(*grid), axis=-1)
    J = np.einsum("...i,ij,...j", w - best, hessian, w - best) / 2
    ax.contour(*grid, J, levels=J.max() * np.linspace(0.02, 1, 12) ** 2, cmap="Blues_r")
    ax.plot(*path.T, "o-", ms=3.5, color="C1", label="gradient descent")
    ax.plot(*best, "k*", ms=11, label="minimum")
    ax.set(title=title, xlabel="weight of bmi", ylabel="weight of bp", aspect="equal")
    print(f"{title}: curvatures {curvatures.round(2)}, ", end="")
    print(f"condition number {curvatures[-1] / curvatures[0]:.1f}")
axes[0].legend(loc="lower right")
plt.show()

# %%
# The long contours force a rate that is small enough for the steep direction, and too
# small for the flat one: the path zigzags across the valley and creeps along it. On the
# round ones a rate suits both directions.
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
        # Rates that are too small run out of epochs, those too large diverge.
        warnings.simplefilter("ignore", ConvergenceWarning)
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
