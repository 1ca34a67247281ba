"""
Early stopping
==============

Plot training and dev cost together, stop where the dev cost turns up, and keep the
parameters of its minimum.
"""

# %%
# Where the dev cost turns up
# ---------------------------
# Will a patient's disease progress by more than the median? Without a penalty, 50 units
# soon overfit these 442 rows: the training cost keeps falling to the end, while the dev
# cost has its minimum after some 15 epochs. `early_stopping` waits for
# `n_iter_no_change` epochs without an improvement and then restores the best
# parameters. The vertical lines show this in a second run from the same initial
# weights, whose learning rate is constant.
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
# Does it help? Ten paired runs
# -----------------------------
# One split may be lucky. So split the rows ten times, train one network that stops
# early and one that does not from the same initial weights, and compare them on test
# rows. Early stopping was better on the splits below the diagonal.
pairs, epochs = [], []
for seed in range(10):
    *nets, X_test, y_test = fit_both(seed)
    pairs.append([log_loss(y_test, net.predict_proba(X_test)) for net in nets])
    epochs.append([net.n_iter_ for net in nets])
stopped_loss, ended_loss = np.transpose(pairs)

fig, ax = plt.subplots(figsize=(4.4, 4.2), layout="constrained")
limits = 0.9 * np.min(pairs), 1.1 * np.max(pairs)
ax.plot(limits, limits, color="0.6", lw=1, label="equal")
ax.plot(ended_loss, stopped_loss, "o", label="one split")
ax.set(xlim=limits, ylim=limits, aspect="equal", title="log-loss on test rows")
ax.set(xlabel="trained to the end", ylabel="stopped early")
ax.legend(loc="upper left")
plt.show()
p = wilcoxon(stopped_loss, ended_loss, alternative="less").pvalue
print(f"stopped better on {np.sum(stopped_loss < ended_loss)} of {len(pairs)} splits")
print(f"p = {p:.3f} (Wilcoxon's signed-rank test)")
for name, losses, n in zip(
    ("stopped", "to the end"), np.transpose(pairs), np.transpose(epochs), strict=True
):
    print(f"{name:10}  log-loss {np.median(losses):.3f}, {np.median(n):.0f} epochs")

# %%
# When to use it: nearly always, since it saves time as well. The trade-off: minimising
# the training cost and avoiding overfitting are no longer separate, as they are with a
# penalty. And the dev rows have been used to stop training, so report the error on test
# rows.
