"""
Diagnosing bias and variance
============================

Of three networks on handwritten digits, one underfits, one overfits and one does
neither. A report derives this from their train and dev errors and says what to try
next; a decomposition shows bias and variance over redraws of the training set.
"""

# %%
# Three networks, three diagnoses
# -------------------------------
# There are few training rows, and many dev rows for narrow intervals. The Bayes error
# is taken as 0; it cannot be much above, since one of the networks has a dev error of
# less than 3 %.
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from skdnn import (
    BiasVarianceDisplay,
    BiasVarianceReport,
    InputStandardizer,
    MLPRegularizedClassifier,
    bias_variance_decomposition,
    dev_size_for,
    train_dev_test_split,
)

X, y = load_digits(return_X_y=True)
X_train, X_dev, _, y_train, y_dev, _ = train_dev_test_split(
    X, y, dev_size=800, test_size=0, stratify=y, random_state=0
)


def network(hidden_layer_sizes, **options):
    """Return a network behind a standardizer."""
    net = MLPRegularizedClassifier(
        hidden_layer_sizes,
        activation="tanh",
        solver="lbfgs",
        max_iter=5000,
        random_state=0,
        **options,
    )
    return make_pipeline(InputStandardizer(), net)


limits = {
    "bayes_error": 0.0,
    "thresholds": {"avoidable_bias": 0.02, "variance": 0.05},
}
few, all_rows = slice(250), slice(None)
candidates = {
    "underfits": (network((3,), alpha=10.0), all_rows),
    "overfits": (network((100,), alpha=0.01), few),
    "in order": (network((100,), alpha=10.0), all_rows),
}

# %%
# You decide what counts as high: here a bias above 2 points and a variance above 5.
# Each verdict uses the whole interval of its gap. If that is not decisive, the report
# says so, and how many rows would be, if any number is.
reports = {}
for name, (model, rows) in candidates.items():
    model.fit(X_train[rows], y_train[rows])
    reports[name] = BiasVarianceReport.from_estimator(
        model, X_train[rows], y_train[rows], X_dev, y_dev, **limits
    )
    print(f"{name}\n{'=' * len(name)}\n{reports[name]}\n")

# %%
# The same as a plot. The lines are 95 % intervals.
BiasVarianceDisplay.from_report(reports)
plt.show()

# %%
# Applying the remedies
# ---------------------
# Remedies name parameters of the estimator, ready for `set_params`. The network that
# underfits is enlarged, as its first remedy says, until its bias is no longer high.
model, rows = candidates["underfits"]
report = reports["underfits"]
while report.high_bias:
    remedy = report.remedies[0]
    model.set_params(**remedy.params).fit(X_train, y_train)
    report = BiasVarianceReport.from_estimator(
        model, X_train, y_train, X_dev, y_dev, **limits
    )
    print(f"{remedy}: bias {report.avoidable_bias:.3f}, variance {report.variance:.3f}")

# %%
# The network that overfits has few training rows. Its first remedy is to add more.
model, rows = candidates["overfits"]
for n_rows in (250, 500, len(X_train)):
    model.fit(X_train[:n_rows], y_train[:n_rows])
    report = BiasVarianceReport.from_estimator(
        model, X_train[:n_rows], y_train[:n_rows], X_dev, y_dev, **limits
    )
    print(f"{n_rows} rows: variance {report.variance:.3f}, {report.diagnosis}")

# %%
# How many dev rows are needed?
# -----------------------------
# To choose among ten candidates with an error of about 5 %, by their difference:
for delta in (0.05, 0.02, 0.01):
    n_rows = dev_size_for(delta, error=0.05, candidates=10)
    print(f"{delta:.0%} apart: {n_rows} dev rows")

# %%
# Redraws of the training set
# ---------------------------
# In statistics, bias and variance mean something else: the error of the mean prediction
# over redraws of the training rows, and the scatter around it. Here the Brier score is
# decomposed exactly, row by row. A stump hardly varies but has a large bias; averaging
# many deep trees removes most of their variance.
models = {
    "stump": DecisionTreeClassifier(max_depth=1),
    "deep tree": DecisionTreeClassifier(),
    "50 bagged trees": BaggingClassifier(n_estimators=50),
    "network, alpha 0.01": network((30,), alpha=0.01),
    "network, alpha 10": network((30,), alpha=10.0),
}
parts = {
    name: bias_variance_decomposition(
        model, X_train[:300], y_train[:300], X_dev, y_dev, n_rounds=20, random_state=0
    )
    for name, model in models.items()
}
for name, part in parts.items():
    print(f"{name:20} bias² {part.bias:.3f}  variance {part.variance:.3f}")

fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
bias = [part.bias for part in parts.values()]
variance = [part.variance for part in parts.values()]
ax.barh(list(parts), bias, label="bias², with the noise")
ax.barh(
    list(parts), variance, left=bias, hatch="//", edgecolor="white", label="variance"
)
ax.invert_yaxis()
ax.set_xlabel("Brier score on dev rows, summed over classes")
ax.legend(loc="lower right")
plt.show()
