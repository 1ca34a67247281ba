"""MLPRegularizedClassifierCV."""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, log_softmax, logsumexp
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import Interval, StrOptions, fit_context, with_callbacks
from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.cross_validated.parameters import CV_CONSTRAINTS, SHARED
from skdnn.estimators.checks.arguments import explaining_arguments
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.model import Model
from skdnn.estimators.rows import Rows, targets_to_score
from skdnn.estimators.targets.classes import ClassTargets


class MLPRegularizedClassifierCV(ClassifierMixin, BaseMLPRegularizedCV):
    r"""Classifier that chooses its regularisation by cross-validation.

    It is to :class:`MLPRegularizedClassifier` what
    :class:`~sklearn.linear_model.LogisticRegressionCV` is to LogisticRegression. One
    call of `fit` chooses the number of training steps, the strength of the penalty, the
    amount of dropout and the encoding of numeric columns on held-out rows. It then
    trains one or more networks on all rows and calibrates their probabilities.

    It accepts raw tables with numeric and categorical columns and missing values, and
    needs no preprocessing pipeline. ``n_members=5`` gives the best predictions.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(128, 128)
        Number of units in each hidden layer.

    activation : str or array-like of str, default="relu"
        Activation of the hidden layers: one name for all of them or one for each. The
        names are those of :class:`MLPRegularizedClassifier`.

    solver : {"adam", "adamw", "sgd"}, default="adam"
        Optimiser, as in :class:`MLPRegularizedClassifier`. The learning rate is
        constant, and the networks predict with an exponential moving average of their
        parameters, so that training can be stopped at any step.

    alphas : float or array-like of float, default=1.0
        Candidates for `alpha`, the strength λ ≥ 0 of the penalty on the weights in the
        cost J of :class:`MLPRegularizedClassifier`.

    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty, in [0, 1].

    keep_probs : float or array-like, default=0.8
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

    label_smoothing : float, default=0.0
        ε in [0, 1). In training, the target y becomes (1 - ε) y + ε / n_classes.

    max_grad_norm : float or None, default=None
        Gradients with a larger norm are scaled down to this norm.

    augmentation : augmenter or None, default=None
        Changes the training rows at random in each epoch (:class:`RandomShift`,
        :class:`Mixup`, …). Held-out rows are never changed. Augmenters see the
        preprocessed inputs.

    init, bias_init : str or callable, default="auto"
        Initialisers of weights and biases, as in :class:`MLPRegularizedClassifier`.

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

    tol : float, default=0.005
        The held-out score must improve by more than this fraction of the best score so
        far to count as an improvement.

    shuffle : bool, default=True
        Whether to shuffle the training rows in each epoch.

    class_weight : dict, list of dict, "balanced" or None, default=None
        Class weights, as in :class:`MLPRegularizedClassifier`. They apply to held-out
        rows as well.

    cv : int, cross-validation splitter, iterable or None, default=None
        Which rows are held out: a number of stratified folds; a splitter; or an
        iterable of (train, held-out) pairs of row indices. None means 10 folds for up
        to 300 rows, 5 for up to 10 000, 3 for up to 20 000, and above that a single
        held-out set of 10 % of the rows, at most 100 000. With `groups`, the folds of
        an int or None keep each group together. Not used with `X_val`.

    scoring : str or callable, default="loss"
        The criterion of the choice: "loss", the cross-entropy of all held-out rows,
        after temperature scaling with ``calibrate=True`` (see Notes); or a scikit-learn
        scorer or its name, averaged over the folds. A scorer is called with a network
        and its inputs, that is, X transformed by `preprocessor_`.

    n_members : int, default=1
        Number of ensemble members: networks that are trained on all rows, with
        different random seeds, and whose predictions are averaged. Not used with
        ``refit=False``.

    refit : bool, default=True
        Whether to train the members on all rows. If False, the networks of the folds
        are the members.

    calibrate : bool, default=True
        Whether to divide the logits by a temperature that is fitted on held-out rows.
        It is folded into the last layer of each member.

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
    classes_ : ndarray of shape (n_classes,)
        The class labels; for multilabel targets, the column indices.
    temperature_ : float
        The temperature that the logits were divided by; 1.0 with ``calibrate=False``.
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
    oof_decision_function_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The out-of-fold logits, calibrated, in the form of `decision_function`: those of
        each row come from networks that were not trained on it. NaN for rows that were
        never held out. With `X_val`, the logits of its rows.
    members_ : list of estimators
        The ensemble members: fitted MLPRegularizedClassifier instances, each in a
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
    MLPRegularizedClassifier : A single network with parameters that you set.
    BiasVarianceReport : Diagnose underfitting and overfitting from held-out rows.
    TrainingCurveDisplay : Plot the held-out scores of all candidates over the steps.
    ParameterScoreDisplay : Plot the scores over alphas, keep_probs or encodings.
    sklearn.linear_model.LogisticRegressionCV : The same idea for a linear model.

    Notes
    -----
    The networks of a candidate, one per fold, are scored together at each checkpoint,
    so that a single number of steps is chosen from all held-out rows. The members are
    then trained for that number of steps, not of epochs: an epoch of all rows has more
    steps than one of a fold.

    With ``calibrate=True``, a candidate is scored by its cross-entropy after
    temperature scaling, with one temperature T for all folds:

    .. math:: P(y \mid x) = \mathrm{softmax}(z / T)

    Logits z that are too large therefore do not count against a network [1]_ [2]_. T
    minimises the pooled cross-entropy of the held-out rows, with slightly smoothed
    labels.

    The best number of steps ranges from 70 to 5 000 between real tables, so no fixed
    number suits all of them. A single held-out set would find it too, but its rows
    would then be missing from training. On good defaults for tabular data, see [3]_.

    References
    ----------
    .. [1] E. Berta et al., "Rethinking early stopping: refine, then calibrate", 2025.
    .. [2] C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    .. [3] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default: Strong
       pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from skdnn import MLPRegularizedClassifierCV
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, stratify=y, random_state=0)
    >>> model = MLPRegularizedClassifierCV(random_state=0).fit(X_train, y_train)
    >>> bool(model.score(X_test, y_test) > 0.9)
    True
    >>> model.oof_decision_function_.shape
    (133, 3)
    """

    classes_: np.ndarray
    temperature_: float
    oof_decision_function_: np.ndarray

    _net_class = MLPRegularizedClassifier
    _net_parameters = (*SHARED, "label_smoothing")
    _out_of_fold = "oof_decision_function_"

    _parameter_constraints: ClassVar[dict] = {
        **CV_CONSTRAINTS,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "calibrate": ["boolean"],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | np.ndarray = (128, 128),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alphas: float | Sequence[float] | np.ndarray = 1.0,
        l1_ratio: float = 0.0,
        keep_probs: float | Sequence[Any] | np.ndarray = 0.8,
        encodings: str | Sequence[str] = "auto",
        input_keep_prob: float = 1.0,
        max_norm: float | None = None,
        label_smoothing: float = 0.0,
        max_grad_norm: float | None = None,
        augmentation: Any = None,
        init: str | Callable[..., np.ndarray] = "auto",
        bias_init: str | Callable[..., np.ndarray] = "auto",
        batch_size: int | str = "auto",
        learning_rate_init: float | str = "auto",
        averaging_decay: float = 0.99,
        max_steps: int | str = "auto",
        n_iter_no_change: float = 4,
        tol: float = 0.005,
        shuffle: bool = True,
        class_weight: dict | list[dict] | str | None = None,
        cv: Any = None,
        scoring: str | Callable[..., float] = "loss",
        n_members: int = 1,
        refit: bool = True,
        calibrate: bool = True,
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
        self.solver = solver
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.keep_probs = keep_probs
        self.encodings = encodings
        self.input_keep_prob = input_keep_prob
        self.max_norm = max_norm
        self.label_smoothing = label_smoothing
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
        self.class_weight = class_weight
        self.cv = cv
        self.scoring = scoring
        self.n_members = n_members
        self.refit = refit
        self.calibrate = calibrate
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The labels, or a label indicator matrix.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows, used in training, in the held-out loss and in
            fitting the temperature. Weights that are all below 1 are rescaled to a mean
            of 1. Rows of weight 0 are ignored; preprocessing counts all others equally.
        groups : array-like of shape (n_samples,), default=None
            Group of each row. The rows of a group are either all trained on or all
            held out. Not used with `X_val`.
        X_val : {array-like, data frame, sparse matrix}, default=None
            Held-out rows, of shape (n_val, n_features), that replace cross-validation.
            No network is trained on them. Without `y_val`, a source of chunks.
        y_val : array-like, default=None
            Labels of `X_val`; each must also occur in `y`.
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
        self : MLPRegularizedClassifierCV
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
        targets = ClassTargets.of(rows.y)
        return targets.with_class_weight(self.class_weight, rows.y, rows.sample_weight)

    def _calibrates(self, targets):
        return self.calibrate and not targets.is_constant

    def _decoded(self, model, Z):
        return model.targets.decision(Z)

    def _attributes_of(self, best):
        temperature = 1 / best.snapshot.score.beta
        return super()._attributes_of(best) | {"temperature_": temperature}

    def _attributes_to_predict(self, members):
        classes = members.nets[0].classes_
        return super()._attributes_to_predict(members) | {"classes_": classes}

    def __sklearn_tags__(self):
        """Tell scikit-learn that multilabel targets are accepted."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _targets(self) -> ClassTargets:
        check_is_fitted(self)
        return self._nets[0]._model.targets

    def _logits(self, X) -> np.ndarray:
        """Return the logits of the probabilities averaged over the members."""
        logits = self._map(X, Model.logits)
        if len(logits) == 1:
            return logits[0]
        return averaged_logits(self._targets, logits)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the calibrated logits.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes, the logit of ``classes_[1]``; otherwise one column per
            class or label. With several members, the logits of their mean probability.
        """
        return self._targets.decision(self._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each row, or the indicator of its labels.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted labels.
        """
        Z = self._logits(X)
        return self._targets.decode(self._targets.predictions(Z))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the calibrated class probabilities.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            One column per class, in the order of `classes_`; for multilabel targets,
            one column per label.
        """
        return self._targets.probabilities(self._logits(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities.

        They are computed from the logits and are never -inf.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            One column per class or label, as in `predict_proba`.
        """
        return self._targets.log_probabilities(self._logits(X))

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy: the fraction of rows with all labels correct.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The accuracy, in [0, 1].
        """
        predicted = self.predict(X)
        targets, n_rows = self._targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return accuracy_score(y, predicted, sample_weight=weight)


def averaged_logits(targets: ClassTargets, logits: list[np.ndarray]) -> np.ndarray:
    """Return the logits of the mean probability, computed from log-probabilities.

    Probabilities near 0 and 1 would lose their digits to rounding.
    """
    Z = np.stack(logits)
    if targets.kind == "multiclass":
        return logsumexp(log_softmax(Z, axis=2), axis=0) - math.log(len(Z))
    # The log-odds of the mean probability.
    return logsumexp(log_expit(Z), axis=0) - logsumexp(log_expit(-Z), axis=0)
