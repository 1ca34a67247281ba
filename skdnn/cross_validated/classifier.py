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
    r"""Classifier that chooses its regularisation by rows that it has not seen.

    What :class:`~sklearn.linear_model.LogisticRegressionCV` is to LogisticRegression:
    in one `fit`, how long to train, how strong a penalty, how much dropout and which
    encoding of numbers are chosen by out-of-fold predictions; then networks are trained
    on all rows, and their probabilities are calibrated. It takes tables as they come,
    with numbers, categories and missing values, so that no pipeline is needed before
    it. ``n_members=5`` gives the best predictions.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(128, 128)
        Units of each hidden layer.

    activation : str or array-like of str, default="relu"
        As in :class:`MLPRegularizedClassifier`.

    solver : {"adam", "adamw", "sgd"}, default="adam"
        As in :class:`MLPRegularizedClassifier`. The learning rate is constant, and
        predictions are those of an exponential moving average of the parameters, which
        may be stopped at any step.

    alphas : float or array-like of float, default=1.0
        Candidates for `alpha`, the strength λ ≥ 0 of the penalty.

    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty, in [0, 1].

    keep_probs : float or array-like, default=0.8
        Candidates for `keep_prob`, in (0, 1]. An element may be a tuple with one value
        for each hidden layer.

    encodings : {"auto", "standard", "piecewise"} or both, default="auto"
        Candidates for the encoding of numbers: standardised
        (:class:`InputStandardizer`), or with a component for each of several bins
        beside it (:class:`PiecewiseLinearEncoder`). Neither is better on all tables.
        "auto" is both, but "standard" alone where there are no numbers, or fewer than
        10 rows for each column of them. Not used with ``preprocess=False``.

    input_keep_prob : float, default=1.0
        As in :class:`MLPRegularizedClassifier`.

    max_norm : float or None, default=None
        As in :class:`MLPRegularizedClassifier`.

    label_smoothing : float, default=0.0
        ε in [0, 1): the target y becomes (1 - ε) y + ε / n_classes in training.

    max_grad_norm : float or None, default=None
        As in :class:`MLPRegularizedClassifier`.

    augmentation : augmenter or None, default=None
        Alters the training rows afresh in each epoch; never those held out.

    init, bias_init : str or callable, default="auto"
        As in :class:`MLPRegularizedClassifier`.

    batch_size : int or "auto", default="auto"
        The most rows of a mini-batch. "auto" is 64 for up to 2 000 training rows, 128
        for up to 8 000, 256 above.

    learning_rate_init : float or "auto", default="auto"
        The learning rate. "auto" is 0.003, and 0.0015 for the many inputs of the
        piecewise encoding.

    averaging_decay : float, default=0.99
        Decay of the average of the parameters, in [0, 1).

    max_steps : int or "auto", default="auto"
        The most steps of a network. "auto" is 10 000; most tables stop far earlier.

    n_iter_no_change : int, default=4
        A candidate stops after so many checkpoints in a row without an improvement of
        the held-out score by more than the part `tol` of it, but not within its first
        100 steps. Checkpoints are at 24 steps and then at 1.2 times the steps of the
        one before.

    tol : float, default=0.005
        See `n_iter_no_change`.

    shuffle : bool, default=True
        Whether to draw a new order of the rows for each epoch.

    class_weight : dict, list of dict, "balanced" or None, default=None
        As in :class:`MLPRegularizedClassifier`; held-out rows are weighted, too.

    cv : int, splitter, iterable or None, default=None
        What is held out: the number of folds, stratified by class, a splitter, or
        pairs of row numbers. None is 10 folds for up to 300 rows, 5 for up
        to 10 000, 3 for up to 20 000, and one part of 10 %, of at most 100 000 rows,
        above. With `groups`, rows of a group stay together.

    scoring : str or callable, default="loss"
        What is chosen by: "loss", the cross-entropy of all held-out rows after one
        temperature; or a scorer of scikit-learn, or its name, averaged over the folds.
        A scorer is handed networks and their inputs: X as `preprocessor_` makes it.

    n_members : int, default=1
        How many networks are trained on all rows. They differ by their random numbers,
        and their predictions are averaged.

    refit : bool, default=True
        False trains none on all rows: the networks of the folds are the members.

    calibrate : bool, default=True
        Whether logits are divided by one temperature, found on held-out rows. It is
        folded into the last layer of each member.

    preprocess : bool, default=True
        Whether X is a table as it comes. Numbers are standardised, missing ones get an
        indicator, categories are one-hot, rare levels together, and columns that do
        not vary are dropped, all by the training rows of each fold. False reads X as
        it is: images, sparse text, or what a pipeline has prepared.

    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Which columns are categories: those that are not numbers by their data type, or
        names, positions or a mask.

    momentum, nesterovs_momentum, beta_1, beta_2, epsilon
        As in :class:`MLPRegularizedClassifier`.

    warm_start : bool, default=False
        Has to be False: each fit chooses anew.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Type to compute in; "auto" is float32.

    n_jobs : int or None, default=None
        How many networks are trained at once, by threads: a step does not hold Python's
        lock. -1 is one for each core. None is 1, or what
        :func:`joblib.parallel_config` says. If that names a backend of other processes,
        ``"dask"``, ``"ray"`` or ``"loky"``, its workers train the networks.

    verbose : bool or int, default=False
        True prints a line for each checkpoint.

    random_state : int, RandomState instance or None, default=None
        Draws the folds and all that networks draw. An int makes fits reproducible,
        whatever `n_jobs` is.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels; column numbers for multilabel targets.
    temperature_ : float
        What the logits were divided by; 1.0 with ``calibrate=False``.
    best_n_steps_ : int
        The number of steps that was best for rows held out.
    alpha_ : float
        The alpha that was chosen.
    keep_prob_ : float or tuple of float
        The keep_prob that was chosen.
    encoding_ : {"standard", "piecewise"} or None
        The encoding that was chosen; None with ``preprocess=False``.
    candidates_ : list of dict
        All candidates: each combination of `alphas`, `keep_probs` and `encodings`, with
        the keys "alpha", "keep_prob" and "encoding".
    n_steps_ : ndarray of shape (n_checkpoints,)
        The checkpoints: the numbers of steps after which held-out rows were predicted.
    scores_ : ndarray of shape (n_candidates, n_checkpoints, n_folds)
        The score of the held-out rows of each fold; NaN after a candidate has stopped.
        For ``scoring="loss"`` the lower is the better, for others the higher.
        :class:`TrainingCurveDisplay` and :class:`ParameterScoreDisplay` draw it.
    oof_score_ : float
        The score that decided, over all held-out rows: a little better than that of new
        rows, since it has been chosen.
    oof_decision_function_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The calibrated logits, as `decision_function` gives them, from networks for
        which each row was held out; NaN for rows that never were. With `X_val`, it is
        of those rows.
    members_ : list of estimators
        What predicts: fitted MLPRegularizedClassifiers, each in a Pipeline behind its
        preprocessor, or bare with ``preprocess=False``.
    best_estimator_ : estimator
        The member, where there is one only.
    preprocessor_ : transformer
        What turns X into the inputs of the members; with ``refit=False`` each has its
        own, and with ``preprocess=False`` there is none.
    coefs_, intercepts_ : list of ndarray
        The weights and biases of the member, where there is one only.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has names that are all strings.

    See Also
    --------
    MLPRegularizedClassifier : One network with parameters of your own choice.
    BiasVarianceReport : Underfitting or overfitting, by the held-out rows.
    TrainingCurveDisplay : The held-out scores of all candidates over the steps.
    ParameterScoreDisplay : The scores against alphas, keep_probs or encodings.
    sklearn.linear_model.LogisticRegressionCV : The same idea for a linear model.

    Notes
    -----
    The networks of all folds and candidates are trained side by side and looked at, at
    checkpoints, together. The number of steps is chosen from all held-out rows at once,
    and it is steps, not epochs, that are taken again on all rows.
    Candidates are judged by the cross-entropy after one temperature T, softmax(z / T),
    shared by all folds: a network whose logits are too large is not worse for it.

    Between tables the best number of steps ran from 70 to 5 000, so that no fixed
    number serves all; a holdout finds it, but leaves its rows untrained.

    References
    ----------
    E. Berta et al., "Rethinking early stopping: refine, then calibrate", 2025. C. Guo
    et al., "On calibration of modern neural networks", ICML 2017. D. Holzmüller, L.
    Grinsztajn, I. Steinwart, "Better by default", NeurIPS 2024.

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
    >>> model.oof_decision_function_.shape  # a row each, out of fold
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
        """Choose by rows that are held out, then train on all rows.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The training rows: a table as it comes, with numbers, categories and
            missing values, or with ``preprocess=False`` numbers only. Or, as the only
            argument of training rows, a source of chunks ``(X, y)`` or ``(X, y,
            sample_weight)``: a :class:`BatchSource`, or an iterable that can be read
            again and again. Each network reads it for itself. Of more than 131 072 rows
            or 64 MB, means, scales, bins and levels are those of a sample.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The labels, or a label indicator.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows, in training, in the held-out loss and for the
            temperature. The preprocessing counts each row once, but for those of
            weight 0, which are left out of everything.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are trained on or held out together. Not used with
            `X_val`.
        X_val : {array-like, data frame, sparse matrix}, default=None
            Rows to choose by, of shape (n_val, n_features): they take the place of the
            folds, and are not trained on. Or, without `y_val`, a source of chunks.
        y_val : array-like, default=None
            Their labels, all of them among those of `y`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.
        resume_from : str or path-like, default=None
            A file of the :class:`Checkpoint` that this fit was saved to before it was
            broken off: it goes on from there, bit for bit, with the parameters and rows
            that it began with; `n_jobs` may be another. If there is no file, and the
            estimator has a `Checkpoint` that writes it, the fit begins.

        Returns
        -------
        self : MLPRegularizedClassifierCV
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter or an array is not as described, or training of all
            candidates diverges. A model that was fitted before is left as it was.
        FileNotFoundError
            If there is no file to resume from.

        Warns
        -----
        ConvergenceWarning
            If the held-out score still improved at the last step, if candidates
            diverged, or if held-out rows are predicted no better than by a constant.
        """
        dev = Rows(X_val, y_val, sample_weight_val)
        return self._fit(Rows(X, y, sample_weight), dev, groups, resume_from)

    def _targets_of(self, rows):
        targets = ClassTargets.of(rows.y)
        return targets.with_class_weight(self.class_weight, rows.y, rows.sample_weight)

    def _calibrates(self, targets):
        return self.calibrate and not targets.is_constant

    def _said(self, model, Z):
        return model.targets.decision(Z)

    def _attributes_of(self, best):
        temperature = 1 / best.look.score.beta
        return super()._attributes_of(best) | {"temperature_": temperature}

    def _attributes_to_predict(self, members):
        classes = members.nets[0].classes_
        return super()._attributes_to_predict(members) | {"classes_": classes}

    def __sklearn_tags__(self):
        """Accept label indicators."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _targets(self) -> ClassTargets:
        check_is_fitted(self)
        return self._nets[0]._model.targets

    def _logits(self, X) -> np.ndarray:
        """Return logits of which the averaged probabilities are those of the link."""
        logits = self._ask(X, Model.logits)
        if len(logits) == 1:
            return logits[0]
        return averaged_logits(self._targets, logits)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logits, calibrated.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes the logit of ``classes_[1]``, else one column per class or
            label. Of several members, those of their average probability.
        """
        return self._targets.decision(self._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or the indicator of its labels.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        """
        Z = self._logits(X)
        return self._targets.decode(self._targets.predictions(Z))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, calibrated.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; for multilabel targets, the probability of each
            label.
        """
        return self._targets.probabilities(self._logits(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, from the logits: never -inf.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            As `predict_proba`.
        """
        return self._targets.log_probabilities(self._logits(X))

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy: the share of rows with all labels right.

        Parameters
        ----------
        X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        float
            In [0, 1].
        """
        predicted = self.predict(X)
        targets, n_rows = self._targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return accuracy_score(y, predicted, sample_weight=weight)


def averaged_logits(targets: ClassTargets, logits: list[np.ndarray]) -> np.ndarray:
    """Return the logits of the mean probability, without leaving logarithms.

    The logarithm of a rounded probability is wrong where it matters most.
    """
    Z = np.stack(logits)
    if targets.kind == "multiclass":
        return logsumexp(log_softmax(Z, axis=2), axis=0) - math.log(len(Z))
    # Of the mean of yes and the mean of no, the ratio.
    return logsumexp(log_expit(Z), axis=0) - logsumexp(log_expit(-Z), axis=0)
