"""
The best result from a raw table
================================

Numbers, categories and gaps in; calibrated probabilities out. How long to train, how
strong a penalty and which encoding of numbers are chosen by rows held out, and pictures
show by how much.
"""

# %%
# A table as it comes
# -------------------
# Will a customer buy? It depends on the age in waves, on some plans together with the
# visits, on one of the jobs and on the income; three columns say nothing. Some incomes
# and jobs are missing. The rows are made, so that there are enough new ones to see how
# good the probabilities are.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import log_loss

from skdnn import (
    BiasVarianceReport,
    MLPRegularizedClassifierCV,
    ParameterScoreDisplay,
    TrainingCurveDisplay,
)


def customers(n, seed):
    """Return a table of n customers, and which of them bought."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.lognormal(10, 0.5, n).round(-2),
            "visits": rng.poisson(3, n),
            "job": rng.choice(["clerk", "nurse", "cook", "driver"], n),
            "plan": rng.choice(["free", "basic", "full"], n),
            "distance": rng.exponential(20, n).round(1),
            "months": rng.integers(1, 60, n),
            "clicks": rng.poisson(30, n),
        }
    )
    logit = 3 * np.sin(table["age"] / 8) - 2 * (np.log(table["income"]) - 10)
    logit += 1.5 * (table["plan"] == "full") * (table["visits"] - 3)
    logit += 1.5 * (table["job"] == "nurse")
    bought = np.where(rng.uniform(size=n) < expit(logit), "yes", "no")
    table.loc[rng.uniform(size=n) < 0.1, "income"] = np.nan
    table.loc[rng.uniform(size=n) < 0.05, "job"] = None
    return table, bought


X_train, y_train = customers(400, seed=0)
X_test, y_test = customers(5000, seed=1)
print(X_train.head())

# %%
# One fit
# -------
# Three penalties times two encodings of numbers are the candidates. Each has a network
# for each of five folds. Then five networks are trained on all rows, with the winner's
# settings and for its number of steps; their probabilities are averaged.
model = MLPRegularizedClassifierCV(
    alphas=[0.1, 0.3, 1.0], max_steps=2000, n_members=5, n_jobs=2, random_state=0
)
model.fit(X_train, y_train)
print(
    f"alpha {model.alpha_:g}, {model.encoding_} encoding, {model.best_n_steps_} steps"
)
print(f"out-of-fold log-loss {model.oof_score_:.3f}")
print(f"test log-loss        {log_loss(y_test, model.predict_proba(X_test)):.3f}")

# %%
# How it was chosen
# -----------------
# Each line is a candidate. All of its networks are looked at together, at checkpoints
# that lie ever further apart, and stop when the rows held out are no longer predicted
# better. The dot is what was chosen; thin lines are the folds behind it. The steps are
# on a logarithmic scale, since between tables the best number differs by a factor of
# a hundred.
TrainingCurveDisplay.from_estimator(model)
plt.show()

# %%
# The best checkpoint of each candidate, against alpha. The bands are wide, since some
# folds are harder than others; but all candidates are judged by the same rows.
ParameterScoreDisplay.from_estimator(model, "alphas", hue="encodings")
plt.show()

# %%
# Are the probabilities right?
# ----------------------------
# Of the customers who get 80 %, eight of ten should buy. A network that has learned few
# rows for long is too sure of itself: its logits have the right order and the wrong
# size. One number, the temperature, was found on the rows held out and has been folded
# into the last layer of each network. Multiplied by it, the logits are again as they
# were trained. The average of all five networks orders the customers better than one,
# and is more careful.
T, net = model.temperature_, model.members_[0]
probabilities = {
    "one network, as trained": expit(T * net.decision_function(X_test)),
    "one network, calibrated": expit(net.decision_function(X_test)),
    "average of five": model.predict_proba(X_test)[:, 1],
}
fig, ax = plt.subplots(figsize=(5.6, 5.6), layout="constrained")
for name, probability in probabilities.items():
    CalibrationDisplay.from_predictions(
        y_test == "yes",
        probability,
        n_bins=10,
        strategy="quantile",
        name=f"{name}: log-loss {log_loss(y_test == 'yes', probability):.3f}",
        ax=ax,
    )
ax.set_title(f"Calibration by one temperature, {T:.2f}")
plt.show()

# %%
# Underfitting or overfitting?
# ----------------------------
# The rows held out answer this, too: no dev set has to be kept back. If the penalty
# that was chosen is the strongest of the candidates, the report asks for a stronger
# one.
print(BiasVarianceReport.from_estimator(model, X_train, y_train))
