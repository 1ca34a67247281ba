"""
The course in ten cells
=======================

One cell for each page of the course in the user guide: what the page claims, and the
numbers that show it. Runs in about ten seconds; the first run compiles for some seconds
more.
"""

# %%
# Train, dev and test sets
# ------------------------
# Train on one part of the rows, choose on the second, and report the error on the
# third. Dev and test each get a fifth of the rows but at most 10 000: more are seldom
# needed to tell candidates apart.
#
# `Guide: Train, dev and test sets <../user_guide/train_dev_test.html>`_
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.pipeline import make_pipeline

from skdnn import (
    BiasVarianceReport,
    DataScaleWarning,
    ElasticDistortion,
    InputStandardizer,
    MLPRegularizedClassifier,
    PiecewiseLinearEncoder,
    TrainDevTestSplit,
    TrainingCurveDisplay,
    check_cost_descends,
    check_gradients,
    dev_size_for,
    signal_propagation,
    train_dev_test_split,
)

SEED = 0
X, y = load_digits(return_X_y=True)
X_train, X_dev, X_test, y_train, y_dev, y_test = train_dev_test_split(
    X / 16, y, stratify=y, random_state=SEED
)
print(f"digits: {len(y_train)} train, {len(y_dev)} dev, {len(y_test)} test rows")
for n in (10_000, 1_000_000):
    rows = np.zeros((n, 1), dtype=np.int8)
    train, dev = next(TrainDevTestSplit(test_size="auto", stratify=False).split(rows))
    print(f"{n:>9,} rows: {len(train) / n:.0%} train, {len(dev) / n:.0%} dev")
needed = dev_size_for(0.01, error=0.1, candidates=2)
print(f"dev rows that tell 10 % from 11 % error: {needed}")

# %%
# Bias and variance
# -----------------
# Two errors say what to do next. A high train error is bias and asks for a larger
# network; a dev error far above it is variance and asks for more rows or
# regularisation. The report is that of the second network.
#
# `Guide: Bias and variance <../user_guide/bias_variance.html>`_
few = slice(300)
small = MLPRegularizedClassifier(
    (2,), "tanh", alpha=10, solver="lbfgs", max_iter=2000, random_state=SEED
)
large = clone(small).set_params(hidden_layer_sizes=(100,), alpha=0.01)
reports = [
    BiasVarianceReport.from_estimator(
        net.fit(X_train[few], y_train[few]),
        X_train[few],
        y_train[few],
        X_dev,
        y_dev,
        bayes_error=0,
    )
    for net in (small, large)
]
print("2 units, strong penalty:  ", reports[0].diagnosis)
print("100 units, weak penalty:  ", reports[1].diagnosis)
reports[1]

# %%
# L2 and L1 penalties
# -------------------
# L2 shrinks all weights, L1 sets many of them to exactly zero, and either keeps the
# network from memorising rows. To leave something to memorise, here and in the next two
# cells almost a third of the training labels are replaced with those of other rows. The
# dev labels are right.
#
# `Guide: L2 and L1 penalties <../user_guide/penalties.html>`_
rng = np.random.default_rng(SEED)
is_wrong = rng.uniform(size=len(y_train)) < 0.3
y_noisy = np.where(is_wrong, rng.permutation(y_train), y_train)

net = MLPRegularizedClassifier(
    (100,),
    alpha=0,
    keep_prob=1.0,
    learning_rate="cosine",
    learning_rate_init=0.005,
    max_iter=300,
    n_iter_no_change=300,
    random_state=SEED,
)


def show(name, net):
    train, dev = net.score(X_train, y_noisy), net.score(X_dev, y_dev)
    print(f"{name:20} train accuracy {train:.2f}, dev accuracy {dev:.2f}")


unregularised = clone(net).fit(X_train, y_noisy, X_val=X_dev, y_val=y_dev)
l2 = clone(net).set_params(alpha=10).fit(X_train, y_noisy)
l1 = clone(net).set_params(alpha=10, l1_ratio=1).fit(X_train, y_noisy)
for name, fitted in {"no penalty": unregularised, "L2": l2, "L1": l1}.items():
    show(name, fitted)
    W = fitted.coefs_[0]
    print(f"  W[1]: rms {np.sqrt(np.mean(W**2)):.3f}, {np.mean(W == 0):.0%} zeros")

# %%
# Dropout
# -------
# A network that keeps each hidden unit with probability 0.5 cannot rely on any of them.
# It memorises fewer wrong labels and predicts the dev rows better.
#
# `Guide: Dropout <../user_guide/dropout.html>`_
show("keep_prob=1", unregularised)
show("keep_prob=0.5", clone(net).set_params(keep_prob=0.5).fit(X_train, y_noisy))

# %%
# Early stopping
# --------------
# The training cost keeps falling while the dev cost turns up again. Early stopping
# restores the parameters of the epoch with the lowest dev cost.
#
# `Guide: Early stopping <../user_guide/early_stopping.html>`_
stopped = clone(net).set_params(early_stopping=True, n_iter_no_change=10)
stopped.fit(X_train, y_noisy, X_val=X_dev, y_val=y_dev)
show("trained to the end", unregularised)
show("stopped early", stopped)
print(f"best epoch {stopped.best_iteration_} of {stopped.n_iter_}")
TrainingCurveDisplay.from_estimator(
    {"trained to the end": unregularised, "stopped early": stopped}
)
plt.show()

# %%
# Data augmentation
# -----------------
# Altered copies of the training rows are the cheapest additional data. Here each epoch
# distorts 400 training digits in a new way, and the dev error falls. The other training
# rows serve as dev rows, too.
#
# `Guide: Data augmentation <../user_guide/augmentation.html>`_
X_rest = np.concatenate([X_train[400:], X_dev])
y_rest = np.concatenate([y_train[400:], y_dev])
elastic = ElasticDistortion((8, 8), alpha=8, sigma=2)
for name, augmentation in {"none": None, "elastic": elastic}.items():
    net.set_params(alpha=0.1, augmentation=augmentation, batch_size=50)
    net.fit(X_train[:400], y_train[:400])
    print(f"augmentation {name:8} dev error {1 - net.score(X_rest, y_rest):.1%}")

# %%
# Normalising the inputs
# ----------------------
# Columns on one scale make the contours of the cost rounder, so that training needs
# fewer steps; here are 50 epochs. `fit` warns of columns that should be standardised.
#
# `Guide: Normalising the inputs <../user_guide/normalising.html>`_
X_wine, y_wine = load_wine(return_X_y=True)
Z_wine = InputStandardizer().fit_transform(X_wine)
for name, columns in {"raw": X_wine, "standardised": Z_wine}.items():
    net_wine = MLPRegularizedClassifier((16,), max_iter=50, random_state=SEED)
    with warnings.catch_warnings(record=True, action="always") as caught:
        net_wine.fit(columns, y_wine)
    told = any(w.category is DataScaleWarning for w in caught)
    condition = np.linalg.cond(np.cov(columns, rowvar=False))
    accuracy = net_wine.score(columns, y_wine)
    print(f"{name:13} condition {condition:.0e}, train accuracy {accuracy:.2f}", end="")
    print(", with a warning" if told else "")

# %%
# Piecewise linear encoding of numerical columns
# ----------------------------------------------
# A network has to build each step or peak within a column from hidden units. Piecewise
# linear bins provide the pieces. Here the class changes five times along each column.
#
# `Guide: Piecewise linear encoding of numerical columns <../user_guide/encoding.html>`_
X_waves, X_new = rng.uniform(-3, 3, (800, 2)), rng.uniform(-3, 3, (2000, 2))
y_waves, y_new = ((np.sin(3 * x) > 0).sum(axis=1) for x in (X_waves, X_new))
net_waves = MLPRegularizedClassifier(
    (16,), early_stopping=True, max_iter=500, learning_rate_init=0.01, random_state=SEED
)
for columns in (InputStandardizer(), PiecewiseLinearEncoder(n_bins=16)):
    model = make_pipeline(columns, net_waves).fit(X_waves, y_waves)
    print(f"dev accuracy {model.score(X_new, y_new):.2f} with {columns}")

# %%
# Vanishing and exploding gradients
# ---------------------------------
# Each layer multiplies the size of the signal. A factor other than 1 makes it explode
# or vanish, exponentially in depth. He's initialisation keeps the factor of ReLU layers
# near 1; Xavier's does not, as the report shows.
#
# `Guide: Vanishing and exploding gradients <../user_guide/signals.html>`_
print(f"1.5^20 = {1.5**20:.0f}, 0.5^20 = {0.5**20:.0e}")
deep = MLPRegularizedClassifier((50,) * 10, init="he", random_state=SEED)
healthy = signal_propagation(deep, X_train, y_train, n_epochs=0)
print(f"init=he: {healthy.verdict}")
signal_propagation(deep.set_params(init="xavier"), X_train, y_train, n_epochs=0)

# %%
# Gradient checking
# -----------------
# Before you train, backpropagation must agree with two-sided differences of J, and J
# must fall at each step of plain gradient descent. Only then switch dropout on.
#
# `Guide: Gradient checking <../user_guide/gradient_checking.html>`_
step = 0.01
print(f"one-sided difference of θ³ at 1: {((1 + step) ** 3 - 1) / step:.4f}")
two_sided = ((1 + step) ** 3 - (1 - step) ** 3) / (2 * step)
print(f"two-sided difference of θ³ at 1: {two_sided:.4f} (the derivative is 3)")
tiny = MLPRegularizedClassifier((8,), "tanh", alpha=1.0, random_state=SEED)
print(repr(check_cost_descends(tiny, X_train[:200], y_train[:200])))
check_gradients(tiny, X_train[:50], y_train[:50], max_params=300)
