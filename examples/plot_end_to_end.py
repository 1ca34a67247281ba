"""
End-to-end workflow on handwritten digits
=========================================

Split the data, check the gradient, watch a network overfit, regularise it, run a
search, and only then use the test rows.
"""

# %%
# Three parts, split once
# -----------------------
# The network is trained on the training rows, we choose between networks on the dev
# rows, and the test rows are used once, at the very end. All three keep the proportions
# of the ten digits.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, classification_report
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    TrainDevTestSplit,
    TrainingCurveDisplay,
    train_dev_test_split,
)

X, y = load_digits(return_X_y=True)
X_train, X_dev, X_test, y_train, y_dev, y_test = train_dev_test_split(
    X, y, stratify=y, random_state=0
)
print(f"{len(y_train)} training, {len(y_dev)} dev and {len(y_test)} test rows")

# %%
# Mean and standard deviation come from the training rows; the same two numbers per
# pixel are applied to all other rows.
standardizer = InputStandardizer().fit(X_train)
X_train_scaled, X_dev_scaled = map(standardizer.transform, (X_train, X_dev))

# %%
# Is the gradient right?
# ----------------------
# Before training, compare backpropagation with two-sided differences of the cost, at
# random initialisation. A relative error of at most about 1e-7 means that they agree.
net = MLPRegularizedClassifier((64, 32), random_state=0)
print(net.gradient_check(X_train_scaled[:100], y_train[:100], at="init"))

# %%
# Overfitting, seen on the dev set
# --------------------------------
# Two networks of the same size: one has almost no penalty, and its training cost keeps
# falling long after the dev cost has stopped falling. The other drops a fifth of its
# hidden units in each step and stops when the dev cost no longer falls. Its training
# cost includes the penalty and is measured while units are dropped, so it is above the
# dev cost, which includes neither.
dev = {"X_val": X_dev_scaled, "y_val": y_dev}
free = MLPRegularizedClassifier(
    (64, 32), alpha=1e-3, keep_prob=1, learning_rate="cosine", tol=0, random_state=0
)
free.fit(X_train_scaled, y_train, **dev)
held = MLPRegularizedClassifier(
    (64, 32), keep_prob=0.8, early_stopping=True, random_state=0
)
held.fit(X_train_scaled, y_train, **dev)

TrainingCurveDisplay.from_estimator(
    {"no regularisation": free, "dropout and early stopping": held}
)
plt.show()

# %%
# Check the gradient again, now with the trained weights:
report = held.gradient_check(X_train_scaled[:100], y_train[:100])
print(f"{report.verdict}, relative error {report.relative_error:.1e}")

# %%
# Choosing on a dev set
# ---------------------
# A search makes its own split. With `TrainDevTestSplit` it is a single train/dev pair,
# about five times cheaper than five folds; the search does not get the test rows. The
# winner is then fitted to the training and dev rows together, of which a tenth is held
# out for early stopping.
pipeline = Pipeline(
    [
        ("standardize", InputStandardizer()),
        (
            "net",
            MLPRegularizedClassifier(
                early_stopping=True, max_iter=1000, random_state=0
            ),
        ),
    ]
)
grid = {
    "net__hidden_layer_sizes": [(64,), (128, 64)],
    "net__alpha": [0.1, 1.0],
    "net__keep_prob": [1.0, 0.8],
    "net__init": ["he", "glorot"],
}
cv = TrainDevTestSplit(dev_size=len(y_dev), random_state=0)
search = GridSearchCV(pipeline, grid, cv=cv, scoring="neg_log_loss")
search.fit(np.concatenate([X_train, X_dev]), np.concatenate([y_train, y_dev]))
for name, value in search.best_params_.items():
    print(f"{name.removeprefix('net__'):20}{value}")
print(f"dev log-loss {-search.best_score_:.4f}")

# %%
# One evaluation on the test rows
# -------------------------------
print(classification_report(y_test, search.predict(X_test), digits=3))
print(f"test accuracy {accuracy_score(y_test, search.predict(X_test)):.3f}")
