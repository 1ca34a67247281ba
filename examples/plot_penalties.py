"""
Effect of a penalty on the weights
==================================

L2 shrinks weights, L1 sets many of them to exactly zero, and small weights make tanh
layers nearly linear, so that decision boundaries become straight.
"""

# %%
# From wiggly to straight boundaries
# ----------------------------------
# One network with two layers of 16 tanh units is trained with three strengths
# λ = `alpha` of the L2 penalty. With a weak penalty the boundary bends around single
# rows; with too strong a penalty it is a straight line. Biases are initialised to zero,
# since they are not penalised.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, make_moons

from skdnn import DecisionRegionsDisplay, InputStandardizer, MLPRegularizedClassifier

X, y = make_moons(200, noise=0.25, random_state=0)
net = MLPRegularizedClassifier(
    (16, 16),
    activation="tanh",
    solver="lbfgs",
    bias_init="zeros",
    max_iter=10_000,
    random_state=0,
)

nets = {
    f"alpha = {alpha}": clone(net).set_params(alpha=alpha).fit(X, y)
    for alpha in (0.1, 1, 30)
}
DecisionRegionsDisplay.from_estimator(nets, X, y)
plt.show()

# %%
# Why: tanh is nearly linear for small z
# --------------------------------------
# Along a path of penalties, the weight norm of each layer falls towards zero. So does
# the share of the variance of the first layer's activations that a linear function of
# its inputs does not explain, 1 - R²: the layer becomes linear. Once the weights are
# zero, only the bias is left, and each row gets the share of class 1 among the training
# rows. `fit` warns of this at the two strongest penalties.
alphas = np.geomspace(0.1, 100, 13)
norms, bent = [], []
for alpha in alphas:
    net.set_params(alpha=alpha).fit(X, y)
    norms.append([np.linalg.norm(W) for W in net.coefs_])
    A1 = np.tanh(X @ net.coefs_[0] + net.intercepts_[0])
    design = np.column_stack([np.ones(len(X)), X])
    residuals = A1 - design @ np.linalg.lstsq(design, A1)[0]
    bent.append(np.sum(residuals**2) / np.sum((A1 - A1.mean(axis=0)) ** 2))

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for l, (norm, style) in enumerate(zip(np.transpose(norms), "o^s", strict=True), 1):
    left.semilogx(alphas, norm, marker=style, label=f"W[{l}]")
left.set(xlabel="alpha", ylabel="Frobenius norm", title="weights of each layer")
left.legend()
right.semilogx(alphas, bent, "o-")
right.set(xlabel="alpha", ylabel="1 - R²", title="how far layer 1 is from linear")
plt.show()
print(f"alpha = {alphas[-1]:g}: p = {net.predict_proba(X)[0, 1]:.3f} for every row")

# %%
# L1: a sparse model
# ------------------
# The same path with an L1 penalty (`l1_ratio=1`), on 30 measurements of tumours. L2
# sets no weight to zero. L1 removes more and more weights, and columns too: a column
# whose weights are all zero is no longer used.
X, y = load_breast_cancer(return_X_y=True)
X = InputStandardizer().fit_transform(X)
net = MLPRegularizedClassifier(
    (8,),
    activation="tanh",
    learning_rate="cosine",
    learning_rate_init=0.01,
    max_iter=300,
    random_state=0,
)
alphas = np.geomspace(0.1, 100, 10)
fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for l1_ratio, name, style in ((0, "L2", "o-"), (1, "L1", "s--")):
    net.set_params(l1_ratio=l1_ratio)
    W1 = [net.set_params(alpha=alpha).fit(X, y).coefs_[0] for alpha in alphas]
    ax.semilogx(alphas, [np.mean(W == 0) for W in W1], style, label=f"{name}: weights")
    if name == "L1":
        unused = [np.mean(np.all(W == 0, axis=1)) for W in W1]
        ax.semilogx(alphas, unused, "^:", label="L1: columns not used")
ax.set(xlabel="alpha", ylabel="share of exact zeros in W[1]", ylim=(-0.05, 1.05))
ax.legend()
plt.show()

# %%
# When to use which: use L2 whenever the dev error is clearly above the train error,
# and L1 to find the columns that a network can do without. Search `alpha` on a
# logarithmic grid.
