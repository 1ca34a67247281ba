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
)
from skdnn.diagnosis.bias_variance.out_of_fold import answers_in_common
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
    """The expected loss and its parts; printing it gives a table.

    Made by `bias_variance_decomposition`, or by `from_out_of_fold`. Each part is a mean
    over the test rows.

    Parameters
    ----------
    loss : str
        "squared_error", "log_loss" or "zero_one".
    n_rounds : int
        Redraws of the training set.
    rows : RowTerms
        `expected_loss`, `noise`, `bias` and `variance` of each test row, arrays of
        shape (n_rows,), and the `central` prediction, (n_rows, n_outputs).
    noise_is_known : bool
        Whether the truth was given. If not, the bias includes the noise.
    rounds : str
        What a round is: "bootstrap rounds", or "cross-validated fits".

    Attributes
    ----------
    expected_loss : float
        The loss, expected over redraws; noise + bias + variance.
    bias : float
        The loss of the central prediction beyond the noise; for the squared error that
        is bias².
    variance : float
        What redraws of the training set add.
    noise : float
        The loss of the truth itself; if unknown 0, and included in the bias.

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
        """Split the expected loss by the out-of-fold predictions of several fits.

        No fit is made: each cross-validated fit has already predicted each row by a
        network that had not seen it. Fits that differ in their folds or seeds are the
        rounds.

        Parameters
        ----------
        estimators : list of estimators
            Two or more fitted cross-validated estimators, such as
            :class:`MLPRegularizedClassifierCV`, all fitted to the same rows, with
            another `cv` or `random_state` each.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets of those rows, in the order of `fit`.
        loss, truth, noise
            As in :func:`bias_variance_decomposition`; `truth` is of the same rows.

        Returns
        -------
        BiasVarianceDecomposition
            The parts, over the rows that all fits have held out. The training sets of
            two fits share most rows: the variance is that of folds and seeds, and
            smaller than over redraws of the rows.

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
                "estimators: one alone has no variance."
            )
        if loss not in CLASS_LOSSES:
            raise ValueError(
                f"loss={loss!r} is not allowed: give one of {list(CLASS_LOSSES)}."
            )
        models, numbers = answers_in_common(estimators, y, "")
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
        """The loss, expected over redraws of the training set."""
        return float(self.rows.expected_loss.mean())

    @property
    def bias(self) -> float:
        """The loss of the central prediction beyond the noise."""
        return float(self.rows.bias.mean())

    @property
    def variance(self) -> float:
        """What redraws of the training set add."""
        return float(self.rows.variance.mean())

    @property
    def noise(self) -> float:
        """The loss of the truth itself; 0 if that is not known."""
        return float(self.rows.noise.mean())

    def __str__(self) -> str:
        """Return the parts as a table."""
        total = self.expected_loss
        bias = "bias" if self.noise_is_known else "bias, with noise"
        parts = {bias: self.bias, "variance": self.variance}
        if self.noise_is_known:
            parts = {"noise": self.noise, **parts}
        head = [
            f"Bias and variance of the {_IN_WORDS[self.loss]} over "
            f"{self.n_rounds} {self.rounds}, {len(self.rows.bias)} rows",
            "",
            f"{'':18}{'mean':>10}{'share':>9}",
        ]
        lines = [
            f"{name:18}{value:>10.4f}" + (f"{value / total:>9.1%}" if total else "")
            for name, value in {**parts, "expected loss": total}.items()
        ]
        return "\n".join(head + lines)

    def to_dict(self) -> dict:
        """Return the means in plain Python types, ready for JSON.

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
        """Return the parts of each test row as a data frame; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Columns "expected_loss", "noise" (if unknown 0, and included in the bias),
            "bias" and "variance"; one row per test row.
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
    r"""Split the expected loss into noise, bias and variance, by the bootstrap.

    In each round a clone is fitted to n_samples rows drawn from X with replacement. The
    expectation is over the rounds. For each row the parts add up to the expected loss,
    except for rounding:

    .. math:: \text{expected loss} = \text{noise} + \text{bias} + \text{variance} .

    - "squared_error": of a regressor, summed over outputs, or of the probabilities of a
      classifier, summed over classes (the Brier score; for two classes twice that of
      the positive class). The central prediction is the mean, bias is bias².
    - "log_loss": the central prediction is the normalised geometric mean of the
      probabilities, bias and variance are Kullback–Leibler divergences.
    - "zero_one": the central prediction is the mode; the variance is the net one, which
      is negative on rows where straying from a wrong mode helps.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor, fitted or not; it is not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows to draw training sets from.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; several outputs for regressors only.
    X_test : {array-like, sparse matrix} of shape (n_test, n_features)
        Rows to predict.
    y_test : array-like of shape (n_test,) or (n_test, n_outputs), default=None
        Their observed targets. One observation per row does not tell noise from bias:
        the bias then includes the noise.
    n_rounds : int, default=100
        Redraws. The mean over a finite number of rounds leaves about variance /
        n_rounds in the bias.
    loss : {"squared_error", "log_loss", "zero_one"}, default="squared_error"
        Regressors have the squared error only.
    truth : array-like, default=None
        Takes the place of `y_test` where it is known, as for simulated rows: the
        probabilities of the classes, (n_test, n_classes) in the order of the sorted
        labels, or the expectation of the targets, in the shape of `y_test`. The noise
        is then a part of its own.
    noise : float or array-like of shape (n_test,), default=0.0
        For a regressor with `truth`: the variance of the targets about it, summed over
        outputs.
    n_jobs : int, default=None
        Rounds run in parallel, as in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Draws the rows, and seeds each `random_state` of the estimator that is None, so
        that its own randomness counts as variance. A number set there stays.

    Returns
    -------
    BiasVarianceDecomposition
        The parts, their means and those of each row.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    See Also
    --------
    BiasVarianceReport : The gaps between train and dev errors of a single fit, which
        the course calls bias and variance too.

    Notes
    -----
    Bootstrap training sets have about 63 % of the distinct rows and are more alike than
    fresh ones from the population: the parts are estimates, and those of models on
    fewer rows.

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
        raise ValueError("Give either y_test or truth: the one replaces the other.")
    name, targets = ("y_test", y_test) if truth is None else ("truth", truth)
    check_pair("X_test", X_test, name, targets, _ORDER)
    check_like("X_test", X_test, "X", X)
    if n_jobs == 0:
        raise ValueError("n_jobs=0 is not allowed: give a number of workers, or None.")
    problem = problem_of(estimator, y, y_test, truth, loss, noise)
    seeds = check_random_state(random_state).randint(_MAX_SEED, size=n_rounds)
    predictions = Parallel(n_jobs=n_jobs)(
        delayed(_predict_after_redraw)(estimator, X, y, X_test, problem.predict, seed)
        for seed in seeds
    )
    if predictions[0].shape != problem.truth.shape:
        raise ValueError(
            f"{name} has {problem.truth.shape[1]} outputs, the predictions have "
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
        if name.split("__")[-1] == "random_state" and value is None
    ]
    estimator.set_params(**{name: rng.randint(_MAX_SEED) for name in unset})
    X_drawn, y_drawn = resample(X, y, random_state=rng)
    return predict(estimator.fit(X_drawn, y_drawn), X_test)
