r"""Bias and variance, read off the errors on train and dev.

.. math::

    \text{avoidable bias} = \text{train error} - \text{Bayes error}, \qquad
    \text{variance} = \text{dev error} - \text{train error}.

With a train–dev error, on rows of the training distribution that were not trained on,
dev − train splits into variance, train–dev − train, and data mismatch, dev − train–dev.
With a test error, test − dev is overfitting to the dev set. The out-of-fold error of a
cross-validated estimator takes the place of the dev error. These are gaps between
measured errors of one fit; for bias and variance as statistics defines them, over
redraws of the training set, see :func:`skdnn.bias_variance_decomposition`.
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

# A gap lies between a part and the one before it; missing parts are skipped.
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
    """Whether a model underfits or overfits, how sure that is, and what to try.

    Made by `from_errors` or `from_estimator`. Printing it gives a table, the findings
    and the remedies; a notebook shows the same as HTML.

    Parameters
    ----------
    errors : tuple of PartError
        The error on each part, Bayes first: name, error, number of rows, interval.
    gaps : tuple of Gap
        The gaps between them: name, size, interval, threshold, verdict ("high", "low"
        or "cannot tell"), rows needed to tell.
    findings : tuple of Finding
        What they say: code, text, numbers, remedies.
    confidence : float
        Confidence of each interval.
    measure : str
        What the errors are.
    bayes : {"given", "assumed", "estimated"}
        How the Bayes error is known: none given is 0, assumed; that of a reference
        model is an estimate from above.
    constants : tuple of Constant
        The error of a constant prediction on each part (the most frequent class or the
        mean of `y_train`); empty where it is not measured.
    trials : tuple of Trial
        Remedies that the report has tried, and what they did; of `what_if=True`.

    See Also
    --------
    bias_variance_decomposition : The bias and variance over redraws of the train set.
    dev_size_for : How many dev rows tell candidates apart.
    BiasVarianceDisplay : The gaps of one or several models as bars.

    Notes
    -----
    A gap is high if it is larger than its threshold, 0.02 unless given. The thresholds
    are absolute, in units of the error. Where errors of 0.1 % count, as in the search
    for rare faults, set smaller ones.

    With numbers of rows, a verdict takes the whole interval: high if it lies above the
    threshold, low if it lies below or on it, otherwise it cannot be told. The model was
    fitted to the training rows: the interval of their error covers the drawing of rows,
    not of another model.

    The out-of-fold error is of one network on part of the rows, and the train error of
    all members on all rows: the former is a little too high for what is fitted, by less
    the more folds there are, and a little too low for being what was chosen by. Both
    are of the same rows, so that the interval of their difference is one of pairs.

    Examples
    --------
    >>> from skdnn import BiasVarianceReport
    >>> report = BiasVarianceReport.from_errors(0.01, 0.11)
    >>> report.diagnosis
    'high variance'
    >>> round(report.variance, 4), report.high_variance, report.high_bias
    (0.1, True, False)
    >>> print(report.remedies[0])
    more training rows
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
        """Read bias and variance off known errors.

        Parameters
        ----------
        train_error, dev_error : float
            Shares of rows predicted wrongly, in [0, 1].
        bayes_error : float, default=None
            The error of the best possible model, or of a human; taken as exact. None
            assumes 0, and says so.
        train_dev_error : float, default=None
            The error on rows of the training distribution that were not trained on;
            tells variance from data mismatch where dev rows come from elsewhere.
        test_error : float, default=None
            The error on rows that played no part in any choice.
        n_train, n_train_dev, n_dev, n_test : int, default=None
            Numbers of rows. A gap with the numbers of both its parts has an interval.
        confidence : float, default=0.95
            Confidence of the intervals, in (0, 1).
        thresholds : float or dict, default=None
            A gap above its threshold is high. One for all, or by gap, with the keys
            "avoidable_bias", "variance", "data_mismatch" and "dev_overfitting";
            missing ones are 0.02.
        estimator : estimator, default=None
            The estimator whose parameters the remedies name.

        Returns
        -------
        BiasVarianceReport
            The report.

        Raises
        ------
        ValueError, TypeError
            If an error is not a fraction, a number of rows is not a whole number, or
            another argument is not as described.

        Warns
        -----
        UserWarning
            If the errors look like accuracies: most training rows are wrong, and no
            larger share of the dev rows.

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
        """Measure the errors of a fitted estimator and read off bias and variance.

        Parameters
        ----------
        estimator : estimator
            Any fitted classifier or regressor of scikit-learn's kind; it may be a
            pipeline or a search.
        X_train, y_train : array-like
            The rows it was fitted to.
        X_dev, y_dev : array-like, default=None
            Rows that it was not fitted to. Of a cross-validated estimator, such as
            :class:`MLPRegularizedClassifierCV`, they may be left out, if `X_train` are
            all rows of its `fit` in their order: then the dev error is the out-of-fold
            error, that of networks which had not seen the row.
        bayes_error : float, "reference" or estimator, default=None
            The error of the best possible model, in units of the error, taken as exact.
            None assumes 0, and says so. "reference" takes the out-of-fold error of a
            strong model on the training rows, five fits of gradient boosting (a random
            forest for sparse rows or several outputs); an estimator is taken for that
            model. It is an estimate from above: a bias that is high against it is
            avoidable for sure.
        X_train_dev, y_train_dev : array-like, default=None
            Rows of the training distribution that it was not fitted to either.
        X_test, y_test : array-like, default=None
            Rows that played no part in any choice.
        scoring : str or callable, default=None
            By default the error of a classifier is the share of rows predicted
            wrongly, that of a regressor its squared error divided by the variance of
            `y_train` (1 is the error of the mean). A scorer of scikit-learn replaces
            it: the error is 1 - score, or the loss itself for the negated losses
            ("neg_log_loss"). Then there are no intervals, and `thresholds` are in its
            units.
        confidence, thresholds
            As in `from_errors`.
        what_if : bool, default=False
            Try the remedies: a copy of the estimator is fitted with each of them, and
            with none, to the same training rows (5000 of them, if there are more), and
            measured on the same dev or out-of-fold rows. Those that did not help are
            no remedies any more; `trials` lists them all. Set `random_state`, or
            chance tells the copies apart, too. The copies know of no sample weights.
            Nothing is tried while the rows are on a wrong scale.

        Returns
        -------
        BiasVarianceReport
            The report. Its remedies name the parameters of `estimator` and the values
            to try next. First comes whether a constant prediction would be better. If
            there is one of our networks inside, what
            :class:`~skdnn.DataScaleWarning` warns of comes next; it is looked for in
            other models where a constant is better.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described, or arrays are swapped or do not match.
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
        of_rows = findings_of_rows(estimator, rows["train"], rows["dev"], constants)
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
        """The verdict in a few words."""
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
        """Whether the avoidable bias is high; None if that cannot be told."""
        return self._gap("avoidable_bias").is_high

    @property
    def high_variance(self) -> bool | None:
        """Whether the variance is high; None if that cannot be told."""
        return self._gap("variance").is_high

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What to try, in order: bias before variance before the others."""
        return tuple(remedy for finding in self.findings for remedy in finding.remedies)

    def __str__(self) -> str:
        """Return the report as tables, findings and remedies."""
        return rendering.as_text(self)

    def to_dict(self) -> dict:
        """Return the report in plain Python types, ready for JSON.

        Returns
        -------
        dict
            "diagnosis", "confidence", "measure", and lists of "errors", "gaps" and
            "findings".
        """
        return rendering.as_dict(self)

    def to_frame(self):
        """Return the gaps as a data frame, one row each; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Columns "size", "low", "high" (of the interval, NaN without one),
            "threshold", "verdict" and "rows_needed" (a nullable integer); the index
            "gap" has the names.
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
