"""
Tables with numbers, categories, dates and text
===============================================

From a raw data frame with missing values to a deployed model: three ways to prepare the
columns, a search, a report, and a file.
"""

# %%
# A raw data frame
# ----------------
# Which loans will be paid back? The answer oscillates with age and depends on the
# income, the town, the season and two words of a note; the reason is irrelevant. Some
# incomes and reasons are missing. The rows are synthetic, so that there are enough test
# rows to see differences.
import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import skrub
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, TargetEncoder

from skdnn import (
    BiasVarianceReport,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    PiecewiseLinearEncoder,
)

WORDS = ["late", "paid", "call", "letter", "reminder", "thanks", "moved", "new"]


def loans(n, seed):
    """Return a table of n loans, and which of them were paid back."""
    rng = np.random.default_rng(seed)
    town = rng.integers(30, size=n)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": rng.lognormal(10, 0.5, n).round(-2),
            "reason": rng.choice(["car", "house", "boat"], n, p=[0.7, 0.295, 0.005]),
            "town": [f"town {k}" for k in town],
            "opened": np.datetime64("2020-01-01") + rng.integers(1461, size=n),
            "note": [" ".join(rng.choice(WORDS, 4)) for _ in range(n)],
        }
    )
    season = 2 * np.pi * table["opened"].dt.month / 12
    logit = 3 * np.sin(table["age"] / 8) + 3 * (np.log(table["income"]) - 10)
    logit += 2 * (town % 3 - 1) + 2 * np.sin(season)
    logit += 2 * (table["note"].str.count("paid") - table["note"].str.count("late"))
    paid_back = np.where(rng.uniform(size=n) < expit(logit), "yes", "no")
    table.loc[rng.uniform(size=n) < 0.1, "income"] = np.nan
    table.loc[rng.uniform(size=n) < 0.05, "reason"] = np.nan
    return table, paid_back


X_train, y_train = loans(1200, seed=0)
X_test, y_test = loans(4000, seed=1)
print(X_train.head())

# %%
# Dates become numbers
# --------------------
# Only you know what a date means for the target. The days since a reference date are a
# number; a season needs a sine and a cosine, so that December is next to January.


def dates_as_numbers(table):
    opened = table["opened"]
    season = 2 * np.pi * opened.dt.month / 12
    return table.drop(columns="opened").assign(
        days=(opened - pd.Timestamp("2020-01-01")).dt.days,
        season_sin=np.sin(season),
        season_cos=np.cos(season),
    )


dates = FunctionTransformer(dates_as_numbers)

# %%
# Three ways to prepare the columns
# ---------------------------------
# The cross-validated estimator accepts the other columns unchanged, but cannot use the
# notes: it takes them for categories, most of which occur once. skrub encodes
# dates and text automatically. In a ``ColumnTransformer`` you choose a transformer for
# each column.
columns = ColumnTransformer(
    [
        (
            "numbers",
            make_pipeline(SimpleImputer(add_indicator=True), PiecewiseLinearEncoder()),
            ["age", "income"],
        ),
        ("dates", InputStandardizer(), ["days", "season_sin", "season_cos"]),
        (
            "categories",
            OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist"),
            ["reason"],
        ),
        (
            "towns",
            make_pipeline(
                TargetEncoder(cv=StratifiedKFold(shuffle=True, random_state=0)),
                InputStandardizer(),
            ),
            ["town"],
        ),
        ("text", TfidfVectorizer(), "note"),
    ],
    verbose_feature_names_out=False,
)


def chooser(**options):
    return MLPRegularizedClassifierCV(n_jobs=2, random_state=0, **options)


ways = {
    "all in one": make_pipeline(dates, chooser()),
    "skrub": skrub.tabular_pipeline(chooser()),
    "ColumnTransformer": make_pipeline(dates, columns, chooser(preprocess=False)),
}
for name, model in ways.items():
    model.fit(X_train, y_train)
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"{name:17}  accuracy {model.score(X_test, y_test):.2f}  log-loss {loss:.2f}")

# %%
# Which columns matter
# --------------------
# Permutation importance of the whole pipeline shuffles the raw columns, including date
# and note. The first way does not use the note; the reason matters in none.
fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharex=True, sharey=True)
for ax, (name, model) in zip(axes, ways.items(), strict=True):
    drops = permutation_importance(
        model, X_test[:1000], y_test[:1000], n_repeats=3, random_state=0
    )
    ax.barh(X_test.columns, drops.importances_mean, xerr=drops.importances_std)
    ax.set(title=name, xlabel="loss of accuracy")
axes[0].invert_yaxis()
fig.tight_layout()
plt.show()

# %%
# A search
# --------
# In a pipeline with a plain network, the preprocessing steps can be searched too.
net = MLPRegularizedClassifier((32,), early_stopping=True, max_iter=500, random_state=0)
grid = {
    "columntransformer__numbers__piecewiselinearencoder": [
        InputStandardizer(),
        PiecewiseLinearEncoder(),
    ],
    "mlpregularizedclassifier__alpha": [1.0, 10.0],
}
search = GridSearchCV(
    make_pipeline(dates, columns, net), grid, cv=3, scoring="neg_log_loss"
).fit(X_train, y_train)
scores = search.cv_results_["mean_test_score"]
for candidate, score in zip(search.cv_results_["params"], scores, strict=True):
    numbers, alpha = candidate.values()
    print(f"alpha {alpha:4.0f}, {type(numbers).__name__:22}  log-loss {-score:.2f}")

# %%
# Underfitting or overfitting?
# ----------------------------
# The report works on a search over a pipeline and names remedies in its parameters.
print(BiasVarianceReport.from_estimator(search, X_train, y_train, X_test, y_test))

# %%
# Saving and loading
# ------------------
# A pickled pipeline would refer to the function for dates without containing it, so its
# step is left out of the file, and the caller applies the function. A missing value, a
# new town and a new reason are no error.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "loans.joblib"
    joblib.dump(search.best_estimator_[1:], path)
    served = joblib.load(path)
asked = pd.DataFrame(
    {
        "age": [25, 47],
        "income": [31000.0, np.nan],
        "reason": ["car", "a reason that nobody gave"],
        "town": ["town 2", "a new town"],
        "opened": pd.to_datetime(["2024-05-01", "2024-11-30"]),
        "note": ["paid early", "reminder late late"],
    }
)
print(served.predict_proba(dates_as_numbers(asked)).round(2))
