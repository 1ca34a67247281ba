"""Remedies, tried: what a fit with each of them does to the error on unseen rows.

All fits are to the same training rows and are measured on the same unseen rows, so that
the interval of a difference is one of pairs. With many training rows the fits take a
part of them, and so does the model that they are compared with.
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
from skdnn.diagnosis.arguments import count_rows
from skdnn.diagnosis.bias_variance.errors import Measured
from skdnn.diagnosis.bias_variance.findings import Finding
from skdnn.diagnosis.bias_variance.gaps import OUT_OF_FOLD, Interval
from skdnn.diagnosis.bias_variance.out_of_fold import out_of_fold
from skdnn.diagnosis.bias_variance.remedies import Remedy
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.estimators.checks.scales import DataScaleWarning
from skdnn.estimators.unwrapping import unwrap
from skdnn.model_selection.labels import in_words

MOST_ROWS = 5000


class Trial(NamedTuple):
    """What one remedy did to the error on rows that were not trained on."""

    text: str
    params: Mapping[str, Any]
    part: str  # "dev", "train-dev" or "out-of-fold"
    before: float
    after: float
    interval: Interval | None  # of after - before; None with a scorer

    @property
    def helped(self) -> bool:
        """Whether the error fell, beyond chance where that can be told."""
        if self.interval is None:
            return self.after < self.before
        return self.interval[1] < 0

    @property
    def verdict(self) -> str:
        """Return "helped", "made it worse" or "no difference to be seen"."""
        if self.helped:
            return "helped"
        low = self.after - self.before if self.interval is None else self.interval[0]
        return "made it worse" if low > 0 else "no difference to be seen"


def with_trials(
    findings, estimator, found: Measured, confidence
) -> tuple[tuple[Finding, ...], tuple[Trial, ...]]:
    """Return the findings without the remedies that did not help, and all trials.

    What helped comes first, the largest effect before the others. Remedies in words,
    which nobody but the caller can try, stay.
    """
    laboratory = _Laboratory(estimator, found)
    remedies = [
        remedy
        for finding in findings
        for remedy in finding.remedies
        if laboratory.can_tell(remedy.params)
    ]
    if not remedies:
        return findings, ()
    before, rows_before = laboratory.error_with({})
    trials: dict[str, Trial] = {}
    for remedy in remedies:
        after, rows_after = laboratory.error_with(remedy.params)
        interval = _interval(rows_before, rows_after, confidence)
        trials[remedy.text] = Trial(
            remedy.text, remedy.params, laboratory.part, before, after, interval
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
        text += f" Tried, and no help against the {tried[0].part} error: {names}."
        if finding.code == "high_bias":
            text += " What is left of it may be the Bayes error."
    # As tried, and with what it did: a figure says more than a promise.
    told = [
        Remedy(f"{t.text}: {t.part} error {t.before:.4f} → {t.after:.4f}", t.params)
        for t in helped
    ]
    return replace(finding, text=text, remedies=(*told, *untried))


def short_name(parameter: str) -> str:
    """Return the name of a parameter without those of what it is inside."""
    return parameter.rpartition("__")[2]


class _Laboratory:
    """Fits copies of an estimator to the same rows, and measures them on others."""

    def __init__(self, estimator, found: Measured):
        self.found = found
        self.model = _to_be_set(estimator)
        unseen = ("train-dev", "dev", OUT_OF_FOLD)
        self.part = next(part for part in unseen if part in found.parts)
        X, y = found.rows["train"]
        n_rows = count_rows("X_train", X)
        if n_rows > MOST_ROWS:
            some = np.random.default_rng(0).choice(n_rows, MOST_ROWS, replace=False)
            some.sort()  # rows in their order: of time, or of groups
            X, y = safe_indexing(X, some), safe_indexing(y, some)
        self.rows = X, y

    def can_tell(self, params) -> bool:
        """Whether there is something to set, and the unseen rows would show it.

        Out-of-fold predictions are of one network each, however many members learn all
        rows after that.
        """
        of_members = any(name.endswith("n_members") for name in params)
        return bool(params) and not (of_members and self.part == OUT_OF_FOLD)

    def error_with(self, params) -> tuple[float, np.ndarray | None]:
        """Return the error on unseen rows with other parameters, and that of rows."""
        X, y = self.rows
        model = clone(self.model).set_params(**params)
        with warnings.catch_warnings():
            # The fit of the caller has told of these.
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
    """Return what the remedies' parameters are set on: of a search, what it chose."""
    model = estimator
    while _is_search(model):
        model = model.best_estimator_
    wrappers = (cross_validated_in(model) or unwrap(model)).wrappers
    inside = [each for each in wrappers if _is_search(each)]
    if inside:
        raise ValueError(
            "what_if=True cannot try the remedies, which are for what the "
            f"{type(inside[0]).__name__} inside the {type(model).__name__} has chosen: "
            "put the search outside."
        )
    return model


def _is_search(estimator) -> bool:
    chooses_itself = isinstance(estimator, BaseMLPRegularizedCV)
    return hasattr(estimator, "best_estimator_") and not chooses_itself


def _interval(before, after, confidence) -> Interval | None:
    """Return the interval of the mean difference of pairs."""
    if before is None or after is None or len(before) < 2 or len(before) != len(after):
        return None
    d = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    quantile = float(special.stdtrit(len(d) - 1, 0.5 + confidence / 2))
    width = quantile * float(d.std(ddof=1)) / math.sqrt(len(d))
    return float(d.mean()) - width, float(d.mean()) + width
