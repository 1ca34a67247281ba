"""Bias and variance over redraws of the training set, by the bootstrap."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import check_random_state, resample
from sklearn.utils.parallel import Parallel, delayed

from skdnn._reports import Report
from skdnn._sklearn import (
    Interval,
    StrOptions,
    check_pandas_support,
    validate_params,
)
from skdnn.diagnosis.arguments import (
    as_targets,
    check_is_instance,
    check_like,
    check_pair,
    short_name,
)
from skdnn.diagnosis.bias_variance.out_of_fold import common_predictions
from skdnn.diagnosis.decomposition_losses import (
    CLASS_LOSSES,
    RowTerms,
)
from skdnn.diagnosis.decomposition_problems import problem_of

_MAX_SEED = np.iinfo(np.int32).max
_IN_WORDS = {
    "squared_error": "squared error",
    "log_loss": "log loss",
    "zero_one": "0-1 loss",
}


@dataclass(frozen=True, eq=False, repr=False)
class BiasVarianceDecomposition(Report):
    """The expected loss and its parts; prints as a table.

    Returned by `bias_variance_decomposition` and `from_out_of_fold`. Each part is a
    mean over the test rows.

    Parameters
    ----------
    loss : str
        "squared_error", "log_loss" or "zero_one".
    n_rounds : int
        Number of redraws of the training set.
    rows : RowTerms
        `expected_loss`, `noise`, `bias` and `variance` of each test row, arrays of
        shape (n_rows,), and the `central` prediction, (n_rows, n_outputs).
    noise_is_known : bool
        Whether `truth` was given. If not, the bias includes the noise.
    rounds : str
        What the rounds are: "bootstrap rounds" or "cross-validated fits".

    Attributes
    ----------
    expected_loss : float
        Expected loss over redraws: noise + bias + variance.
    bias : float
        Loss of the central prediction beyond the noise; for the squared error, bias².
    variance : float
        Loss added by redrawing the training set.
    noise : float
        Loss of the truth itself; 0 if it is unknown and included in the bias.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdnn import bias_variance_decomposition
    >>> X, y = load_iris(return_X_y=True)
    >>> stump = DecisionTreeClassifier(max_depth=1)
    >>> parts = bias_variance_decomposition(
    ...     stump, X[::2], y[::2], X[1::2], y[1::2], n_rounds=20, random_state=0)
    >>> parts.bias > parts.variance
    True
    >>> abs(parts.bias + parts.variance - parts.expected_loss) < 1e-12
    True
    """

    loss: str
    n_rounds: int
    rows: RowTerms
    noise_is_known: bool
    rounds: str = "bootstrap rounds"

    @classmethod
    def from_out_of_fold(
        cls, estimators, y, loss="squared_error", *, truth=None, noise=0.0
    ):
        """Decompose the expected loss from the out-of-fold predictions of several fits.

        Nothing is fitted: each cross-validated fit has already predicted every row by
        a network that was not trained on it. Fits that differ in their folds or seeds
        are the rounds.

        Parameters
        ----------
        estimators : list of estimators
            Two or more fitted cross-validated estimators, such as
            :class:`MLPRegularizedClassifierCV`, all fitted to the same rows, each with
            a different `cv` or `random_state`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of those rows, in the order passed to `fit`.
        loss, truth, noise
            As in :func:`bias_variance_decomposition`, for the same rows as `y`.

        Returns
        -------
        BiasVarianceDecomposition
            The parts, over the rows that every fit has held out. The training sets of
            two fits share most rows, so the variance is that over folds and seeds,
            which is smaller than that over redraws of the rows.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described.

        Examples
        --------
        >>> from sklearn.base import clone
        >>> from sklearn.datasets import load_wine
        >>> from skdnn import BiasVarianceDecomposition, MLPRegularizedClassifierCV
        >>> X, y = load_wine(return_X_y=True)
        >>> net = MLPRegularizedClassifierCV(
        ...     (8,), alphas=1.0, encodings="standard", keep_probs=1.0, cv=2)
        >>> fits = [clone(net).set_params(random_state=i).fit(X, y) for i in range(3)]
        >>> parts = BiasVarianceDecomposition.from_out_of_fold(fits, y)
        >>> parts.n_rounds, parts.bias > parts.variance
        (3, True)
        """
        if not isinstance(estimators, (list, tuple)) or len(estimators) < 2:
            raise ValueError(
                "estimators must be a list of two or more fitted cross-validated "
                "estimators: the variance of a single one is undefined."
            )
        if loss not in CLASS_LOSSES:
            raise ValueError(f"loss must be one of {list(CLASS_LOSSES)}, got {loss!r}.")
        models, numbers = common_predictions(estimators, y, "")
        y = as_targets(y)
        if truth is not None:
            check_pair("truth", truth, "y", y)
            truth = np.asarray(truth)[numbers]
        if np.ndim(noise):
            check_pair("noise", noise, "y", y)
            noise = np.asarray(noise)[numbers]
        problem = problem_of(
            models[0], y, y[numbers] if truth is None else None, truth, loss, noise
        )
        predictions = [problem.predict(model, None) for model in models]
        rows = problem.decompose(np.stack(predictions), problem.truth)
        return cls(loss, len(models), rows, truth is not None, "cross-validated fits")

    @property
    def expected_loss(self) -> float:
        """Expected loss over redraws of the training set."""
        return float(self.rows.expected_loss.mean())

    @property
    def bias(self) -> float:
        """Loss of the central prediction beyond the noise."""
        return float(self.rows.bias.mean())

    @property
    def variance(self) -> float:
        """Loss added by redrawing the training set."""
        return float(self.rows.variance.mean())

    @property
    def noise(self) -> float:
        """Loss of the truth itself; 0 if it is unknown."""
        return float(self.rows.noise.mean())

    def __str__(self) -> str:
        """Return the parts as a table."""
        total = self.expected_loss
        bias = "bias" if self.noise_is_known else "bias with noise"
        parts = {bias: self.bias, "variance": self.variance}
        if self.noise_is_known:
            parts = {"noise": self.noise, **parts}
        head = [
            f"Expected {_IN_WORDS[self.loss]} {total:.4g}: "
            + ", ".join(f"{name} {value:.4g}" for name, value in parts.items()),
            f"Means over {len(self.rows.bias)} rows and {self.n_rounds} {self.rounds}",
            "",
            f"{'':18}{'mean':>10}{'share':>9}",
        ]
        lines = [
            f"{name:18}{value:>10.4f}" + (f"{value / total:>9.1%}" if total else "")
            for name, value in {**parts, "expected loss": total}.items()
        ]
        return "\n".join(head + lines)

    def to_dict(self) -> dict:
        """Return the means as plain Python types, ready for JSON.

        Returns
        -------
        dict
            "loss", "n_rounds", "expected_loss", "noise", "noise_is_known", "bias" and
            "variance".
        """
        return {
            "loss": self.loss,
            "n_rounds": self.n_rounds,
            "expected_loss": self.expected_loss,
            "noise": self.noise,
            "noise_is_known": self.noise_is_known,
            "bias": self.bias,
            "variance": self.variance,
        }

    def to_frame(self):
        """Return the parts for each test row as a data frame; requires pandas.

        Returns
        -------
        pandas.DataFrame
            Columns "expected_loss", "noise" (0 if it is unknown and included in the
            bias), "bias" and "variance"; one row per test row.
        """
        pandas = check_pandas_support(f"{type(self).__name__}.to_frame")
        columns = {name: getattr(self.rows, name) for name in self.rows._fields[:4]}
        return pandas.DataFrame(columns)


@validate_params(
    {
        "estimator": "no_validation",
        "X": "no_validation",
        "y": "no_validation",
        "X_test": "no_validation",
        "y_test": "no_validation",
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "loss": [StrOptions(set(CLASS_LOSSES))],
        "truth": ["array-like", None],
        "noise": [Interval(Real, 0, None, closed="left"), "array-like"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def bias_variance_decomposition(
    estimator,
    X,
    y,
    X_test,
    y_test=None,
    n_rounds=100,
    loss="squared_error",
    *,
    truth=None,
    noise=0.0,
    n_jobs=None,
    random_state=None,
):
    r"""Decompose the expected loss into noise, bias and variance, by the bootstrap.

    In each round a clone is fitted to n_samples rows drawn from X with replacement. The
    expectation is over the rounds. For each row the parts add up to the expected loss,
    up to rounding:

    .. math:: \text{expected loss} = \text{noise} + \text{bias} + \text{variance} .

    - "squared_error": for a regressor, summed over outputs; for a classifier, of the
      probabilities, summed over classes (the Brier score; for two classes, twice that
      of the positive class). The central prediction is the mean; the bias is squared.
    - "log_loss": the central prediction is the normalised geometric mean of the
      probabilities; bias and variance are Kullback–Leibler divergences.
    - "zero_one": the central prediction is the mode. The variance is the net variance,
      negative on rows where deviating from a wrong mode helps.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor, fitted or not; it is cloned.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows from which the training sets are drawn.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets of X; several outputs for regressors only.
    X_test : {array-like, sparse matrix} of shape (n_test, n_features)
        Rows to predict.
    y_test : array-like of shape (n_test,) or (n_test, n_outputs), default=None
        Observed targets of X_test. With one observation per row, noise and bias cannot
        be separated: the bias then includes the noise.
    n_rounds : int, default=100
        Number of redraws. A finite number of rounds inflates the bias by about
        variance / n_rounds.
    loss : {"squared_error", "log_loss", "zero_one"}, default="squared_error"
        Regressors allow the squared error only.
    truth : array-like, default=None
        Replaces `y_test` if the distribution of the targets is known, as in a
        simulation: the class probabilities, of shape (n_test, n_classes) in the order
        of the sorted labels, or the expected targets, in the shape of `y_test`. The
        noise is then a separate part.
    noise : float or array-like of shape (n_test,), default=0.0
        For a regressor with `truth`: the variance of the targets around it, summed over
        outputs.
    n_jobs : int, default=None
        Number of rounds run in parallel, as in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Seeds the bootstrap, and each `random_state` of the estimator that is None, so
        that its own randomness counts as variance. An int set there is kept.

    Returns
    -------
    BiasVarianceDecomposition
        The parts, as means and for each row.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    See Also
    --------
    BiasVarianceReport : The gaps between train and dev errors of a single fit, also
        called bias and variance in the course.

    Notes
    -----
    Bootstrap training sets hold about 63 % of the distinct rows and are more alike than
    independent samples from the population: the parts are estimates, and describe
    models trained on fewer rows.

    References
    ----------
    S. Geman et al., Neural Computation 4, 1992 (squared error). T. Heskes, Neural
    Computation 10, 1998 (log loss). P. Domingos, ICML 2000, and G. James, Machine
    Learning 51, 2003 (0–1 loss).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdnn import bias_variance_decomposition
    >>> X, y = load_diabetes(return_X_y=True)
    >>> parts = bias_variance_decomposition(
    ...     DecisionTreeRegressor(), X[:300], y[:300], X[300:], y[300:], n_rounds=20,
    ...     random_state=0)
    >>> parts.variance > 1000
    True
    """
    check_is_instance(estimator)
    check_pair("X", X, "y", y, _ORDER)
    if not (is_classifier(estimator) or is_regressor(estimator)):
        raise TypeError(
            "estimator must be a classifier or a regressor, got "
            f"{type(estimator).__name__}."
        )
    if (y_test is None) == (truth is None):
        raise ValueError("Give either y_test or truth: one replaces the other.")
    name, targets = ("y_test", y_test) if truth is None else ("truth", truth)
    check_pair("X_test", X_test, name, targets, _ORDER)
    check_like("X_test", X_test, "X", X)
    if n_jobs == 0:
        raise ValueError("n_jobs=0 is not allowed: give a number of workers or None.")
    problem = problem_of(estimator, y, y_test, truth, loss, noise)
    seeds = check_random_state(random_state).randint(_MAX_SEED, size=n_rounds)
    predictions = Parallel(n_jobs=n_jobs)(
        delayed(_predict_after_redraw)(estimator, X, y, X_test, problem.predict, seed)
        for seed in seeds
    )
    if predictions[0].shape != problem.truth.shape:
        raise ValueError(
            f"{name} has {problem.truth.shape[1]} outputs, but the predictions have "
            f"{predictions[0].shape[1]}."
        )
    rows = problem.decompose(np.stack(predictions), problem.truth)
    return BiasVarianceDecomposition(loss, n_rounds, rows, truth is not None)


_ORDER = (
    " The order is X, y, X_test, y_test; train_test_split returns X, X_test, y, y_test."
)


def _predict_after_redraw(estimator, X, y, X_test, predict, seed):
    rng = np.random.RandomState(seed)
    estimator = clone(estimator)
    unset = [
        name
        for name, value in sorted(estimator.get_params().items())
        if short_name(name) == "random_state" and value is None
    ]
    estimator.set_params(**{name: rng.randint(_MAX_SEED) for name in unset})
    X_drawn, y_drawn = resample(X, y, random_state=rng)
    return predict(estimator.fit(X_drawn, y_drawn), X_test)
