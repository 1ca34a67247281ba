"""
Effect of dropout on the weights
================================

First check that the cost falls without dropout, then switch it on: weights shrink as
under an L2 penalty, and no unit relies on a single input.
"""

# %%
# First without, then with dropout
# --------------------------------
# While units are dropped, each step sees a different network, so J is a different
# function at each step and need not fall. So first train with ``keep_prob=1`` by plain
# gradient descent on all rows: if the learning rate is small enough, J must fall at
# every step. Only then switch dropout on.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from skdnn import InputStandardizer, MLPRegularizedRegressor, train_dev_test_split

data = load_diabetes()
X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(
    data.data, data.target, dev_size=0.4, test_size=0, random_state=0
)
standardizer = InputStandardizer().fit(X_train)
X_train, X_dev = map(standardizer.transform, (X_train, X_dev))
mean, deviation = y_train.mean(), y_train.std()
y_train, y_dev = (y_train - mean) / deviation, (y_dev - mean) / deviation


def plain_descent(keep_prob):
    """Return J in each step of gradient descent on all rows at once."""
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(64,),
        keep_prob=keep_prob,
        alpha=0,
        solver="sgd",
        momentum=0,
        batch_size=len(X_train),
        learning_rate_init=0.05,
        random_state=0,
    )
    for _ in range(200):
        net.partial_fit(X_train, y_train)
    return net.loss_curve_


fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for keep_prob, style in ((1.0, "-"), (0.8, ":"), (0.5, "--")):
    J = plain_descent(keep_prob)
    ax.semilogy(J, style, label=f"keep_prob = {keep_prob}", lw=1.5)
    print(f"keep_prob = {keep_prob}: J rises in {np.sum(np.diff(J) > 0)} of 199 steps")
ax.set(xlabel="step", ylabel="cost under this step's masks")
ax.legend()
plt.show()

# %%
# Weights shrink as under L2
# --------------------------
# A network of 64 units nearly memorises the training rows. Dropping more of its units,
# or raising `alpha`, shrinks the weights; dropout shrinks them much less. Both raise
# the cost on the training rows and lower it on the dev rows, up to a point.


def fit(**params):
    """Return a net trained with dropout or a penalty."""
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(64,),
        keep_prob=1.0,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=300,
        tol=0,
        random_state=0,
    )
    return net.set_params(**{"alpha": 0, **params}).fit(X_train, y_train)


paths = {
    "keep_prob": (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2),
    "alpha": np.geomspace(0.03, 100, 9),
}
fig, axes = plt.subplots(2, 2, figsize=(9, 6), sharey="row", layout="constrained")
for (name, values), (upper, lower) in zip(paths.items(), axes.T, strict=True):
    nets = [fit(**{name: value}) for value in values]
    for l, style in ((1, "o-"), (2, "^--")):
        norms = [np.linalg.norm(net.coefs_[l - 1]) for net in nets]
        upper.plot(values, norms, style, label=f"W[{l}]")
    rows = {"training": (X_train, y_train, "o-"), "dev": (X_dev, y_dev, "s--")}
    for part, (X, y, style) in rows.items():
        costs = [net.cost(X, y).data for net in nets]
        lower.plot(values, costs, style, label=f"{part} rows")
    lower.set_xlabel(name)
axes[0, 0].set_ylabel("norm of the weights")
axes[1, 0].set_ylabel("cost, without penalty")
for ax in axes[:, 0]:
    ax.invert_xaxis()
    ax.legend()
for ax in axes[:, 1]:
    ax.set_xscale("log")
plt.show()

# %%
# With separable classes the norms are not comparable: the cross-entropy has no minimum,
# so the weights grow as long as training continues, with or without dropout.
#
# No unit relies on one input
# ---------------------------
# Set one column of the dev rows to its mean and measure by how much the cost rises.
# Without dropout the prediction depends strongly on single columns. A unit whose inputs
# may be dropped cannot put all its weight on one of them and spreads it.
nets = {"all inputs kept": fit(), "half of the inputs drop": fit(input_keep_prob=0.5)}
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
places = np.arange(len(data.feature_names))
for k, (name, net) in enumerate(nets.items()):
    rises = []
    for j in places:
        X = X_dev.copy()
        X[:, j] = 0
        rises.append(net.cost(X, y_dev).data - net.cost(X_dev, y_dev).data)
    ax.bar(places + 0.4 * (k - 0.5), rises, width=0.4, label=name, hatch=("", "//")[k])
    print(f"{name}: dev cost {net.cost(X_dev, y_dev).data:.3f}, ", end="")
    print(f"at most {max(rises):.3f} more without one column")
ax.axhline(0, color="k", lw=0.8)
ax.set_xticks(places, data.feature_names)
ax.set(xlabel="column set to its mean", ylabel="rise of the dev cost")
ax.legend()
plt.show()

# %%
# When to use it: in large layers, with `keep_prob` from 0.5 to 0.8, and near 1 in small
# layers and for the inputs. ``keep_prob=(0.6, 0.9)`` sets it for each hidden layer.
