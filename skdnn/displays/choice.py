"""What a fitted cross-validated estimator tells a picture of its choice."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import name_of_score
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.displays.search_table import text_of
from skdnn.estimators import plan

# The candidates for each attribute on the right are a parameter of the estimator.
_ATTRIBUTES = {"alphas": "alpha", "keep_probs": "keep_prob", "encodings": "encoding"}

_COSTS = {
    "squared_error": "half the mean squared error",
    "poisson": "Poisson cost",
    "huber": "Huber cost",
}


class Choice(NamedTuple):
    """The candidates, and what held-out rows said of them."""

    candidates: list[dict[str, Any]]
    chosen: int
    steps: np.ndarray  # (n_checkpoints,)
    best_n_steps: int
    scores: np.ndarray  # (n_candidates, n_checkpoints, n_folds), NaN after the stop
    is_loss: bool  # the lower the better
    scoring: Any
    of_loss: str  # what the loss is

    @classmethod
    def of(cls, estimator) -> "Choice | None":
        """Return that of a fitted estimator; None if it has not chosen so.

        Parameters
        ----------
        estimator : estimator
            It may be in a Pipeline, or the best one of a search.
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
        """Return the mean over the folds, (n_candidates, n_checkpoints)."""
        return self.scores.mean(axis=2)

    def best_scores(self) -> np.ndarray:
        """Return the scores of each candidate's best checkpoint, for each fold.

        Returns
        -------
        ndarray of shape (n_candidates, n_folds)
            NaN where a candidate diverged before its first checkpoint.
        """
        worst = np.inf if self.is_loss else -np.inf
        means = np.where(np.isfinite(self.means()), self.means(), worst)
        best = means.argmin(axis=1) if self.is_loss else means.argmax(axis=1)
        best[self.chosen] = np.flatnonzero(self.steps == self.best_n_steps)[0]
        return self.scores[np.arange(len(best)), best]

    def name(self, is_negated: bool = False) -> str:
        """Return what the scores are, for an axis."""
        if self.is_loss:
            return f"held-out {self.of_loss}"
        return f"held-out {name_of_score(None, self.scoring, is_negated).lower()}"

    def order(self) -> list[int]:
        """Return the candidates from the best to the worst, the chosen one first."""
        sign = 1 if self.is_loss else -1
        scores = sign * self.best_scores().mean(axis=1)
        scores[self.chosen] = -np.inf
        return np.argsort(scores, kind="stable").tolist()  # NaN last

    def varied(self) -> list[str]:
        """Return the names of which there are several values."""
        first = self.candidates[0]
        return [
            key for key in first if any(c[key] != first[key] for c in self.candidates)
        ]

    def labels(self) -> list[str]:
        """Return the values that tell each candidate from the others."""
        return [
            ", ".join(f"{key}={text_of(each[key])}" for key in self.varied())
            for each in self.candidates
        ]

    def as_search(self, *wanted: str | None) -> dict[str, Any]:
        """Return the best checkpoints as `cv_results_`; the highest is the best.

        Its parameters are those that vary, and those that are wanted.
        """
        results: dict[str, Any] = {}
        for key, value in self.candidates[0].items():
            if value is None or key not in (*self.varied(), *wanted):
                continue
            column = np.empty(len(self.candidates), dtype=object)
            for row, candidate in enumerate(self.candidates):
                column[row] = candidate[key]  # a tuple is one value, too
            results[f"param_{key}"] = column
        sign = -1 if self.is_loss else 1
        for fold, scores in enumerate(self.best_scores().T):
            results[f"split{fold}_test_score"] = sign * scores
        return results


def search_of(estimator, param, hue, metric, negate_score) -> dict[str, Any]:
    """Return a choice as the arguments of a picture of a search.

    Parameters
    ----------
    estimator : estimator
        A cross-validated estimator.
    param, hue, metric, negate_score
        As the caller has given them. "alphas" is "alpha" here, and so on.
    """
    choice = Choice.of(estimator)
    if choice is None:
        raise TypeError(
            "estimator must be a fitted search with cv_results_, as GridSearchCV, or a "
            "cross-validated estimator, as MLPRegularizedClassifierCV, got "
            f"{estimator!r}."
        )
    if metric is not None:
        raise ValueError(
            f"metric={metric!r} is for a search with several; a cross-validated "
            "estimator has one score."
        )
    if negate_score and choice.is_loss:
        raise ValueError(
            "negate_score=True would draw the negative of a loss: with "
            'scoring="loss" scores are losses already.'
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
    return "log-loss after temperature" if model.calibrate else "log-loss"
