"""Findings about gaps: a code, a sentence, the numbers and the remedies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from skdnn.diagnosis.arguments import LARGEST, is_number
from skdnn.diagnosis.bias_variance.gaps import OUT_OF_FOLD, POWER, Gap
from skdnn.diagnosis.bias_variance.remedies import (
    Remedy,
    against_bias,
    against_variance,
)
from skdnn.model_selection.labels import in_words

# In the course's table, gaps of 0.5 and 1 points are low and gaps of 10 and more are
# high; 2 points is the smallest round value with some margin above the former. The
# thresholds are absolute: a relative one would call 0.5 % against 1 % (twice the error)
# worse than 15 % against 25 %.
THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "avoidable_bias": 0.02,
        "variance": 0.02,
        "data_mismatch": 0.02,
        "dev_overfitting": 0.02,
    }
)


@dataclass(frozen=True)
class Finding:
    """One finding about the errors or the rows.

    Attributes
    ----------
    code : str
        "high_bias", "high_variance", "data_mismatch" or "dev_overfitting"; one of these
        after "cannot_tell_"; or "negative_" and the name of a gap below zero. For the
        rows: "scale_of_columns", "scale_of_dev_columns", "scale_of_targets" or
        "equal_rows". For a constant prediction: "worse_than_constant" or
        "no_better_than_constant".
    text : str
        The finding in a sentence.
    numbers : dict
        The errors, the gap, its interval and threshold, and the rows needed; for the
        rows, the measured "figure"; for a constant, both errors by part.
    remedies : tuple of Remedy
        What to try, in this order.
    """

    code: str
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()

    def __str__(self) -> str:
        """Return the code and the sentence."""
        return f"{self.code}: {self.text}"


class _Kind(NamedTuple):
    """The wording for one kind of gap."""

    label: str
    code: str
    when_high: str  # the finding
    when_negative: str  # the explanation
    remedies: Callable


def _against_mismatch(estimator):
    return (
        Remedy("Compare the worst predicted dev rows with the training rows."),
        Remedy("Collect or generate training rows that resemble the dev rows."),
    )


def _against_dev_overfitting(estimator):
    return (
        Remedy("Use a larger dev set."),
        Remedy("Draw a new dev set and compare fewer candidates on it."),
    )


def _against_fold_overfitting(estimator):
    return (
        Remedy("Pass groups to fit if rows are related, or hold out by time."),
        Remedy("Compare the worst predicted test rows with the training rows."),
        Remedy("Use more folds and fewer candidates."),
    )


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "avoidable_bias": _Kind(
            "avoidable bias",
            "high_bias",
            "The model underfits its training rows",
            "the Bayes error is set too high, or the model has memorised training rows",
            against_bias,
        ),
        "variance": _Kind(
            "variance",
            "high_variance",
            "The model overfits its training rows",
            "the held-out rows may be easier than the training rows",
            against_variance,
        ),
        "data_mismatch": _Kind(
            "data mismatch",
            "data_mismatch",
            "The dev rows differ from the training rows",
            "the dev rows may be easier than the training rows",
            _against_mismatch,
        ),
        "dev_overfitting": _Kind(
            "overfitting to dev",
            "dev_overfitting",
            "Model selection has overfitted the dev rows",
            "the test rows may be easier than the dev rows",
            _against_dev_overfitting,
        ),
    }
)


def _kind_of(gap: Gap, bayes: str) -> _Kind:
    kind = KINDS[gap.name]
    if gap.before.name == "Bayes" and bayes == "estimated":
        return kind._replace(
            when_negative="the estimate is an upper bound, and unlike this model the "
            "reference was not trained on the rows it predicted"
        )
    if gap.before.name == OUT_OF_FOLD:
        return kind._replace(
            when_high="The test rows differ from the training rows, or related rows "
            "were split across folds",
            remedies=_against_fold_overfitting,
        )
    return kind


def check_thresholds(thresholds) -> dict[str, float]:
    """Return the threshold of each gap, from a number, a dict or None."""
    if thresholds is None:
        return dict(THRESHOLDS)
    given = thresholds
    if is_number(thresholds):
        thresholds = dict.fromkeys(THRESHOLDS, thresholds)
    is_fine = isinstance(thresholds, Mapping) and all(
        name in THRESHOLDS and is_number(value) and 0 <= value <= LARGEST
        for name, value in thresholds.items()
    )
    if not is_fine:
        raise ValueError(
            f"thresholds={given!r} is not allowed: give one number >= 0, or a dict of "
            f"such numbers, with keys among {list(THRESHOLDS)}."
        )
    return {**THRESHOLDS, **{name: float(value) for name, value in thresholds.items()}}


def findings_of_gaps(gaps, estimator=None, bayes="given") -> tuple[Finding, ...]:
    """Return the findings about the gaps, in the order to act on them.

    Parameters
    ----------
    gaps : sequence of Gap
        The avoidable bias first.
    estimator : estimator, default=None
        The remedies name its parameters.
    bayes : {"given", "assumed", "estimated"}, default="given"
        Source of the Bayes error.
    """
    findings: list[Finding] = []
    for gap in gaps:
        kind = _kind_of(gap, bayes)
        if gap.is_high:
            findings.append(_high(gap, kind, estimator, bayes))
        elif gap.is_high is None:
            findings.append(_cannot_tell(gap, kind))
        if gap.size < 0 and round(gap.size, 12):
            findings.append(_negative(gap, kind, bayes))
        if (
            gap.name == "avoidable_bias"
            and bayes == "assumed"
            and gap.is_high is not False
        ):
            findings[-1] = _with_assumption(findings[-1], gap)
    return _without_contradictions(findings)


ESTIMATE = Remedy(
    "First estimate the Bayes error: bayes_error= takes the error of a human or of the "
    'best known model; from_estimator also takes an estimator or "reference" and '
    "measures its out-of-fold error."
)


def _with_assumption(finding: Finding, gap: Gap) -> Finding:
    """Add that a Bayes error of 0 is assumed, and which values change the finding."""
    low, high = gap.interval or (gap.size, gap.size)
    high_below, low_from = (max(0.0, end - gap.threshold) for end in (low, high))
    text = f"{finding.text} This assumes a Bayes error of 0, as none was given; the "
    if not high_below or high_below == low_from:
        text += f"bias would be low with a Bayes error of {low_from:.4f} or more."
    else:
        text += (
            f"bias would be high with a Bayes error below {high_below:.4f} and low "
            f"with one of {low_from:.4f} or more."
        )
    return replace(
        finding,
        text=text,
        numbers={**finding.numbers, "high_below": high_below, "low_from": low_from},
        remedies=(ESTIMATE, *finding.remedies),
    )


def without_remedies(findings) -> tuple[Finding, ...]:
    """Drop all remedies: with rows on a wrong scale, the errors cannot justify any."""
    return tuple(
        replace(
            finding,
            text=f"{finding.text} First correct the scale of the rows (see above).",
            remedies=(),
        )
        if finding.remedies
        else finding
        for finding in findings
    )


def _without_contradictions(findings) -> tuple[Finding, ...]:
    """Drop remedies for bias that change a parameter which one for variance changes.

    If bias and variance are both high, regularisation is set against the variance; a
    larger network offsets it.
    """
    moved = {
        name
        for finding in findings
        if finding.code == "high_variance"
        for remedy in finding.remedies
        for name in remedy.params
    }
    return tuple(
        replace(
            finding,
            remedies=tuple(r for r in finding.remedies if not moved & r.params.keys()),
        )
        if finding.code == "high_bias"
        else finding
        for finding in findings
    )


def diagnosis_of(gaps) -> str:
    """Return the verdict in a few words, such as "high bias and high variance"."""
    high = [gap.name for gap in gaps if gap.is_high]
    words = {"avoidable_bias": "high bias", "variance": "high variance"}
    verdicts = [words.get(name, KINDS[name].label) for name in high]
    unknown = [KINDS[gap.name].label for gap in gaps if gap.is_high is None]
    parts = [in_words(verdicts)] if verdicts else []
    if not verdicts and not unknown:
        parts = ["neither high bias nor high variance"]
    if unknown:
        parts.append(f"cannot tell about {in_words(unknown)}")
    return "; ".join(parts)


def _high(gap, kind, estimator, bayes):
    text = (
        f"{kind.when_high}: the {_error(gap.after)} exceeds the "
        f"{_error(gap.before, bayes)} by {gap.size:.4f} (threshold {gap.threshold:g})."
    )
    return Finding(kind.code, text, _numbers(gap), kind.remedies(estimator))


def _cannot_tell(gap, kind):
    low, high = gap.interval
    before, after = _rows(gap.before), _rows(gap.after)
    is_on_threshold = round(gap.size - gap.threshold, 12) == 0
    text = (
        f"Cannot tell whether the {kind.label} of {gap.size:.4f} exceeds the threshold "
        f"of {gap.threshold:g}: with {gap.after.n_rows} {after}, its interval is "
        f"{low:.4f} to {high:.4f}. "
    )
    if gap.rows_needed is not None:
        needed = _rounded_up(gap.rows_needed)
        text += f"If the errors stay the same, about {needed} {after} are needed."
        remedy = Remedy(f"Collect about {needed} {after}.")
    elif (
        is_on_threshold
        or gap.before.n_rows is None
        or gap.after.correlation is not None
    ):
        text += "It lies on the threshold, so no number of rows would tell."
        remedy = Remedy("Set another threshold if the decision depends on it.")
    else:
        text += f"There are too few {before} for any number of {after} to tell."
        remedy = Remedy(f"Collect more {before} and more {after}.")
    return Finding(f"cannot_tell_{kind.code}", text, _numbers(gap), (remedy,))


def _negative(gap, kind, bayes):
    text = f"The {_error(gap.after)} is below the {_error(gap.before, bayes)}: "
    if gap.interval is None or gap.interval[1] < 0:
        text += f"{kind.when_negative}."
    else:
        text += "chance alone can explain it, since the interval includes 0."
    return Finding(f"negative_{gap.name}", text, _numbers(gap))


def _numbers(gap: Gap) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        gap.before.name: gap.before.error,
        gap.after.name: gap.after.error,
        "gap": gap.size,
        "threshold": gap.threshold,
    }
    if gap.interval is not None:
        numbers["interval"] = list(gap.interval)
    if gap.is_high is None:
        numbers |= {"rows_needed": gap.rows_needed, "power": POWER}
    return numbers


def _rows(part):
    return "training rows" if part.name == "train" else f"{part.name} rows"


def _error(part, bayes="given"):
    is_estimate = part.name == "Bayes" and bayes == "estimated"
    return f"{'estimated ' if is_estimate else ''}{part.name} error"


def _rounded_up(count):
    """Round a count up to two digits, since the errors behind it are uncertain."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit
