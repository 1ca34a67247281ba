"""What gaps and rows say: a code, a plain sentence, the numbers, what to try."""

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

# A gap is high above its threshold. In the course's table, gaps of 0.5 and 1 point are
# in order and gaps of 10 and more are not; 2 points is the smallest round value that
# leaves the former some room. The threshold is absolute: a relative one would call
# 0.5 % against 1 % (twice the error) worse than 15 % against 25 %.
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
    """One thing that the errors, or the rows, say.

    Attributes
    ----------
    code : str
        "high_bias", "high_variance", "data_mismatch" or "dev_overfitting"; the same
        after "cannot_tell_"; or "negative_" with the name of a gap below zero. Of the
        rows: "scale_of_columns", "scale_of_dev_columns", "scale_of_targets" or
        "equal_rows". Of a constant prediction: "worse_than_constant" or
        "no_better_than_constant".
    text : str
        The finding in a plain sentence.
    numbers : dict
        The gap, its interval, its threshold, the rows needed; of the rows, the
        "figure" that was measured.
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
    """What a report says about one gap."""

    label: str
    code: str
    when_high: str
    when_negative: str
    remedies: Callable


def _against_mismatch(estimator):
    return (
        Remedy("look at the dev rows that go wrong: how do they differ from train?"),
        Remedy("collect, or make, training rows that are like the dev rows"),
    )


def _against_dev_overfitting(estimator):
    return (
        Remedy("a larger dev set"),
        Remedy("a fresh dev set, and fewer candidates compared on it"),
    )


def _against_fold_overfitting(estimator):
    return (
        Remedy("give groups to fit, if rows belong together, or hold out by time"),
        Remedy("look at the test rows that go wrong: how do they differ from train?"),
        Remedy("more folds, and fewer candidates"),
    )


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "avoidable_bias": _Kind(
            "avoidable bias",
            "high_bias",
            "the model underfits its training rows",
            "the Bayes error is set too high, or training rows were learnt by heart",
            against_bias,
        ),
        "variance": _Kind(
            "variance",
            "high_variance",
            "the model overfits its training rows",
            "the rows it was not trained on may be easier ones",
            against_variance,
        ),
        "data_mismatch": _Kind(
            "data mismatch",
            "data_mismatch",
            "dev rows are not like the training rows",
            "the dev rows may be easier than the training rows",
            _against_mismatch,
        ),
        "dev_overfitting": _Kind(
            "overfitting to dev",
            "dev_overfitting",
            "the choice of the model has adapted to the dev rows",
            "the test rows may be easier than the dev rows",
            _against_dev_overfitting,
        ),
    }
)


def _kind_of(gap: Gap, bayes: str) -> _Kind:
    kind = KINDS[gap.name]
    if gap.before.name == "Bayes" and bayes == "estimated":
        return kind._replace(
            when_negative="that is one from above, of a reference that had not seen "
            "the rows, as this model has"
        )
    if gap.before.name == OUT_OF_FOLD:
        return kind._replace(
            when_high="test rows are not like the training rows, or rows that belong "
            "together were in several folds",
            remedies=_against_fold_overfitting,
        )
    return kind


def check_thresholds(thresholds) -> dict[str, float]:
    """Return the threshold of each gap: one for all, or by name with defaults."""
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
            f"thresholds={given!r} is not allowed: give one number >= 0, or "
            f"a dict of such numbers with some of the keys {list(THRESHOLDS)}."
        )
    return {**THRESHOLDS, **{name: float(value) for name, value in thresholds.items()}}


def findings_of_gaps(gaps, estimator=None, bayes="given") -> tuple[Finding, ...]:
    """Return what the gaps say, in the order to act on it.

    Parameters
    ----------
    gaps : sequence of Gap
        The avoidable bias first.
    estimator : estimator, default=None
        Its parameters are named.
    bayes : {"given", "assumed", "estimated"}, default="given"
        How the Bayes error is known.
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
    "estimate the Bayes error, before anything else: bayes_error= takes the error of a "
    'human, of the best model known, an estimator or "reference", whose out-of-fold '
    "error from_estimator measures"
)


def _with_assumption(finding: Finding, gap: Gap) -> Finding:
    """Say what the finding hangs on, and from which Bayes error on it would change."""
    low, high = gap.interval or (gap.size, gap.size)
    high_below, low_from = (max(0.0, end - gap.threshold) for end in (low, high))
    text = f"{finding.text} The Bayes error of 0 is assumed, as none was given: "
    if not high_below or high_below == low_from:
        text += (
            f"the avoidable bias would be low from a Bayes error of {low_from:.4f} on."
        )
    else:
        text += (
            "the avoidable bias would be high below a Bayes error of "
            f"{high_below:.4f}, and low from {low_from:.4f} on."
        )
    return replace(
        finding,
        text=text,
        numbers={**finding.numbers, "high_below": high_below, "low_from": low_from},
        remedies=(ESTIMATE, *finding.remedies),
    )


def without_remedies(findings) -> tuple[Finding, ...]:
    """Put off all remedies: errors of rows on a wrong scale say nothing about them."""
    return tuple(
        replace(
            finding,
            text=f"{finding.text} First put right the scale of the rows, above.",
            remedies=(),
        )
        if finding.remedies
        else finding
        for finding in findings
    )


def _without_contradictions(findings) -> tuple[Finding, ...]:
    """Drop remedies for bias that move a parameter which a remedy for variance moves.

    Where bias and variance are both high, regularisation is for the variance: a larger
    network can bear it.
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
    """Return the verdict in a few words."""
    high = [gap.name for gap in gaps if gap.is_high]
    words = {"avoidable_bias": "high bias", "variance": "high variance"}
    said = [words.get(name, KINDS[name].label) for name in high]
    unknown = [KINDS[gap.name].label for gap in gaps if gap.is_high is None]
    parts = [in_words(said)] if said else []
    if not said and not unknown:
        parts = ["neither high bias nor high variance"]
    if unknown:
        parts.append(f"cannot tell about {in_words(unknown)}")
    return "; ".join(parts)


def _high(gap, kind, estimator, bayes):
    text = (
        f"The {_error(gap.after)} lies {gap.size:.4f} above the "
        f"{_error(gap.before, bayes)}, more than {gap.threshold:g}: {kind.when_high}."
    )
    return Finding(kind.code, text, _numbers(gap), kind.remedies(estimator))


def _cannot_tell(gap, kind):
    low, high = gap.interval
    before, after = _rows(gap.before), _rows(gap.after)
    is_on_threshold = round(gap.size - gap.threshold, 12) == 0
    text = (
        f"Cannot tell with {gap.after.n_rows} {after} whether the {kind.label} of "
        f"{gap.size:.4f} is above {gap.threshold:g}: its interval is "
        f"{low:.4f} to {high:.4f}"
    )
    if gap.rows_needed is not None:
        needed = _rounded_up(gap.rows_needed)
        text += f"; {after} needed, if the errors stay as they are: about {needed}"
        remedy = Remedy(f"about {needed} {after}")
    elif (
        is_on_threshold
        or gap.before.n_rows is None
        or gap.after.correlation is not None
    ):
        text += ". It lies on the threshold, so that no number of rows would tell"
        remedy = Remedy("another threshold, if the decision hangs on it")
    else:
        text += f". The {before} are too few, for any number of {after}"
        remedy = Remedy(f"more {before} and more {after}")
    return Finding(f"cannot_tell_{kind.code}", f"{text}.", _numbers(gap), (remedy,))


def _negative(gap, kind, bayes):
    text = f"The {_error(gap.after)} is below the {_error(gap.before, bayes)}: "
    if gap.interval is None or gap.interval[1] < 0:
        text += f"{kind.when_negative}."
    else:
        text += "chance alone can do that, as the interval includes 0."
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
    """Round a count up to two digits: the errors behind it are uncertain."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return -(-count // unit) * unit
