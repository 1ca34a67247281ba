r"""Bias and variance, read off the train and dev errors.

.. math::

    \text{avoidable bias} = \text{train error} - \text{Bayes error}, \qquad
    \text{variance} = \text{dev error} - \text{train error}.

A train–dev error is measured on rows of the training distribution that were not trained
on. With it, dev − train splits into variance, train–dev − train, and data mismatch,
dev − train–dev. With a test error, test − dev is overfitting to the dev set. The
out-of-fold error of a cross-validated estimator takes the place of the dev error. These
are gaps between measured errors of one fit; for the bias and variance of statistics,
over redraws of the training set, see :func:`skdnn.bias_variance_decomposition`.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from skdnn._reports import Report
from skdnn.diagnosis.arguments import check_flag, check_is_instance
from skdnn.diagnosis.bias_variance import rendering
from skdnn.diagnosis.bias_variance.constants import Constant, constants_of
from skdnn.diagnosis.bias_variance.errors import (
    check_confidence,
    check_fraction,
    measured_errors,
    stated_errors,
    warn_of_accuracies,
)
from skdnn.diagnosis.bias_variance.findings import (
    Finding,
    check_thresholds,
    diagnosis_of,
    findings_of_gaps,
    without_remedies,
)
from skdnn.diagnosis.bias_variance.gaps import (
    OUT_OF_FOLD,
    Gap,
    PartError,
    gap_between,
)
from skdnn.diagnosis.bias_variance.references import (
    check_bayes,
    estimated_bayes,
    is_reference,
    stated_bayes,
)
from skdnn.diagnosis.bias_variance.remedies import Remedy
from skdnn.diagnosis.bias_variance.rows import findings_of_rows, is_scale_to_blame
from skdnn.diagnosis.bias_variance.trials import Trial, with_trials

# Name of the gap between each part and the one before it; missing parts are skipped.
_GAP_BELOW = {
    "train": "avoidable_bias",
    "train-dev": "variance",
    "dev": "data_mismatch",
    OUT_OF_FOLD: "variance",
    "test": "dev_overfitting",
}


def _gaps(bayes, parts, thresholds, confidence) -> tuple[Gap, ...]:
    """Return the gap between each part and the one before it."""
    below = _GAP_BELOW
    if "train-dev" not in parts:
        below = {**below, "dev": "variance"}
    return tuple(
        gap_between(
            (name := below[after.name]), before, after, thresholds[name], confidence
        )
        for before, after in pairwise((bayes, *parts.values()))
    )


@dataclass(frozen=True, repr=False)
class BiasVarianceReport(Report):
    """Diagnosis of underfitting and overfitting, with intervals and remedies.

    Use `from_errors` or `from_estimator` to create one. It prints as tables, findings
    and remedies; a notebook shows the same as HTML.

    Parameters
    ----------
    errors : tuple of PartError
        The error on each part, Bayes first: name, error, number of rows, interval.
    gaps : tuple of Gap
        The gaps between them: name, size, interval, threshold, verdict ("high", "low"
        or "cannot tell") and the rows needed to decide.
    findings : tuple of Finding
        The conclusions: code, text, numbers, remedies.
    confidence : float
        Confidence of each interval.
    measure : str
        Name of the error.
    bayes : {"given", "assumed", "estimated"}
        Source of the Bayes error: given by the caller, assumed to be 0, or estimated
        from above by a reference model.
    constants : tuple of Constant
        The error of a constant prediction on each part: the most frequent class, the
        class shares if `scoring` uses probabilities, or the mean of `y_train`. Empty if
        it is not measured.
    trials : tuple of Trial
        Remedies tried with `what_if=True`, and their effects.

    See Also
    --------
    bias_variance_decomposition : Bias and variance over redraws of the training set.
    dev_size_for : Number of dev rows needed to tell candidates apart.
    BiasVarianceDisplay : Plot the gaps of one or several models.

    Notes
    -----
    A gap is high if it exceeds its threshold, 0.02 by default. Thresholds are absolute,
    in units of the error. Set smaller ones if errors of 0.1 % matter, as in the search
    for rare faults.

    With numbers of rows, the verdict is based on the interval: "high" if all of it lies
    above the threshold, "low" if none of it does, and "cannot tell" otherwise. The
    interval of the train error covers the sampling of rows only, not the fitting of
    another model to another training set.

    The out-of-fold error is that of single networks trained on part of the rows, while
    the train error is that of all members trained on all rows. The former is slightly
    pessimistic, less so with more folds, and slightly optimistic because it was used to
    choose. Both are measured on the same rows, so the interval of their difference is a
    paired one.

    Examples
    --------
    >>> from skdnn import BiasVarianceReport
    >>> report = BiasVarianceReport.from_errors(0.01, 0.11)
    >>> report.diagnosis
    'high variance'
    >>> round(report.variance, 4), report.high_variance, report.high_bias
    (0.1, True, False)
    >>> print(report.remedies[0])
    Collect more training rows.
    """

    errors: tuple[PartError, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    confidence: float = 0.95
    measure: str = "as given"
    bayes: str = "given"
    constants: tuple[Constant, ...] = ()
    trials: tuple[Trial, ...] = ()

    @classmethod
    def from_errors(
        cls,
        train_error,
        dev_error,
        bayes_error=None,
        *,
        train_dev_error=None,
        test_error=None,
        n_train=None,
        n_train_dev=None,
        n_dev=None,
        n_test=None,
        confidence=0.95,
        thresholds=None,
        estimator=None,
    ):
        """Diagnose bias and variance from known errors.

        Parameters
        ----------
        train_error, dev_error : float
            Shares of misclassified rows, in [0, 1].
        bayes_error : float, default=None
            Error of the best possible model, or of a human; taken as exact. None
            assumes 0, and the report says so.
        train_dev_error : float, default=None
            Error on rows of the training distribution that were not trained on. It
            separates variance from data mismatch if the dev rows come from elsewhere.
        test_error : float, default=None
            Error on rows that were not used for any choice.
        n_train, n_train_dev, n_dev, n_test : int, default=None
            Numbers of rows. A gap has an interval if both of its parts have one.
        confidence : float, default=0.95
            Confidence of the intervals, in (0, 1).
        thresholds : float or dict, default=None
            A gap above its threshold is high. A number for all gaps, or a dict with
            the keys "avoidable_bias", "variance", "data_mismatch" and
            "dev_overfitting"; missing ones are 0.02.
        estimator : estimator, default=None
            Estimator whose parameters the remedies name.

        Returns
        -------
        BiasVarianceReport
            The report.

        Raises
        ------
        ValueError, TypeError
            If an error is not in [0, 1], a number of rows is not a positive int, or
            another argument is not as described.

        Warns
        -----
        UserWarning
            If the errors look like accuracies: most training rows are misclassified,
            and no larger share of the dev rows.

        Examples
        --------
        >>> from skdnn import BiasVarianceReport
        >>> report = BiasVarianceReport.from_errors(
        ...     0.02, 0.06, n_train=900, n_dev=300)
        >>> report.diagnosis
        'cannot tell about avoidable bias and variance'
        >>> print(report.gaps[1].rows_needed)
        2107
        """
        confidence = check_confidence(confidence)
        bayes = stated_bayes(bayes_error, partial(check_fraction, "bayes_error"))
        errors = {
            "train": train_error,
            "train-dev": train_dev_error,
            "dev": dev_error,
            "test": test_error,
        }
        counts = {
            "train": n_train,
            "train-dev": n_train_dev,
            "dev": n_dev,
            "test": n_test,
        }
        parts = stated_errors(errors, counts, confidence)
        warn_of_accuracies(train_error, dev_error)
        if estimator is not None:
            check_is_instance(estimator)
        thresholds = check_thresholds(thresholds)
        gaps = _gaps(bayes.part, parts, thresholds, confidence)
        return cls(
            (bayes.part, *parts.values()),
            gaps,
            findings_of_gaps(gaps, estimator, bayes.source),
            confidence,
            bayes=bayes.source,
        )

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X_train,
        y_train,
        X_dev=None,
        y_dev=None,
        bayes_error=None,
        *,
        X_train_dev=None,
        y_train_dev=None,
        X_test=None,
        y_test=None,
        scoring=None,
        confidence=0.95,
        thresholds=None,
        what_if=False,
    ):
        """Diagnose bias and variance from the measured errors of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Any fitted scikit-learn compatible classifier or regressor; it may be a
            pipeline or a search.
        X_train, y_train : array-like
            The rows it was fitted to.
        X_dev, y_dev : array-like, default=None
            Rows that it was not fitted to. They may be omitted for a cross-validated
            estimator, such as :class:`MLPRegularizedClassifierCV`, if `X_train` are all
            rows passed to its `fit`, in the same order: the out-of-fold error, that of
            networks not trained on the row, then replaces the dev error.
        bayes_error : float, "reference" or estimator, default=None
            Error of the best possible model, in units of the error; a number is taken
            as exact. None assumes 0, and the report says so. "reference" is the
            out-of-fold error of a strong model on the training rows, five fits of
            gradient boosting (a random forest for sparse rows or several outputs); an
            estimator is used as that model. In expectation it is an upper bound, so a
            bias that is high against it is avoidable.
        X_train_dev, y_train_dev : array-like, default=None
            Rows of the training distribution that it was not fitted to either.
        X_test, y_test : array-like, default=None
            Rows that were not used for any choice.
        scoring : str or callable, default=None
            By default the error of a classifier is the share of misclassified rows,
            and that of a regressor the squared error divided by the variance of
            `y_train` (1 is the error of predicting the mean). With a scikit-learn
            scorer, the error is 1 - score, or the loss itself for negated losses
            ("neg_log_loss"); there are then no intervals, and `thresholds` are in
            units of the score.
        confidence, thresholds
            As in `from_errors`.
        what_if : bool, default=False
            Try the remedies: a clone of the estimator is fitted with each of them, and
            one with none, to the same training rows (at most 5000), and evaluated on
            the same train–dev, dev or out-of-fold rows. Remedies that did not help are
            dropped; `trials` lists all. Set `random_state`, or the clones also differ
            by chance. The clones are fitted without sample weights. Nothing is tried if
            the rows are on a wrong scale.

        Returns
        -------
        BiasVarianceReport
            The report. Its remedies name the parameters of `estimator` and the values
            to try next. The first finding is whether a constant prediction is as good.
            Next come the scales that :class:`~skdnn.DataScaleWarning` warns of, for one
            of our networks, and for other models if a constant is as good.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described, or if arrays do not match.
        NotFittedError
            If `estimator` is not fitted.

        Examples
        --------
        >>> from sklearn.datasets import load_wine
        >>> from sklearn.model_selection import train_test_split
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> from skdnn import BiasVarianceReport
        >>> X, y = load_wine(return_X_y=True)
        >>> X_train, X_dev, y_train, y_dev = train_test_split(X, y, random_state=0)
        >>> tree = DecisionTreeClassifier(max_depth=1).fit(X_train, y_train)
        >>> report = BiasVarianceReport.from_estimator(
        ...     tree, X_train, y_train, X_dev, y_dev)
        >>> report.high_bias
        True
        """
        confidence = check_confidence(confidence)
        check_bayes(bayes_error)
        check_flag("what_if", what_if)
        thresholds = check_thresholds(thresholds)
        rows = {
            "train": (X_train, y_train),
            "train-dev": (X_train_dev, y_train_dev),
            "dev": (X_dev, y_dev),
            "test": (X_test, y_test),
        }
        found = measured_errors(estimator, rows, scoring, confidence)
        if is_reference(bayes_error):
            bayes = estimated_bayes(bayes_error, estimator, found, confidence)
        else:
            bayes = stated_bayes(bayes_error)
        gaps = _gaps(bayes.part, found.parts, thresholds, confidence)
        constants = constants_of(found, estimator, scoring, confidence)
        of_rows = findings_of_rows(
            estimator, rows["train"], rows["dev"], constants, scoring
        )
        findings = findings_of_gaps(gaps, estimator, bayes.source)
        trials: tuple[Trial, ...] = ()
        if is_scale_to_blame(of_rows):
            findings = without_remedies(findings)
        elif what_if:
            findings, trials = with_trials(findings, estimator, found, confidence)
        return cls(
            (bayes.part, *found.parts.values()),
            gaps,
            (*of_rows, *findings),
            confidence,
            found.meaning,
            bayes.source,
            constants,
            trials,
        )

    @property
    def diagnosis(self) -> str:
        """The verdict in a few words, such as "high bias and high variance"."""
        return diagnosis_of(self.gaps)

    @property
    def avoidable_bias(self) -> float:
        """Train error minus Bayes error."""
        return self._gap("avoidable_bias").size

    @property
    def variance(self) -> float:
        """Dev (or train–dev, or out-of-fold) error minus train error."""
        return self._gap("variance").size

    @property
    def data_mismatch(self) -> float | None:
        """Dev error minus train–dev error; None without the latter."""
        return self._size_or_none("data_mismatch")

    @property
    def dev_overfitting(self) -> float | None:
        """Test error minus dev error; None without the former."""
        return self._size_or_none("dev_overfitting")

    @property
    def high_bias(self) -> bool | None:
        """Whether the avoidable bias is high; None if it is undecided."""
        return self._gap("avoidable_bias").is_high

    @property
    def high_variance(self) -> bool | None:
        """Whether the variance is high; None if it is undecided."""
        return self._gap("variance").is_high

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What to try, in the order of the findings."""
        return tuple(remedy for finding in self.findings for remedy in finding.remedies)

    def __str__(self) -> str:
        """Return the report as tables, findings and remedies."""
        return rendering.as_text(self)

    def to_dict(self) -> dict:
        """Return the report as plain Python types, ready for JSON.

        Returns
        -------
        dict
            "diagnosis", "measure", "confidence", "bayes", and lists of "errors",
            "gaps", "findings", "constants" and "trials".
        """
        return rendering.as_dict(self)

    def to_frame(self):
        """Return the gaps as a data frame, one row each; requires pandas.

        Returns
        -------
        pandas.DataFrame
            Columns "size", "low" and "high" (ends of the interval, NaN if there is
            none), "threshold", "verdict" and "rows_needed" (a nullable integer). The
            index "gap" holds the names.
        """
        return rendering.as_frame(self)

    def __repr__(self) -> str:
        """Return the diagnosis and the errors in one line."""
        return rendering.as_line(self)

    def _repr_html_(self) -> str:
        return rendering.as_html(self)

    def _gap(self, name):
        return next((gap for gap in self.gaps if gap.name == name), None)

    def _size_or_none(self, name):
        gap = self._gap(name)
        return None if gap is None else gap.size
