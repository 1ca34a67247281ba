"""
Pictures of a network
=====================

What training did, what a search found, which weights are zero, where a classifier
decides what: each picture is one call of a display's `from_estimator`.
"""

# sphinx_gallery_thumbnail_number = 4

# %%
# Training and dev cost
# ---------------------
# The dev cost is what to look at: where it turns up, the network has begun to learn the
# training rows by heart. A dot marks the epoch whose parameters were kept. The training
# cost is J as training meets it, and the legend says what is in it besides the data.
# With dropout it is measured on a network with missing units, and lies above the dev
# cost.
import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_moons
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline

from skdnn import (
    CostContoursDisplay,
    DecisionRegionsDisplay,
    FirstLayerDisplay,
    InputStandardizer,
    MLPRegularizedClassifier,
    ParameterScoreDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)

X, y = load_digits(return_X_y=True)
X_train, X_dev, y_train, y_dev = train_test_split(
    X / 16, y, train_size=300, stratify=y, random_state=0
)


def digits_net(**options):
    return MLPRegularizedClassifier((64,), random_state=0, **options).fit(
        X_train, y_train, X_val=X_dev, y_val=y_dev
    )


to_the_end = {"learning_rate_init": 0.01, "learning_rate": "cosine", "tol": 0}
TrainingCurveDisplay.from_estimator(
    {
        "no regularisation": digits_net(
            alpha=0, keep_prob=1, max_iter=300, **to_the_end
        ),
        "dropout and early stopping": digits_net(
            keep_prob=0.6,
            early_stopping=True,
            n_iter_no_change=20,
            learning_rate_init=0.003,
            max_iter=1000,
        ),
    }
)
plt.show()

# %%
# Scores of a search
# ------------------
# From `cv_results_`, one parameter along the axis. To the left, the best over what else
# the search varied; to the right, a line for each value of a second parameter. The
# training scores (dashed) say whether a poor dev score is bias or variance: at
# alpha = 100 both losses are high.
cancer = load_breast_cancer(return_X_y=True)
net = MLPRegularizedClassifier(early_stopping=True, max_iter=1000, random_state=0)
grid = {
    "mlpregularizedclassifier__alpha": [0.1, 1, 10, 100],
    "mlpregularizedclassifier__hidden_layer_sizes": [(), (8,), (64, 32)],
}
search = GridSearchCV(
    make_pipeline(InputStandardizer(), net),
    grid,
    scoring="neg_log_loss",
    return_train_score=True,
).fit(*cancer)

figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
loss = {"negate_score": True}
ParameterScoreDisplay.from_estimator(search, "alpha", ax=axes[0], **loss)
ParameterScoreDisplay.from_estimator(
    search, "hidden_layer_sizes", hue="alpha", ax=axes[1], **loss
)
plt.show()

# %%
# Weights, and exact zeros
# ------------------------
# The L2 penalty makes weights small, and none of them zero. The L1 penalty makes most
# of them exactly zero (the line with a square) and lets others grow large.
WeightsDisplay.from_estimator(
    {
        "L2": digits_net(alpha=3, **to_the_end),
        "L1": digits_net(alpha=3, l1_ratio=1, **to_the_end),
    }
)
plt.show()

# %%
# Decision regions
# ----------------
# Without regularisation the border winds about single training rows (dots), at no gain
# for the dev rows (triangles), and is sharp: the network is sure of itself everywhere.
# Colours fade to white where the two classes are equally probable. This is one sample
# of 100 rows; on another the two regularisers may change places.
moons, labels = make_moons(400, noise=0.3, random_state=0)
A_train, A_dev, b_train, b_dev = train_test_split(
    moons, labels, train_size=100, stratify=labels, random_state=0
)


def moons_net(**options):
    options = {"keep_prob": 1.0, "max_iter": 400, "random_state": 0} | options
    net = MLPRegularizedClassifier((64, 64), **options)
    return net.set_params(**to_the_end).fit(A_train, b_train)


DecisionRegionsDisplay.from_estimator(
    {
        "no regularisation": moons_net(alpha=0),
        "L2, alpha = 1": moons_net(alpha=1),
        "dropout, keep_prob = 0.8": moons_net(alpha=0, keep_prob=0.8),
    },
    A_train,
    b_train,
    X_dev=A_dev,
    y_dev=b_dev,
)
plt.show()

# %%
# First-layer weights as images
# -----------------------------
# What the units of the first layer look for in a digit, those with the largest weights
# first: strokes and their absence in some places. White is zero.
FirstLayerDisplay.from_estimator(digits_net(alpha=5, **to_the_end), (8, 8))
plt.show()

# %%
# Contours of the cost, with and without standardised inputs
# ----------------------------------------------------------
# Two kinds of wine told apart by two columns, with no hidden layer. The weights of the
# two columns vary, the bias stays where it is. On the columns as they are, the contours
# form a narrow valley; gradient descent can only take small steps, falls to the floor
# of the valley and hardly moves along it. Standardised, the contours are nearly round,
# the learning rate can be some 50 times as large, and as many steps arrive.
wine, kind = load_wine(return_X_y=True, as_frame=True)
wine, kind = wine.loc[kind < 2, ["alcohol", "color_intensity"]], kind[kind < 2]


def logistic():
    return MLPRegularizedClassifier((), solver="lbfgs", alpha=1, max_iter=1000)


CostContoursDisplay.from_estimator(
    {
        "inputs as they are": logistic().fit(wine, kind),
        "standardised": make_pipeline(InputStandardizer(), logistic()).fit(wine, kind),
    },
    wine,
    kind,
)
plt.show()
