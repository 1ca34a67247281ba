"""
From a raw table to calibrated probabilities
============================================

The input is a table of numerical and categorical columns with missing values; the
output is calibrated probabilities. Number of training steps, penalty and encoding of
numerical columns are chosen on held-out rows, and plots compare the candidates.
"""

# %%
# A raw table
# -----------
# Will a customer buy? The answer oscillates with age and depends on the visits for one
# of the plans, on one of the jobs and on the income; three columns are irrelevant. Some
# incomes and jobs are missing. The rows are synthetic, so that there are enough test
# rows to judge the probabilities.
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
# The candidates are three penalties times two encodings of numerical columns, each with
# one network per fold, for five folds. Then five networks are trained on all rows, with
# the winner's settings and number of steps; their probabilities are averaged.
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
# The choice
# ----------
# Each line is a candidate. The networks of all its folds are scored together at
# checkpoints, which are ever further apart, and stop when the held-out predictions no
# longer improve. The dot is the choice; the thin lines are its folds. The steps are
# on a logarithmic scale.
TrainingCurveDisplay.from_estimator(model)
plt.show()

# %%
# The best score of each candidate against alpha. The bands are wide because some folds
# are harder than others, but all candidates are scored on the same rows.
ParameterScoreDisplay.from_estimator(model, "alphas", hue="encodings")
plt.show()

# %%
# Are the probabilities right?
# ----------------------------
# Of the customers with a predicted 80 %, eight of ten should buy. Each of these
# networks is overconfident: its logits are too large. `fit` divides them by one number,
# the temperature, which it finds on the held-out rows and folds into the last layer of
# each network. Multiplied by the temperature, the logits are as trained. The average of
# all five networks ranks the customers better than one network, and is less confident.
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
# The held-out rows answer this too, without a separate dev set. Here the chosen penalty
# is the strongest candidate, so the report suggests a stronger one.
print(BiasVarianceReport.from_estimator(model, X_train, y_train))
