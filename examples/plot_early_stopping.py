"""
Early stopping
==============

Training and dev cost on one set of axes: stop where the dev cost turns up, and keep the
parameters of its lowest point.
"""

# %%
# Where the dev cost turns up
# ---------------------------
# Will the disease of a patient progress by more than the median? 442 rows are soon
# learned by heart by 50 units without a penalty. Watch the two costs part: the training
# cost goes on falling to the end, the dev cost has its minimum after a few epochs.
# `early_stopping` waits for `n_iter_no_change` epochs without an improvement, and then
# goes back to that minimum.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import wilcoxon
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import log_loss

from skdnn import InputStandardizer, MLPRegularizedClassifier, train_dev_test_split

X, y = load_diabetes(return_X_y=True)
y = (y > np.median(y)).astype(int)


def fit_both(seed):
    """Return a net that stopped early, one trained to the end, and the test rows."""
    X_train, X_dev, X_test, y_train, y_dev, y_test = train_dev_test_split(
        X, y, stratify=y, random_state=seed
    )
    standardizer = InputStandardizer().fit(X_train)
    X_train, X_dev, X_test = map(standardizer.transform, (X_train, X_dev, X_test))
    net = MLPRegularizedClassifier(
        50, alpha=0, keep_prob=1, batch_size=50, random_state=seed
    )
    to_the_end = {"learning_rate": "cosine", "max_iter": 1000, "tol": 0}
    stopped, ended = (
        clone(net).set_params(**options).fit(X_train, y_train, X_val=X_dev, y_val=y_dev)
        for options in ({"early_stopping": True}, to_the_end)
    )
    return stopped, ended, X_test, y_test


stopped, ended, _, _ = fit_both(seed=0)
epochs = range(1, ended.n_iter_ + 1)
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.semilogx(epochs, ended.loss_curve_, label="training cost")
ax.semilogx(epochs, ended.validation_loss_curve_, "--", label="dev cost")
ax.axvline(stopped.best_iteration_, color="0.3", lw=1, label="parameters kept")
ax.axvline(stopped.n_iter_, color="0.3", lw=1, ls=":", label="training stopped")
ax.set(xlabel="epoch (log scale)", ylabel="cost per row")
ax.legend()
plt.show()

# %%
# Does it pay? Pairs of trainings
# -------------------------------
# One cut may be lucky. So cut the rows anew ten times, each time train one net that
# stops and one that does not, from the same start, and compare the two on test rows
# that neither has seen. Below the diagonal lie the cuts on which stopping was better.
pairs, epochs = [], []
for seed in range(10):
    *nets, X_test, y_test = fit_both(seed)
    pairs.append([log_loss(y_test, net.predict_proba(X_test)) for net in nets])
    epochs.append([net.n_iter_ for net in nets])
stopped_loss, ended_loss = np.transpose(pairs)

fig, ax = plt.subplots(figsize=(4.4, 4.2), layout="constrained")
limits = 0.9 * np.min(pairs), 1.1 * np.max(pairs)
ax.plot(limits, limits, color="0.6", lw=1, label="equal")
ax.plot(ended_loss, stopped_loss, "o", label="one cut")
ax.set(xlim=limits, ylim=limits, aspect="equal", title="log-loss on test rows")
ax.set(xlabel="trained to the end", ylabel="stopped early")
ax.legend(loc="upper left")
plt.show()
p = wilcoxon(stopped_loss, ended_loss, alternative="less").pvalue
print(f"stopped better on {np.sum(stopped_loss < ended_loss)} of {len(pairs)} cuts")
print(f"p = {p:.3f} (Wilcoxon's signed-rank test)")
for name, losses, n in zip(
    ("stopped", "to the end"), np.transpose(pairs), np.transpose(epochs), strict=True
):
    print(f"{name:10}  log-loss {np.median(losses):.3f}, {np.median(n):.0f} epochs")

# %%
# When to use it: nearly always, since it saves time as well. Its price: one knob now
# both fits the training rows and holds the fit back, where a penalty leaves these two
# apart. And dev rows that stopped a training have been used; the error to report is
# that of the test rows.
