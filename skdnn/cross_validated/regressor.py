"""MLPRegularizedRegressorCV."""

from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skdnn._sklearn import Interval, StrOptions, fit_context, with_callbacks
from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.cross_validated.parameters import CV_CONSTRAINTS, SHARED
from skdnn.estimators.checks.arguments import explaining_arguments
from skdnn.estimators.model import Model
from skdnn.estimators.regressor import MLPRegularizedRegressor
from skdnn.estimators.rows import Rows, targets_to_score
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.network.losses import LOSSES


class MLPRegularizedRegressorCV(RegressorMixin, BaseMLPRegularizedCV):
    r"""Regressor that chooses its regularisation by cross-validation.

    It is to :class:`MLPRegularizedRegressor` what
    :class:`~sklearn.linear_model.RidgeCV` is to Ridge. One call of `fit` chooses the
    number of training steps, the strength of the penalty, the amount of dropout and the
    encoding of numeric columns on held-out rows. It then trains one or more networks on
    all rows.

    It accepts raw tables with numeric and categorical columns and missing values, and
    needs no preprocessing pipeline. ``n_members=5`` gives the best predictions.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(128, 128)
        Number of units in each hidden layer.

    activation : str or array-like of str, default="relu"
        Activation of the hidden layers: one name for all of them or one for each. The
        names are those of :class:`MLPRegularizedRegressor`.

    loss : {"squared_error", "poisson", "huber"}, default="squared_error"
        Loss of one output: half the squared error; half the Poisson deviance, for
        counts and other targets ≥ 0; or Huber's loss, which is linear beyond `delta`
        and so limits the influence of outliers.

    delta : float, default=1.0
        Residual at which Huber's loss becomes linear: in standard deviations of y as
        `normalize_y` estimates them, or in the units of y with ``normalize_y=False``.

    normalize_y : bool, default=True
        Whether to standardise the targets internally; see
        :class:`MLPRegularizedRegressor`. Predictions and scores are in the units of y
        either way.

    solver : {"adam", "adamw", "sgd"}, default="adam"
        Optimiser, as in :class:`MLPRegularizedRegressor`. The learning rate is
        constant, and the networks predict with an exponential moving average of their
        parameters, so that training can be stopped at any step.

    alphas : float or array-like of float, default=1.0
        Candidates for `alpha`, the strength λ ≥ 0 of the penalty on the weights in the
        cost J of :class:`MLPRegularizedRegressor`.

    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty, in [0, 1].

    keep_probs : float or array-like, default=1.0
        Candidates for `keep_prob`, the probability, in (0, 1], that dropout keeps a
        hidden unit. An element may be a tuple with one value for each hidden layer.

    encodings : {"auto", "standard", "piecewise"} or array-like, default="auto"
        Candidates for the encoding of numeric columns: "standard" standardises them
        (:class:`InputStandardizer`); "piecewise" adds piecewise linear components, one
        for each bin (:class:`PiecewiseLinearEncoder`). Neither is better on all tables.
        "auto" tries both, or only "standard" if the table has no numeric columns or
        fewer than 10 rows per numeric column. Ignored with ``preprocess=False``.

    input_keep_prob : float, default=1.0
        The probability, in (0, 1], that dropout keeps an entry of a network's input.

    max_norm : float or None, default=None
        Upper bound on the norm of the weights into each hidden unit.

    max_grad_norm : float or None, default=None
        Gradients with a larger norm are scaled down to this norm.

    augmentation : augmenter or None, default=None
        Changes the training rows at random in each epoch (:class:`RandomShift`,
        :class:`Mixup`, …). Held-out rows are never changed. Augmenters see the
        preprocessed inputs.

    init, bias_init : str or callable, default="auto"
        Initialisers of weights and biases, as in :class:`MLPRegularizedRegressor`.

    batch_size : int or "auto", default="auto"
        Maximum number of rows in a minibatch. "auto" is 64 for up to 2 000 training
        rows, 128 for up to 8 000, and 256 above.

    learning_rate_init : float or "auto", default="auto"
        The learning rate. "auto" is 0.003, or 0.0015 with the piecewise encoding, which
        has many more inputs.

    averaging_decay : float, default=0.99
        Decay of the moving average of the parameters, in [0, 1).

    max_steps : int or "auto", default="auto"
        Maximum number of training steps of each network. "auto" is 10 000; on most
        tables, training stops far earlier.

    n_iter_no_change : int or numpy.inf, default=4
        Number of consecutive checkpoints without sufficient improvement (see `tol`)
        after which a candidate stops, though never within its first 100 steps. The
        first checkpoint is after 24 steps; each later one is after about 1.2 times as
        many steps as the one before.

    tol : float, default=0.01
        The held-out score must improve by more than this fraction of the best score so
        far to count as an improvement. One per cent of a mean squared error is half a
        per cent of its root.

    shuffle : bool, default=True
        Whether to shuffle the training rows in each epoch.

    cv : int, cross-validation splitter, iterable or None, default=None
        Which rows are held out: a number of random folds; a splitter; or an iterable of
        (train, held-out) pairs of row indices. None means 10 folds for up to 300 rows,
        5 for up to 10 000, 3 for up to 20 000, and above that a single
        held-out set of 10 % of the rows, at most 100 000. With `groups`, the folds of
        an int or None keep each group together. Not used with `X_val`.

    scoring : str or callable, default="loss"
        The criterion of the choice: "loss", the `loss` of all held-out rows in the
        units of y (for the squared error, half the mean squared error), or a
        scikit-learn scorer or its name, averaged over the folds. A scorer is called
        with a network and its inputs, that is, X transformed by `preprocessor_`.

    n_members : int, default=1
        Number of ensemble members: networks that are trained on all rows, with
        different random seeds, and whose predictions are averaged. Not used with
        ``refit=False``.

    refit : bool, default=True
        Whether to train the members on all rows. If False, the networks of the folds
        are the members.

    preprocess : bool, default=True
        Whether to preprocess X, which may then be a raw table: numeric columns are
        standardised or encoded, with an indicator for missing values; categorical
        columns are one-hot encoded, with infrequent categories grouped; constant
        columns are dropped. The preprocessor is fitted to the training rows of each
        fold. If False, X is used as it is, for images, sparse text features or data
        from a preprocessing pipeline.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        The categorical columns: "from_dtype" selects the columns whose data type is not
        numeric; an array-like lists their names or positions, or is a boolean mask;
        None means that there are none.

    momentum : float, default=0.9
        Momentum of "sgd", in [0, 1].

    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.

    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of the moment estimates of "adam" and "adamw", in [0, 1).

    epsilon : float, default=1e-8
        Term that keeps "adam" and "adamw" from dividing by zero.

    warm_start : bool, default=False
        Must be False: each fit repeats the whole search.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Data type of the computation. "auto" is float32.

    n_jobs : int or None, default=None
        Number of networks trained in parallel, in threads (training releases the
        global interpreter lock). -1 uses all cores. None means 1 unless
        :func:`joblib.parallel_config` says otherwise. If that selects a backend of
        other processes (``"dask"``, ``"ray"``, ``"loky"``), its workers train the
        networks.

    verbose : bool or int, default=False
        Whether to print a line at each checkpoint.

    random_state : int, RandomState instance or None, default=None
        Seed of the folds and of everything that is random in training. Pass an int for
        reproducible results, which do not depend on `n_jobs`.

    Attributes
    ----------
    best_n_steps_ : int
        The number of training steps with the best held-out score.
    alpha_ : float
        The chosen `alpha`.
    keep_prob_ : float or tuple of float
        The chosen `keep_prob`.
    encoding_ : {"standard", "piecewise"} or None
        The chosen encoding; None with ``preprocess=False``.
    candidates_ : list of dict
        All candidates, that is, all combinations of `alphas`, `keep_probs` and
        `encodings`, as dicts with the keys "alpha", "keep_prob" and "encoding".
    n_steps_ : ndarray of shape (n_checkpoints,)
        The number of training steps at each checkpoint.
    scores_ : ndarray of shape (n_candidates, n_checkpoints, n_folds)
        The held-out score of each fold; NaN after a candidate has stopped. Lower is
        better for ``scoring="loss"``, higher is better for a scorer.
        :class:`TrainingCurveDisplay` and :class:`ParameterScoreDisplay` plot it.
    oof_score_ : float
        The best score, over all held-out rows. It is slightly optimistic, because the
        candidate and the number of steps were chosen by it.
    oof_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The out-of-fold predictions: that of each row comes from networks that were not
        trained on it. NaN for rows that were never held out. With `X_val`, the
        predictions for its rows.
    members_ : list of estimators
        The ensemble members: fitted MLPRegularizedRegressor instances, each in a
        Pipeline after its preprocessor, or alone with ``preprocess=False``.
    best_estimator_ : estimator
        The only member. Raises AttributeError if there are several.
    preprocessor_ : transformer
        The transformer that turns X into the inputs of all members. Raises
        AttributeError with ``preprocess=False``, and with ``refit=False`` if each
        member has its own.
    coefs_, intercepts_ : list of ndarray
        Weights and biases of the only member. Raise AttributeError if there are
        several.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, defined only if they are all strings.

    See Also
    --------
    MLPRegularizedRegressor : A single network with parameters that you set.
    BiasVarianceReport : Diagnose underfitting and overfitting from held-out rows.
    TrainingCurveDisplay : Plot the held-out scores of all candidates over the steps.
    ParameterScoreDisplay : Plot the scores over alphas, keep_probs or encodings.
    sklearn.linear_model.RidgeCV : The same idea for a linear model.

    Notes
    -----
    The networks of a candidate, one per fold, are scored together at each checkpoint,
    so that a single number of steps is chosen from all held-out rows. The members are
    then trained for that number of steps, not of epochs: an epoch of all rows has more
    steps than one of a fold.

    The best number of steps ranges from 70 to 5 000 between real tables, so no fixed
    number suits all of them. A single held-out set would find it too, but its rows
    would then be missing from training. On good defaults for tabular data, see [1]_.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: Strong
       pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from skdnn import MLPRegularizedRegressorCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = MLPRegularizedRegressorCV(random_state=0).fit(X_train, y_train)
    >>> bool(model.score(X_test, y_test) > 0.2)
    True
    """

    oof_prediction_: np.ndarray

    _net_class = MLPRegularizedRegressor
    _net_parameters = (*SHARED, "loss", "delta", "normalize_y")
    _out_of_fold = "oof_prediction_"

    _y_is_numeric = True

    _parameter_constraints: ClassVar[dict] = {
        **CV_CONSTRAINTS,
        "loss": [StrOptions({n for n, loss in LOSSES.items() if loss.is_regression})],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "normalize_y": ["boolean"],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | np.ndarray = (128, 128),
        activation: str | Sequence[str] = "relu",
        *,
        loss: str = "squared_error",
        delta: float = 1.0,
        normalize_y: bool = True,
        solver: str = "adam",
        alphas: float | Sequence[float] | np.ndarray = 1.0,
        l1_ratio: float = 0.0,
        keep_probs: float | Sequence[Any] | np.ndarray = 1.0,
        encodings: str | Sequence[str] = "auto",
        input_keep_prob: float = 1.0,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        augmentation: Any = None,
        init: str | Callable[..., np.ndarray] = "auto",
        bias_init: str | Callable[..., np.ndarray] = "auto",
        batch_size: int | str = "auto",
        learning_rate_init: float | str = "auto",
        averaging_decay: float = 0.99,
        max_steps: int | str = "auto",
        n_iter_no_change: float = 4,
        tol: float = 0.01,
        shuffle: bool = True,
        cv: Any = None,
        scoring: str | Callable[..., float] = "loss",
        n_members: int = 1,
        refit: bool = True,
        preprocess: bool = True,
        categorical_features: str | ArrayLike | None = "from_dtype",
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warm_start: bool = False,
        dtype: str = "auto",
        n_jobs: int | None = None,
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.delta = delta
        self.normalize_y = normalize_y
        self.solver = solver
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.keep_probs = keep_probs
        self.encodings = encodings
        self.input_keep_prob = input_keep_prob
        self.max_norm = max_norm
        self.max_grad_norm = max_grad_norm
        self.augmentation = augmentation
        self.init = init
        self.bias_init = bias_init
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.averaging_decay = averaging_decay
        self.max_steps = max_steps
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.shuffle = shuffle
        self.cv = cv
        self.scoring = scoring
        self.n_members = n_members
        self.refit = refit
        self.preprocess = preprocess
        self.categorical_features = categorical_features
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warm_start = warm_start
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @explaining_arguments
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
        resume_from: str | PathLike[str] | None = None,
    ) -> Self:
        """Choose the regularisation on held-out rows, then train on all rows.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The training rows: a raw table with numeric and categorical columns and
            missing values, or numbers only with ``preprocess=False``. Instead of X, y
            and sample_weight, you can pass a source of chunks ``(X, y)`` or ``(X, y,
            sample_weight)``: a :class:`BatchSource`, or an iterable that can be read
            repeatedly. Each network reads it separately. If it has more than 131 072
            rows or 64 MB, the preprocessor is fitted to a sample of its rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows, used in training and in the held-out loss. Weights
            that are all below 1 are rescaled to a mean of 1. Rows of weight 0 are
            ignored; preprocessing counts all others equally.
        groups : array-like of shape (n_samples,), default=None
            Group of each row. The rows of a group are either all trained on or all
            held out. Not used with `X_val`.
        X_val : {array-like, data frame, sparse matrix}, default=None
            Held-out rows, of shape (n_val, n_features), that replace cross-validation.
            No network is trained on them. Without `y_val`, a source of chunks.
        y_val : array-like, default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights ≥ 0 of the rows of `X_val`.
        resume_from : str or path-like, default=None
            A file that a :class:`Checkpoint` wrote during an earlier fit that was
            interrupted. The fit resumes from there and gives the same result, bit for
            bit. Parameters and data must be the same; only `n_jobs` may differ. If the
            file does not exist, but a `Checkpoint` of this estimator writes to it, the
            fit starts from the beginning.

        Returns
        -------
        self : MLPRegularizedRegressorCV
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter or an array is invalid, or if training diverges for all
            candidates. The estimator keeps its previous fit, if any.
        FileNotFoundError
            If the file to resume from does not exist.

        Warns
        -----
        ConvergenceWarning
            If the held-out score was still improving at the last step, if a candidate
            diverged, or if a constant predicts the held-out rows as well.
        """
        dev = Rows(X_val, y_val, sample_weight_val)
        return self._fit(Rows(X, y, sample_weight), dev, groups, resume_from)

    def _targets_of(self, rows):
        return RegressionTargets.of(rows.y, self.loss)

    def _calibrates(self, targets):
        return False

    def _decoded(self, model, Z):
        return model.targets.decode(model.targets.predictions(Z))

    def __sklearn_tags__(self):
        """Tell scikit-learn that several outputs are accepted."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """Predict the targets of each row: the mean of the members' predictions.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions, with as many dimensions as y had in `fit`.
        """
        predictions = self._map(X, Model.predict)
        return predictions[0] if len(predictions) == 1 else np.mean(predictions, axis=0)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return R², the coefficient of determination, averaged over the outputs.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            R², at most 1. Predicting the mean of y gives 0.
        """
        predicted = self.predict(X)
        targets, n_rows = self._nets[0]._model.targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return r2_score(y, predicted, sample_weight=weight)
