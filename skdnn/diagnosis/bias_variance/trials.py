"""Trials of remedies: the effect of each on the error on unseen rows.

All fits use the same training rows and are evaluated on the same unseen rows, so the
interval of a difference is a paired one. With many training rows, the fits and the
model that they are compared with use a random part of them.
"""

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import special
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skdnn._sklearn import safe_indexing
from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.diagnosis.arguments import count_rows, short_name
from skdnn.diagnosis.bias_variance.errors import Measured
from skdnn.diagnosis.bias_variance.findings import Finding
from skdnn.diagnosis.bias_variance.gaps import OUT_OF_FOLD, Interval
from skdnn.diagnosis.bias_variance.out_of_fold import out_of_fold
from skdnn.diagnosis.bias_variance.remedies import Remedy
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.estimators.checks.scales import DataScaleWarning
from skdnn.estimators.unwrapping import unwrap
from skdnn.model_selection.labels import in_words

MAX_ROWS = 5000


class Trial(NamedTuple):
    """The effect of one remedy on the error on unseen rows."""

    text: str
    params: Mapping[str, Any]
    part: str  # "dev", "train-dev" or "out-of-fold"
    before: float
    after: float
    interval: Interval | None  # of after - before; None with a scorer

    @property
    def helped(self) -> bool:
        """Whether the error fell, beyond chance if there is an interval."""
        if self.interval is None:
            return self.after < self.before
        return self.interval[1] < 0

    @property
    def verdict(self) -> str:
        """Return "helped", "made it worse" or "no clear difference"."""
        if self.helped:
            return "helped"
        low = self.after - self.before if self.interval is None else self.interval[0]
        return "made it worse" if low > 0 else "no clear difference"


def with_trials(
    findings, estimator, found: Measured, confidence
) -> tuple[tuple[Finding, ...], tuple[Trial, ...]]:
    """Return the findings without the remedies that did not help, and all trials.

    Remedies that helped come first, the most effective one at the top. Remedies without
    parameters cannot be tried and are kept.
    """
    runner = _TrialRunner(estimator, found)
    remedies = [
        remedy
        for finding in findings
        for remedy in finding.remedies
        if runner.can_try(remedy.params)
    ]
    if not remedies:
        return findings, ()
    before, rows_before = runner.error_with({})
    trials: dict[str, Trial] = {}
    for remedy in remedies:
        after, rows_after = runner.error_with(remedy.params)
        interval = _interval(rows_before, rows_after, confidence)
        trials[remedy.text] = Trial(
            remedy.text, remedy.params, runner.part, before, after, interval
        )
    found_again = tuple(_after(finding, trials) for finding in findings)
    return found_again, tuple(trials.values())


def _after(finding: Finding, trials: Mapping[str, Trial]) -> Finding:
    tried = [trials[r.text] for r in finding.remedies if r.text in trials]
    if not tried:
        return finding
    helped = sorted(
        (trial for trial in tried if trial.helped), key=lambda t: t.after - t.before
    )
    untried = [r for r in finding.remedies if r.text not in trials]
    text = finding.text
    if not helped:
        names = in_words([short_name(name) for t in tried for name in t.params])
        text += f" Changing {names} did not clearly reduce the {tried[0].part} error."
        if finding.code == "high_bias":
            text += " The bias that remains may be the Bayes error."
    with_effects = [
        Remedy(
            f"{t.text} The {t.part} error fell from {t.before:.4f} to {t.after:.4f}.",
            t.params,
        )
        for t in helped
    ]
    return replace(finding, text=text, remedies=(*with_effects, *untried))


class _TrialRunner:
    """Fits clones to the same training rows and evaluates them on unseen rows."""

    def __init__(self, estimator, found: Measured):
        self.found = found
        self.model = _to_be_set(estimator)
        unseen = ("train-dev", "dev", OUT_OF_FOLD)
        self.part = next(part for part in unseen if part in found.parts)
        X, y = found.rows["train"]
        n_rows = count_rows("X_train", X)
        if n_rows > MAX_ROWS:
            some = np.random.default_rng(0).choice(n_rows, MAX_ROWS, replace=False)
            some.sort()  # keep the order of the rows, such as time or groups
            X, y = safe_indexing(X, some), safe_indexing(y, some)
        self.rows = X, y

    def can_try(self, params) -> bool:
        """Whether there are parameters to set and the unseen rows would show an effect.

        Out-of-fold predictions come from one network each, whatever `n_members` is.
        """
        of_members = any(name.endswith("n_members") for name in params)
        return bool(params) and not (of_members and self.part == OUT_OF_FOLD)

    def error_with(self, params) -> tuple[float, np.ndarray | None]:
        """Return the mean and the row errors on unseen rows with these parameters."""
        X, y = self.rows
        model = clone(self.model).set_params(**params)
        with warnings.catch_warnings():
            # The fit of the caller has already given these warnings.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", DataScaleWarning)
            model.fit(X, y)
        if self.part == OUT_OF_FOLD:
            model, X, y, _ = out_of_fold(model, X, y)
        else:
            X, y = self.found.rows[self.part]
        part, of_rows = self.found.measure(model, self.part, X, y)
        return part.error, of_rows


def _to_be_set(estimator):
    """Return the estimator to set parameters on; for a search, its best estimator."""
    model = estimator
    while _is_search(model):
        model = model.best_estimator_
    wrappers = (cross_validated_in(model) or unwrap(model)).wrappers
    inside = [each for each in wrappers if _is_search(each)]
    if inside:
        raise ValueError(
            "what_if=True cannot try remedies for the best estimator of a "
            f"{type(inside[0]).__name__} inside a {type(model).__name__}: put the "
            "search outside."
        )
    return model


def _is_search(estimator) -> bool:
    is_cv = isinstance(estimator, BaseMLPRegularizedCV)
    return hasattr(estimator, "best_estimator_") and not is_cv


def _interval(before, after, confidence) -> Interval | None:
    """Return the t interval of the mean paired difference."""
    if before is None or after is None or len(before) < 2 or len(before) != len(after):
        return None
    d = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    quantile = float(special.stdtrit(len(d) - 1, 0.5 + confidence / 2))
    width = quantile * float(d.std(ddof=1)) / math.sqrt(len(d))
    return float(d.mean()) - width, float(d.mean()) + width
