"""
Visualising a network
=====================

Training curves, scores of a search, weights, decision regions and cost contours: each
plot is one call of a display's `from_estimator`.
"""

# sphinx_gallery_thumbnail_number = 4

# %%
# Training and dev cost
# ---------------------
# Look at the dev cost: where it turns up, the network has begun to memorise the
# training rows. A dot marks the epoch whose parameters were kept. The training cost is
# J as it was during training, and the legend says what it includes besides the loss.
# With dropout it is measured on a network with missing units, and here it is above the
# dev cost.
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
# The scores come from `cv_results_`, with one parameter along the axis. On the left,
# each point is the best over the other parameters of the search; on the right, there is
# a line for each value of a second parameter. The training scores (dashed) show whether
# a poor dev score is due to bias or variance: at alpha = 100 both losses are high.
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
# The L2 penalty makes weights small, but none of them zero. The L1 penalty makes most
# of them exactly zero (the line with a square), and some of the others are larger than
# any with L2.
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
# Without regularisation the boundary bends around single training rows (dots), with no
# gain on the dev rows (triangles), and it is sharp: the network is confident
# everywhere. Colours fade to white where the two classes are equally probable. This is
# one sample of 100 rows; on another, dropout may be better than L2.
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
# The images show which strokes, or missing strokes, the units of the first layer
# respond to, largest weights first. White is zero.
FirstLayerDisplay.from_estimator(digits_net(alpha=5, **to_the_end), (8, 8))
plt.show()

# %%
# Contours of the cost, with and without standardised inputs
# ----------------------------------------------------------
# Two kinds of wine are classified by two columns, without a hidden layer. The weights
# of the two columns vary, and the bias is fixed. With the raw columns, the contours
# form a narrow valley: gradient descent needs small steps, drops to the valley floor
# and hardly moves along it. With standardised columns the contours are nearly round,
# the learning rate can be some 50 times as large, and 20 steps reach the minimum.
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
