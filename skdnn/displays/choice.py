"""The candidates and scores of a fitted cross-validated estimator, for plots."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import name_of_score
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.displays.search_table import text_of
from skdnn.estimators import plan

# Parameters of the estimator, and the attribute of a candidate that each one sets.
_ATTRIBUTES = {"alphas": "alpha", "keep_probs": "keep_prob", "encodings": "encoding"}

_COSTS = {
    "squared_error": "half the mean squared error",
    "poisson": "Poisson cost",
    "huber": "Huber cost",
}


class Choice(NamedTuple):
    """The candidates of a cross-validated estimator and their held-out scores."""

    candidates: list[dict[str, Any]]
    chosen: int
    steps: np.ndarray  # (n_checkpoints,)
    best_n_steps: int
    scores: np.ndarray  # (n_candidates, n_checkpoints, n_folds), NaN once stopped
    is_loss: bool  # lower is better
    scoring: Any
    loss_name: str

    @classmethod
    def of(cls, estimator) -> "Choice | None":
        """Return the choice of a fitted estimator; None if it is not cross-validated.

        Parameters
        ----------
        estimator : estimator
            It may be in a Pipeline, or the best estimator of a search.
        """
        unwrapped = cross_validated_in(estimator)
        if unwrapped is None:
            return None
        model = unwrapped.model
        check_is_fitted(model)
        chosen = {name: getattr(model, f"{name}_") for name in model.candidates_[0]}
        return cls(
            model.candidates_,
            model.candidates_.index(chosen),
            model.n_steps_,
            model.best_n_steps_,
            model.scores_,
            plan.follows_cost(model),
            model.scoring,
            _name_of_loss(model),
        )

    def means(self) -> np.ndarray:
        """Return the means over the folds, of shape (n_candidates, n_checkpoints)."""
        return self.scores.mean(axis=2)

    def best_scores(self) -> np.ndarray:
        """Return the fold scores at the best checkpoint of each candidate.

        Returns
        -------
        ndarray of shape (n_candidates, n_folds)
            NaN if a candidate diverged before its first checkpoint.
        """
        worst = np.inf if self.is_loss else -np.inf
        means = np.where(np.isfinite(self.means()), self.means(), worst)
        best = means.argmin(axis=1) if self.is_loss else means.argmax(axis=1)
        best[self.chosen] = np.flatnonzero(self.steps == self.best_n_steps)[0]
        return self.scores[np.arange(len(best)), best]

    def name(self, is_negated: bool = False) -> str:
        """Return the name of the scores, for an axis."""
        if self.is_loss:
            return f"held-out {self.loss_name}"
        return f"held-out {name_of_score(None, self.scoring, is_negated).lower()}"

    def order(self) -> list[int]:
        """Return the candidates from best to worst, the chosen one first."""
        sign = 1 if self.is_loss else -1
        scores = sign * self.best_scores().mean(axis=1)
        scores[self.chosen] = -np.inf
        return np.argsort(scores, kind="stable").tolist()  # NaN last

    def varied(self) -> list[str]:
        """Return the names of the parameters that vary."""
        first = self.candidates[0]
        return [
            key for key in first if any(c[key] != first[key] for c in self.candidates)
        ]

    def labels(self) -> list[str]:
        """Return a label per candidate, of the values that vary."""
        return [
            ", ".join(f"{key}={text_of(each[key])}" for key in self.varied())
            for each in self.candidates
        ]

    def as_search(self, *wanted: str | None) -> dict[str, Any]:
        """Return the scores at the best checkpoints as `cv_results_`, higher is better.

        Its parameters are those that vary and those in `wanted`.
        """
        results: dict[str, Any] = {}
        for key, value in self.candidates[0].items():
            if value is None or key not in (*self.varied(), *wanted):
                continue
            column = np.empty(len(self.candidates), dtype=object)
            for row, candidate in enumerate(self.candidates):
                column[row] = candidate[key]  # a tuple stays one value
            results[f"param_{key}"] = column
        sign = -1 if self.is_loss else 1
        for fold, scores in enumerate(self.best_scores().T):
            results[f"split{fold}_test_score"] = sign * scores
        return results


def search_of(estimator, param, hue, metric, negate_score) -> dict[str, Any]:
    """Return a choice as arguments of `ParameterScoreDisplay.from_cv_results`.

    Parameters
    ----------
    estimator : estimator
        A cross-validated estimator.
    param, hue, metric, negate_score
        As given by the caller; "alphas" stands for "alpha", and so on.
    """
    choice = Choice.of(estimator)
    if choice is None:
        raise TypeError(
            "estimator must be a fitted search with cv_results_, such as GridSearchCV, "
            "or a cross-validated estimator, such as MLPRegularizedClassifierCV, got "
            f"{estimator!r}."
        )
    if metric is not None:
        raise ValueError(
            f"metric={metric!r} is for a search with several metrics; a "
            "cross-validated estimator has a single score."
        )
    if negate_score and choice.is_loss:
        raise ValueError(
            'negate_score=True is not allowed with scoring="loss": the scores are '
            "losses already."
        )
    param, hue = (
        _ATTRIBUTES.get(name, name) if isinstance(name, str) else name
        for name in (param, hue)
    )
    return {
        "cv_results": choice.as_search(param, hue),
        "param": param,
        "hue": hue,
        "negate_score": negate_score or choice.is_loss,
        "score_name": choice.name(negate_score),
    }


def _name_of_loss(model) -> str:
    if not is_classifier(model):
        return _COSTS[model.loss]
    return "log-loss after temperature scaling" if model.calibrate else "log-loss"
