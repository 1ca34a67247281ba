"""
Choosing the size of the initial weights
========================================

In a deep network signals shrink or grow from layer to layer. He initialisation keeps
their size through ReLU layers, Xavier initialisation through tanh layers.
"""

# %%
# Signals through 20 layers
# -------------------------
# We compare four initialisations before training: he, xavier, and weights of half the
# size of xavier's and twice the size of he's. The left plot shows the root mean square
# of each layer's activations, the right one that of the backpropagated derivatives. A
# constant factor per layer is a straight line on the logarithmic scale.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    SignalPropagationDisplay,
    train_dev_test_split,
)

X, y = load_digits(return_X_y=True)
X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(
    X, y, dev_size=0.6, test_size=0, stratify=y, random_state=0
)
standardizer = InputStandardizer().fit(X_train)
X_train, X_dev = map(standardizer.transform, (X_train, X_dev))


def variance(v):
    """Return an initialiser with Var(w) = v / n_in."""
    return lambda rng, n_in, n_out: rng.normal(0, np.sqrt(v / n_in), (n_in, n_out))


starts = {
    "he": "he",
    "xavier": "xavier",
    "too small": variance(1 / 4),
    "too large": variance(8),
}
relu = MLPRegularizedClassifier((64,) * 20, activation="relu", random_state=0)
SignalPropagationDisplay.from_estimator(relu, X_train, y_train, init=starts)
plt.gcf().suptitle("relu")
plt.show()

# %%
# ReLU sets half of its inputs to zero, and with them half of the mean square, so it
# needs twice the variance. tanh is nearly linear around zero and needs no such factor.
# Its activations cannot explode, since weights that are too large saturate it.
tanh = MLPRegularizedClassifier((64,) * 20, activation="tanh", random_state=0)
SignalPropagationDisplay.from_estimator(tanh, X_train, y_train, init=starts)
plt.gcf().suptitle("tanh")
plt.show()

# %%
# Why He initialisation is too large for tanh
# -------------------------------------------
# By the sizes alone it looks like the better of the two. But follow two rows that are
# nearly equal, here a row and a copy shifted by a thousandth: how large is their
# relative distance in each layer, compared with that of the inputs?


def growth_of_a_distance(v):
    """Return the relative distance of two rows after each layer, 1 at the start."""
    rng = np.random.default_rng(0)
    A, distances = X_train, []
    B = A + 1e-3 * rng.normal(size=A.shape)
    for _ in range(20):
        distances.append(np.linalg.norm(A - B) / np.linalg.norm(A))
        W = variance(v)(rng, 64, 64)
        A, B = np.tanh(A @ W), np.tanh(B @ W)
    return np.array(distances) / distances[0]


styles = {"he": "o-", "xavier": "s--"}
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for init, v in (("he", 2), ("xavier", 1)):
    ax.plot(growth_of_a_distance(v), styles[init], ms=4, label=init)
ax.set(xlabel="layer", ylabel="growth of the distance", xticks=range(0, 20, 5))
ax.legend()
plt.show()

# %%
# Effect on training
# ------------------
# The same 20 layers are trained for 30 epochs with each initialisation and activation.
nets = {
    (activation, init): MLPRegularizedClassifier(
        (64,) * 20,
        activation=activation,
        init=init,
        alpha=0,
        keep_prob=1.0,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init=1e-3,
        max_iter=30,
        tol=0,
        random_state=0,
    ).fit(X_train, y_train, X_val=X_dev, y_val=y_dev)
    for activation in ("relu", "tanh")
    for init in ("he", "xavier")
}
fig, axes = plt.subplots(2, 2, figsize=(9, 6), sharex=True, layout="constrained")
columns = dict(zip(("relu", "tanh"), axes.T, strict=True))
for (activation, init), net in nets.items():
    column = columns[activation]
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
# With ReLU, the training cost falls more slowly with xavier, whose signal has vanished
# before it reaches the last layer. With tanh, the training cost falls faster with he,
# but the dev cost ends higher: rows that are pulled apart are easy to memorise and say
# little about others.
#
# When to use which: keep ``init="auto"``, which chooses by the activation of each
# layer.
