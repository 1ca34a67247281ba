"""
Bias or variance: what to do next
=================================

Three networks on handwritten digits: one underfits, one overfits, one does neither. A
report reads that off their train and dev errors and says what to try next; a
decomposition shows the bias and variance over redraws of the training set.
"""

# %%
# Three networks, three diagnoses
# -------------------------------
# Few training rows, and many dev rows to be sure about what is seen. Humans read these
# digits with an error of next to nothing, so the Bayes error is taken as 0.
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
# What counts as high is ours to say: here a bias of 2 points, a variance of 5. Each
# verdict takes the whole interval of its gap. Where that does not decide, the report
# says so, and how many rows would.
reports = {}
for name, (model, rows) in candidates.items():
    model.fit(X_train[rows], y_train[rows])
    reports[name] = BiasVarianceReport.from_estimator(
        model, X_train[rows], y_train[rows], X_dev, y_dev, **limits
    )
    print(f"{name}\n{'=' * len(name)}\n{reports[name]}\n")

# %%
# The same as a picture. The lines are 95 % intervals.
BiasVarianceDisplay.from_report(reports)
plt.show()

# %%
# Doing what the report says
# --------------------------
# Remedies come in the parameters of the estimator, ready for `set_params`. The network
# that underfits is made larger, as its first remedy says, until its bias is no longer
# high.
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
# The network that overfits has seen few rows. Its first remedy is to train on more.
model, rows = candidates["overfits"]
for n_rows in (250, 500, len(X_train)):
    model.fit(X_train[:n_rows], y_train[:n_rows])
    report = BiasVarianceReport.from_estimator(
        model, X_train[:n_rows], y_train[:n_rows], X_dev, y_dev, **limits
    )
    print(f"{n_rows} rows: variance {report.variance:.3f}, {report.diagnosis}")

# %%
# How many dev rows were needed?
# ------------------------------
# For the choice between ten candidates of about 5 % error, by how far they are apart:
for delta in (0.05, 0.02, 0.01):
    n_rows = dev_size_for(delta, error=0.05, candidates=10)
    print(f"{delta:.0%} apart: {n_rows} dev rows")

# %%
# Over redraws of the training set
# --------------------------------
# The bias and variance of statistics are another pair: the error of the mean prediction
# over redraws of the training rows, and the scatter about it. Here the Brier score is
# split exactly, row by row. A stump hardly scatters but is wrong nearly everywhere, and
# averaging many deep trees takes most of their scatter away.
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
