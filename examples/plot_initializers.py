"""
How large the first weights should be
=====================================

In a deep network signals shrink or grow from layer to layer. He's start keeps their
size through ReLU layers, Xavier's through tanh layers.
"""

# %%
# Signals on their way through 20 layers
# --------------------------------------
# Four starts before any training: he and xavier, and weights of half and of twice their
# size. Rows of digits go through 20 layers of 64 units; the pictures show the root mean
# square of each layer's activations. A factor per layer is a straight line on the
# logarithmic scale, and after twenty layers a power of twenty.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skdnn import InputStandardizer, MLPRegularizedClassifier, train_dev_test_split

X, y = load_digits(return_X_y=True)
X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(
    X, y, dev_size=0.6, test_size=0, stratify=y, random_state=0
)
standardizer = InputStandardizer().fit(X_train)
X_train, X_dev = map(standardizer.transform, (X_train, X_dev))

# Var(w) times the number of inputs
starts = {"he": 2, "xavier": 1, "too small": 0.25, "too large": 8}
styles = dict(zip(starts, ("o-", "s--", "v:", "^-."), strict=True))
activations = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}


def signal_sizes(g, variance, n_layers=20):
    """Return the root mean square of the activations of each layer."""
    rng, A, sizes = np.random.default_rng(0), X_train, []
    for _ in range(n_layers):
        A = g(A @ rng.normal(0, np.sqrt(variance / A.shape[1]), (A.shape[1], 64)))
        sizes.append(np.sqrt(np.mean(A**2)))
    return sizes


fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, (name, g) in zip(axes, activations.items(), strict=True):
    for start, variance in starts.items():
        sizes = signal_sizes(g, variance)
        ax.semilogy(range(1, 21), sizes, styles[start], ms=4, label=start)
    ax.set(title=name, xlabel="layer", xticks=range(0, 21, 5))
axes[0].set_ylabel("size of the activations")
axes[1].legend(loc="lower left")
plt.show()

# %%
# ReLU sets half of its inputs to zero, and with them half of the mean square: it needs
# twice the variance. tanh never explodes; weights that are too large saturate it
# instead, and a start that is right for ReLU is somewhat too large for it.
#
# What comes of it in training
# ----------------------------
# The same 20 layers, trained for 30 epochs, from either start and with either
# activation.
nets = {
    (activation, init): MLPRegularizedClassifier(
        (64,) * 20,
        activation=activation,
        init=init,
        alpha=0,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init=1e-3,
        max_iter=30,
        tol=0,
        random_state=0,
    ).fit(X_train, y_train, X_val=X_dev, y_val=y_dev)
    for activation in activations
    for init in ("he", "xavier")
}
fig, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True, layout="constrained")
for (activation, init), net in nets.items():
    column = axes[:, list(activations).index(activation)]
    column[0].semilogy(range(1, 31), net.loss_curve_, styles[init], ms=3, label=init)
    column[1].plot(range(1, 31), net.validation_loss_curve_, styles[init], ms=3)
    column[0].set_title(activation)
    column[1].set_xlabel("epoch")
    print(f"{activation} {init:6}  training {net.loss_:.3f}, ", end="")
    print(f"dev {net.validation_loss_curve_[-1]:.3f}")
axes[0, 0].set_ylabel("training cost (log scale)")
axes[1, 0].set_ylabel("dev cost")
axes[0, 0].legend()
plt.show()

# %%
# With ReLU, look at the training cost: it lags behind where the signal has died out
# before it reaches the last layer. With tanh, look at the dev cost. The training cost falls faster
# from He's start; but that start tears apart rows that are nearly alike, more so with
# each layer, and rows torn apart are easily learned by heart and say little about
# others.
#
# When to use which: leave ``init="auto"``, which picks for each layer by its
# activation.
