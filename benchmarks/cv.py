"""Many networks at once, and model selection inside a fit against a grid search.

*Nets*: K networks on c cores should take K/c times as long as one alone. They are the
folds of a candidate, candidates in one fold, ensemble members, or the fits of
`GridSearchCV` with threads; each on the digits and on a table of twenty thousand rows.

*Choice*: twelve candidates in five folds of the digits, and a network on all rows. With
*equal steps*, nothing stops early: every network of a fold takes the same number of
steps, with the same batch size and learning rate. What is not equal: the CV estimator
evaluates the held-out rows at each checkpoint, also chooses among checkpoints, and fits
a temperature; `GridSearchCV` scores once. The last network of the CV estimator takes
`best_n_steps_` steps, that of a grid search all of them: one network of sixty-one.
MLPClassifier has no dropout: its candidates are twelve values of alpha, at no extra
cost. With *own stopping*, all use their default rule to stop, with the same maximum of
steps. Ratios are to the fastest backend of a search.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier

from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.targets import at_least, at_most
from skdnn import MLPRegularizedClassifier, MLPRegularizedClassifierCV

CORES = 2
_MAX_OVER = 1.05  # of K/c times one network
_MIN_RATIOS = {"ours": 2, "sklearn": 10}
_BACKENDS = {
    "loky": {"backend": "loky", "inner_max_num_threads": 1},
    "threading": {"backend": "threading"},
}
_SEARCHED = {"ours": MLPRegularizedClassifier, "sklearn": MLPClassifier}
_NEVER = 10**9


@dataclass(frozen=True)
class Table:
    """Rows, and the network that is trained on them."""

    name: str
    n_rows: int
    n_columns: int | None  # of normal numbers; None for the digits
    hidden: tuple[int, ...]
    batch_size: int
    n_epochs: int

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and classes."""
        if self.n_columns is None:
            X, y = load_digits(return_X_y=True)
            return np.float32(X[: self.n_rows] / 16), y[: self.n_rows]
        rng = np.random.default_rng(0)
        shape = self.n_rows, self.n_columns
        X = rng.standard_normal(shape, dtype=np.float32)
        return X, (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)


DIGITS = Table("digits", 1797, None, (100,), batch_size=64, n_epochs=50)
TABLES = (DIGITS, Table("20000 x 30", 20_000, 30, (128, 128), 256, n_epochs=10))


@dataclass(frozen=True)
class Choice:
    """The candidates and folds."""

    table: Table = DIGITS
    alphas: tuple[float, ...] = (0.1, 1.0, 4.0, 10.0)
    keep_probs: tuple[float, ...] = (1.0, 0.9, 0.7)
    folds: int = 5
    rate: float = 3e-3

    @property
    def n_candidates(self) -> int:
        return len(self.alphas) * len(self.keep_probs)


# -- many networks ---------------------------------------------------------------------


def measure_nets(
    repetitions: int = 7, tables: tuple[Table, ...] = TABLES
) -> Iterator[dict]:
    """Yield one result per table and kind of networks."""
    for table in tables:
        X, y = table.rows()
        runs = _runs_of_nets(table, X, y)
        with threads_limited(1), _no_convergence_warnings():
            seconds = alternate(
                {name: run for name, (_, _, run) in runs.items()}, repetitions
            )
        for name, (n_nets, alone, _) in runs.items():
            if alone is None:
                continue
            share = n_nets / CORES * seconds[alone]
            if name.endswith("members"):  # trained after the one that chose n_steps
                share -= (n_nets / CORES - 1) * seconds["one net"]
            yield _net_result(table, name, seconds[name], seconds[alone], share)


def _runs_of_nets(table: Table, X, y) -> dict[str, tuple[int, str | None, Callable]]:
    """Map names to the number of networks, the run of one alone, and what to run."""
    folds = list(KFold(5).split(X))
    one = folds[:1]
    n_steps = table.n_epochs * -(-len(one[0][0]) // table.batch_size)

    def chosen(**changes) -> Callable:
        model = _choosing(table, n_steps, cv=one, refit=False)
        model.set_params(**{"n_jobs": CORES, **changes})
        return lambda: model.fit(X, y)

    def searched(cv, **grid) -> Callable:
        model = _plain(MLPRegularizedClassifier, table)
        search = GridSearchCV(model, grid, cv=cv, refit=False, scoring="neg_log_loss")

        def run():
            with parallel_config("threading", n_jobs=CORES):
                search.fit(X, y)

        return run

    alphas = [0.1, 1.0, 4.0, 10.0]
    few = {"alphas": alphas, "keep_probs": 0.9}
    return {
        "one net": (1, None, chosen(n_jobs=1)),
        "5 folds": (5, "one net", chosen(cv=folds)),
        "4 candidates": (4, "one net", chosen(**few)),
        "4 candidates x 5 folds": (20, "one net", chosen(**few, cv=folds)),
        "one member": (1, None, chosen(refit=True, n_jobs=1)),
        "5 members": (5, "one member", chosen(refit=True, n_members=5)),
        "one fit": (1, None, searched(one, alpha=[1.0])),
        "GridSearchCV, 4 fits": (4, "one fit", searched(one, alpha=alphas)),
        "GridSearchCV, 20 fits": (20, "one fit", searched(folds, alpha=alphas)),
    }


def _net_result(
    table: Table, name: str, seconds: np.ndarray, alone: np.ndarray, share: np.ndarray
) -> dict:
    return {
        "case": name,
        "table": table.name,
        "repetitions": len(seconds),
        "seconds": {"one": summary(alone), "all": summary(seconds)},
        "ratios": {"all/(K/c one)": summary(seconds / share)},
        "targets": {"all/(K/c one)": at_most(_MAX_OVER)},
    }


# -- a choice --------------------------------------------------------------------------


def measure_choice(repetitions: int = 5, choice: Choice = Choice()) -> Iterator[dict]:
    """Yield one result for equal steps, and one for own stopping."""
    X, y = choice.table.rows()
    for name, stops in (("equal steps", False), ("own stopping", True)):
        runs = {"cv": _run_cv(choice, stops, X, y)}
        for who, make in _SEARCHED.items():
            for backend, config in _BACKENDS.items():
                run = _run_search(make, choice, stops, X, y, config)
                runs[f"{who}, {backend}"] = run
        with threads_limited(1), _no_convergence_warnings():
            seconds = alternate(runs, repetitions)
        get_reusable_executor().shutdown(wait=True)
        yield _choice_result(name, seconds)


def _run_cv(choice: Choice, stops: bool, X, y) -> Callable:
    table = choice.table
    n_train = len(X) - len(X) // choice.folds
    n_steps = table.n_epochs * -(-n_train // table.batch_size)
    if stops:
        model = MLPRegularizedClassifierCV(
            max_steps=n_steps, preprocess=False, **_net_of(table)
        )
    else:
        model = _choosing(table, n_steps)
    model.set_params(
        alphas=choice.alphas,
        keep_probs=choice.keep_probs,
        learning_rate_init=choice.rate,
        cv=choice.folds,
        n_jobs=CORES,
    )
    return lambda: model.fit(X, y)


def _run_search(make, choice: Choice, stops: bool, X, y, config) -> Callable:
    model = _plain(make, choice.table, stops)
    model.set_params(learning_rate_init=choice.rate)
    grid = {"alpha": choice.alphas, "keep_prob": choice.keep_probs}
    if make is MLPClassifier:
        grid = {"alpha": np.geomspace(1e-5, 1, choice.n_candidates)}
    search = GridSearchCV(model, grid, cv=choice.folds, scoring="neg_log_loss")

    def run():
        with parallel_config(n_jobs=CORES, **config):
            search.fit(X, y)

    return run


def _choice_result(name: str, seconds: dict[str, np.ndarray]) -> dict:
    """Compare with the fastest backend of each search."""
    best = {
        who: min((seconds[f"{who}, {b}"] for b in _BACKENDS), key=np.median)
        for who in _MIN_RATIOS
    }
    return {
        "case": name,
        "repetitions": len(seconds["cv"]),
        "seconds": {who: summary(values) for who, values in seconds.items()},
        "ratios": {f"{w}/cv": summary(best[w] / seconds["cv"]) for w in best},
        "targets": {f"{w}/cv": at_least(least) for w, least in _MIN_RATIOS.items()},
    }


# -- models ----------------------------------------------------------------------------


def _net_of(table: Table) -> dict:
    return {
        "hidden_layer_sizes": table.hidden,
        "batch_size": table.batch_size,
        "random_state": 0,
    }


def _choosing(table: Table, n_steps: int, **changes) -> MLPRegularizedClassifierCV:
    """Return a CV estimator whose networks all take `n_steps` steps."""
    return MLPRegularizedClassifierCV(
        keep_probs=0.9,
        max_steps=n_steps,
        n_iter_no_change=np.inf,
        preprocess=False,
        **_net_of(table),
        **changes,
    )


def _plain(make: type, table: Table, stops: bool = False):
    """Return a network that trains for all epochs, or stops by its own defaults."""
    never = {} if stops else {"tol": 0, "n_iter_no_change": _NEVER}
    return make(max_iter=table.n_epochs, **_net_of(table), **never)


@contextmanager
def _no_convergence_warnings() -> Iterator[None]:
    with catch_warnings():
        simplefilter("ignore", ConvergenceWarning)
        yield
