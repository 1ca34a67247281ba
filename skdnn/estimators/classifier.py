"""MLPRegularizedClassifier."""

from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.neural_network import MLPClassifier

from skdnn._sklearn import (
    Interval,
    StrOptions,
    available_if,
    check_partial_fit_first_call,
    fit_context,
    with_callbacks,
)
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.checks.arguments import explaining_arguments
from skdnn.estimators.conversion.export import OnnxExport
from skdnn.estimators.conversion.scikit_learn import from_peer, to_peer
from skdnn.estimators.model import Model
from skdnn.estimators.parameters import CONSTRAINTS, can_fit_partially
from skdnn.estimators.rows import Rows, checked_total_weight, targets_to_score
from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.labels import checked_classes, kind_of_labels


class MLPRegularizedClassifier(ClassifierMixin, OnnxExport, BaseMLPRegularized):
    r"""Regularised multi-layer perceptron classifier.

    Extends :class:`~sklearn.neural_network.MLPClassifier` with dropout, an L1 penalty,
    max-norm constraints, label smoothing, gradient clipping, data augmentation,
    parameter averaging and early stopping on a dev set of your choice. Parameters of
    the same name have the same meaning, except that `alpha` is on another scale:
    ``alpha_skdnn = alpha_sklearn * m / batch_size`` for m training rows (see Notes).

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100, 50)
        Number of units in each hidden layer. ``()`` is logistic regression.

    activation : str or array-like of str, default="relu"
        Activation function, one for all hidden layers or one for each: "identity",
        "logistic", "tanh", "relu", "leaky_relu" (slope 0.01), "elu", "selu", "gelu"
        (tanh approximation), "silu" or "softplus".

    solver : {"adam", "adamw", "sgd", "lbfgs"}, default="adam"
        Optimiser. "sgd" is gradient descent with momentum; "adam" includes the gradient
        of the penalty in its moment estimates; "adamw" applies the L2 part as decoupled
        weight decay; "lbfgs" is a quasi-Newton method on all rows at once, a good
        choice for small data sets.

    alpha : float, default=4.0
        Strength λ ≥ 0 of the penalty on the weights. Biases are not penalised.

    l1_ratio : float, default=0.0
        Share ρ of the L1 norm in the penalty, in [0, 1]. Above 0, some weights become
        exactly zero.

    keep_prob : float, array-like of float or "auto", default="auto"
        Probability, in (0, 1], that a hidden unit is kept in a training step (inverted
        dropout); one for all hidden layers or one for each. A dropout rate p is
        ``keep_prob=1 - p``; 1.0 is no dropout. "auto" is 0.9 in layers of at least 50
        units and 1.0 in others, and 1.0 in all layers for full-batch training: with
        "lbfgs", and where at most 200 training rows fit in one mini-batch. Stochastic
        solvers only.

    input_keep_prob : float, default=1.0
        The same for the entries of X: dropout of the inputs.

    max_norm : float or None, default=None
        Upper bound on the Euclidean norm of the weights into each hidden unit, enforced
        after each step. Stochastic solvers only.

    label_smoothing : float, default=0.0
        Amount ε of smoothing, in [0, 1): in training, the one-hot target y becomes
        (1 - ε) y + ε / n_classes. A label of a multilabel target counts as two classes.

    max_grad_norm : float or None, default=None
        Upper bound on the Euclidean norm of the whole gradient, to which longer
        gradients are scaled down. Stochastic solvers only.

    augmentation : augmenter or None, default=None
        Random transformation of the training rows, drawn again in each epoch, such as
        :class:`~skdnn.RandomShift` or :class:`~skdnn.Mixup`. The dev set is never
        augmented. Stochastic solvers only.

    init : str or callable, default="auto"
        Initialiser of the weights: "auto" (chosen for the activation of each layer),
        "he", "xavier", "glorot", "lecun", "normal" (standard deviation 0.01), "zeros",
        or a callable ``(rng, n_in, n_out) -> ndarray of shape (n_in, n_out)`` with
        `rng` a :class:`numpy.random.Generator`.

    bias_init : str or callable, default="auto"
        Initialiser of the biases of hidden layers: "auto" ("rms" in the first, "zeros"
        in the others), "rms" (uniform within ± the root mean square of the weights into
        the unit), "uniform" (within ± 1 / sqrt(n_in), as in PyTorch), "glorot" (within
        ± sqrt(6 / (n_in + n_out)), as in scikit-learn), "zeros", or a callable
        ``(rng, n_in, n_out) -> ndarray of shape (n_out,)``. The biases of the output
        layer start at zero.

    batch_size : int or "auto", default="auto"
        Maximum number of rows in a mini-batch; the mini-batches of an epoch differ by
        at most one row. "auto" is min(64, n_samples). Ignored by "lbfgs".

    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        Learning-rate schedule. Ignored by "lbfgs".

        - "constant": `learning_rate_init` throughout.
        - "invscaling": ``learning_rate_init / epoch ** power_t``. (`epoch` is the
          number of rows seen in scikit-learn.)
        - "adaptive": divided by 5, instead of stopping, each time the training cost or
          the dev set stalls (see `n_iter_no_change`), until it has fallen to 1e-6.
        - "cosine": half a cosine wave, from `learning_rate_init` to 0 at `max_iter`.

    learning_rate_init : float, default=0.002
        Initial learning rate. Ignored by "lbfgs".

    power_t : float, default=0.5
        Exponent of the "invscaling" schedule.

    averaging : {None, "ema", "auto"}, default="auto"
        "ema" predicts with an exponential moving average of the parameters over the
        training steps, None with the parameters of the last step. Averaging has the
        effect of a decaying learning rate, and training may stop at any time. The dev
        set is evaluated with the average; `loss_curve_` is the cost of the parameters
        themselves. "auto" is "ema", except where the parameters settle anyway (with the
        "cosine" schedule and for full-batch training, see `keep_prob`) and with
        `l1_ratio` above 0, because an average has no exact zeros. Stochastic solvers
        only.

    averaging_decay : float, default=0.99
        Decay rate of the average, in [0, 1). It covers about the last
        1 / (1 - averaging_decay) steps.

    max_iter : int, default=200
        Maximum number of epochs, or of iterations with "lbfgs".

    shuffle : bool, default=True
        Whether to shuffle the rows in each epoch. Ignored by "lbfgs".

    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, ``{label: weight}``; for multilabel targets, a list with
        one ``{0: weight, 1: weight}`` for each label. They multiply `sample_weight`.
        "balanced" makes them inversely proportional to the weighted class frequencies.
        None is a weight of 1 for each class.

    early_stopping : bool, default=False
        Whether to stop when the dev cost (or `scoring`) no longer improves, and to keep
        the best parameters, whatever ends training. The dev set is the `X_val`, `y_val`
        of `fit`; without them, a stratified part of the training rows is held out.

    validation_fraction : float, default=0.1
        Fraction of the training rows to hold out for early stopping if `fit` is given
        no dev set, in [0, 1); at least one row of each class that has two or more. The
        split is by single rows: if several rows belong together, such as those of one
        patient, split off a dev set by groups and pass it as `X_val` and `y_val`.

    scoring : str or callable, default="loss"
        What early stopping monitors: "loss", which is the dev cost without penalty and
        dropout, or the name of a scikit-learn scorer, or a scorer.

    n_iter_no_change : int, default=15
        Training stops after exactly this many consecutive epochs in which the training
        cost (with early stopping, the dev cost or score) has not improved by more than
        `tol`. Ignored by "lbfgs" without early stopping.

    tol : float, default=1e-4
        Tolerance of `n_iter_no_change`. "lbfgs" has converged when no component of the
        gradient is larger than `tol` in absolute value.

    momentum : float, default=0.9
        Momentum of "sgd", in [0, 1]. At 1.0 the velocity never decays.

    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.

    beta_1 : float, default=0.9
        Decay rate of the first-moment estimates of "adam" and "adamw", in [0, 1).

    beta_2 : float, default=0.999
        Decay rate of the second-moment estimates of "adam" and "adamw", in [0, 1).

    epsilon : float, default=1e-8
        Constant > 0 in the denominator of the steps of "adam" and "adamw", against
        division by zero.

    max_fun : int, default=15000
        Maximum number of evaluations of J by "lbfgs".

    warm_start : bool, default=False
        Whether `fit` continues from the previous fit. If that ran out of epochs or was
        interrupted, training resumes as if it had been one long fit, with its moments,
        random state, learning rate (except "cosine", which starts again), patience and
        best parameters; "lbfgs" has to estimate the curvature again. If it had
        converged, patience and learning rate start again.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Floating-point type to compute in. "auto" is float32, but float64 for full-batch
        training (see `keep_prob`). Predictions are float32 for float32 rows, otherwise
        float64.

    verbose : bool or int, default=False
        True or 1 prints the progress, at most two lines a second, and why training
        stopped; 2 prints a line for each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows, the dropout masks, the
        augmentation and the dev split. An int makes fits reproducible bit for bit on
        one machine (for a network large enough for several BLAS threads, with the same
        number of threads).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted; column numbers for multilabel targets.
    coefs_ : list of ndarray
        Weights W[1], …, W[L]; W[l] has shape (n[l-1], n[l]). May be assigned. They are
        float64 unless X was float32 in `fit`, and read-only copies where the network
        computes in a lower precision.
    intercepts_ : list of ndarray
        Biases b[1], …, b[L]; b[l] has shape (n[l],). Otherwise as `coefs_`.
    loss_ : float
        Last value of `loss_curve_`.
    loss_curve_ : list of float
        J in each epoch, penalty included. It averages over mini-batches, each at the
        parameters of its step and under its dropout masks: use `cost` for J at one θ.
    best_loss_ : float or None
        Minimum of `loss_curve_`; None with early stopping.
    validation_loss_curve_ : list of float or None
        Dev cost after each epoch, without penalty and dropout; None without a dev set.
    validation_scores_ : list of float or None
        Accuracy on the dev set after each epoch, or its `scoring`; None without a dev
        set.
    best_validation_score_ : float or None
        Dev score of the epoch `best_iteration_`; None without early stopping.
    best_iteration_ : int
        Epoch that the parameters are from, counted from 1 along `loss_curve_`.
    converged_ : bool
        Whether training stopped because nothing more was to be gained: patience ran
        out, or "lbfgs" reached a minimum.
    stop_reason_ : str
        Why training stopped: "converged", "early_stopping", "max_iter", "max_fun" or
        "line_search" ("lbfgs"), "callback", "one_epoch" (`partial_fit`),
        "interrupted", or "one_class" (y has a single class). If training failed:
        "rising", "worse_than_constant", "lost_to_penalty", "constant_prediction" or
        "diverged".
    stop_message_ : str
        Why training stopped, as a sentence.
    n_iter_ : int
        Number of epochs, or of "lbfgs" iterations, in the last fit.
    t_ : int
        Number of training rows processed: rows times epochs.
    optimizer_state_ : OptimizerState
        Moments and step count of the optimiser.
    n_layers_ : int
        Number of layers, L + 1: input, hidden and output layers.
    n_outputs_ : int
        Number of logits per row: 1 for two classes, otherwise one per class or label.
    out_activation_ : {"softmax", "logistic"}
        Output activation, which turns logits into probabilities.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features. Defined only if X has names that are all strings.

    See Also
    --------
    MLPRegularizedClassifierCV : Chooses the regularisation on held-out rows.
    MLPRegularizedRegressor : The same for numeric targets.
    InputStandardizer : Standardises the inputs.
    TrainDevTestSplit : A single train/dev split as the `cv` of a search.
    sklearn.neural_network.MLPClassifier : Multi-layer perceptron of scikit-learn.

    Notes
    -----
    Training minimises

    .. math::

        J(\theta) = \frac{1}{S} \sum_{i=1}^m s_i\, \ell(y_i, \hat y_i)
        + \frac{\lambda}{2S} \sum_{l=1}^L
        \left[(1-\rho) \|W^{[l]}\|_F^2 + \rho \|W^{[l]}\|_1\right]

    over m training rows with sample weights :math:`s_i`, whose sum is S (m without
    weights); ℓ is the cross-entropy, λ is `alpha` and ρ is `l1_ratio`. Mini-batches
    estimate this same J, with the S of the whole training set, so the minimum does not
    depend on `batch_size`. Without a hidden layer it is that of
    ``LogisticRegression(C=1 / alpha)``.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15, 2014 (also `max_norm`).

    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    K. He et al., "Delving deep into rectifiers", ICCV 2015 (`init`).

    C. Szegedy et al., "Rethinking the Inception architecture for computer vision",
    CVPR 2016 (`label_smoothing`).

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import InputStandardizer, MLPRegularizedClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, stratify=y, random_state=0)
    >>> net = MLPRegularizedClassifier((32, 16), keep_prob=0.9, max_iter=500,
    ...                                random_state=0)
    >>> model = make_pipeline(InputStandardizer(), net).fit(X_train, y_train)
    >>> bool(model.score(X_test, y_test) > 0.9)
    True
    >>> model.predict_proba(X_test[:5]).shape
    (5, 3)
    """

    classes_: np.ndarray

    _model: Model[ClassTargets]
    _sklearn_scoring = "accuracy"  # what scikit-learn's early stopping monitors
    _as_in_sklearn: ClassVar[dict] = {}

    _parameter_constraints: ClassVar[dict] = {
        **CONSTRAINTS,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | np.ndarray = (100, 50),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 4.0,
        l1_ratio: float = 0.0,
        keep_prob: float | Sequence[float] | np.ndarray | str = "auto",
        input_keep_prob: float = 1.0,
        max_norm: float | None = None,
        label_smoothing: float = 0.0,
        max_grad_norm: float | None = None,
        augmentation: Any = None,
        init: str | Callable[..., np.ndarray] = "auto",
        bias_init: str | Callable[..., np.ndarray] = "auto",
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.002,
        power_t: float = 0.5,
        averaging: str | None = "auto",
        averaging_decay: float = 0.99,
        max_iter: int = 200,
        shuffle: bool = True,
        class_weight: dict | list[dict] | str | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        scoring: str | Callable[..., float] = "loss",
        n_iter_no_change: float = 15,
        tol: float = 1e-4,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        warm_start: bool = False,
        dtype: str = "auto",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.keep_prob = keep_prob
        self.input_keep_prob = input_keep_prob
        self.max_norm = max_norm
        self.label_smoothing = label_smoothing
        self.max_grad_norm = max_grad_norm
        self.augmentation = augmentation
        self.init = init
        self.bias_init = bias_init
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.averaging = averaging
        self.averaging_decay = averaging_decay
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_fun = max_fun
        self.warm_start = warm_start
        self.dtype = dtype
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
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
        resume_from: str | PathLike[str] | None = None,
    ) -> Self:
        """Fit the network to the training rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs. Above 16 MB they are read block by block and never copied
            as a whole. Alternatively, and without `y`, a source of chunks ``(X, y)`` or
            ``(X, y, sample_weight)`` that is read once per epoch: a `BatchSource`, or
            an iterable that can be iterated over repeatedly.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or a label indicator. None only if X is a source of chunks.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows; a weight of 2 counts a row twice. If all
            are below 1, they are scaled to a mean of 1 over the rows with a weight.
            Negative weights, which `MLPClassifier` accepts, are an error: J would have
            no minimum.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Inputs of the dev set, which is only monitored unless `early_stopping` is
            set. A Pipeline with ``transform_input=["X_val"]`` transforms them as it
            does X. Alternatively, and without `y_val`, a source of chunks, which is
            read after each epoch.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            Labels of the dev set, each of which must occur in `y`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of the dev set.
        resume_from : str or path-like, default=None
            File that a :class:`Checkpoint` of this fit has written before it was broken
            off. Training resumes from there, bit for bit; parameters and rows must be
            the same. If there is no such file, but a `Checkpoint` of this estimator
            writes to it, training starts from the beginning.

        Returns
        -------
        self : MLPRegularizedClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter or an array is invalid, or if training diverges in its first
            epoch. A previously fitted model is left unchanged.
        FileNotFoundError
            If there is no file `resume_from`, and no `Checkpoint` that writes to it.

        Warns
        -----
        ConvergenceWarning
            If training ran out of epochs, failed (see `stop_reason_`), or was
            interrupted (Ctrl-C) after at least one epoch. The model is fitted all the
            same: its parameters are the last with a finite cost or, with early
            stopping, the best. Within a search or another loop over fits, an interrupt
            is raised, and each kind of warning is given only once.
        DataScaleWarning
            If the inputs are badly scaled, or `X_val` is on another scale than `X`.
        """
        return self._fit(
            Rows(X, y, sample_weight),
            Rows(X_val, y_val, sample_weight_val),
            resume_from=resume_from,
        )

    @available_if(can_fit_partially)
    @explaining_arguments
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
        total_weight: float | None = None,
    ) -> Self:
        """Train for one epoch on the given rows, starting where training stopped.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs, a part of the training set. The weight S of the training set, which
            divides the penalty, is estimated by that of all rows so far. A call with
            the rows of an earlier call adds nothing to it (single rows always count).
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or a label indicator.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.
        classes : array-like of shape (n_classes,), default=None
            All labels that occur in any call. Required in the first call, optional
            afterwards; not used for a label indicator.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Inputs of the dev set. Its cost and score are appended to
            `validation_loss_curve_` and `validation_scores_`. With early stopping, it
            is monitored across calls: predictions are those of the best parameters so
            far, and `converged_` tells when to stop.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            Labels of the dev set.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of the dev set.
        total_weight : float, default=None
            S, if it is known: the number of rows of the whole training set or, with
            weights, their sum. It is kept for later calls.

        Returns
        -------
        self : MLPRegularizedClassifier
            The estimator, trained for one more epoch. An interrupt or an error leaves
            it unchanged.

        Raises
        ------
        ValueError, TypeError
            If a parameter or an array is invalid, `total_weight` is less than the
            weight of these rows, or training diverges.
        """
        self._validate_params()  # fit_context does so in the first call only
        return self._fit(
            Rows(X, y, sample_weight),
            Rows(X_val, y_val, sample_weight_val),
            classes=classes,
            incremental=True,
            total_weight=checked_total_weight(total_weight),
        )

    def _targets_of(self, rows, classes=None, warm=False, incremental=False):
        kind = kind_of_labels(rows.y)
        is_multilabel = kind == "multilabel-indicator"
        if incremental and not is_multilabel:
            check_partial_fit_first_call(self, checked_classes(classes))
        if warm:
            targets = self._model.targets
            if not incremental:
                targets.check_same_classes(rows.y, is_multilabel)
        elif incremental and not is_multilabel:
            targets = ClassTargets.of_classes(self.classes_, "classes")
        else:
            targets = ClassTargets.of(rows.y, kind=kind)
        return targets.with_class_weight(self.class_weight, rows.y, rows.sample_weight)

    def _of_logits(self, X, of_logits: Callable[..., np.ndarray]) -> np.ndarray:
        """Return a method of the targets, applied to the logits of X."""

        def method(model, X, *checked):
            return of_logits(model.targets, model.logits(X, *checked))

        return self._predicted(method, X)

    def _attributes_to_predict(self, model):
        classes = model.targets.classes
        return super()._attributes_to_predict(model) | {"classes_": classes}

    def __sklearn_tags__(self):
        """Accept label indicators."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def decision_function(self, X: Any) -> np.ndarray:
        """Compute the logits.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        logits : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes, the logit of ``classes_[1]``; otherwise one column per
            class or label.
        """
        return self._of_logits(X, ClassTargets.decision)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each row or, for multilabel targets, its labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Predicted class labels, or a label indicator.
        """
        return self._predicted(Model.predict, X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`; for multilabel targets, the
            probability of each label. float32 for float32 rows, otherwise float64.
        """
        return self._of_logits(X, ClassTargets.probabilities)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Estimate the logarithm of the probability of each class.

        It is computed from the logits, so small probabilities do not become -inf.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Logarithms, in the order of `predict_proba`.
        """
        return self._of_logits(X, ClassTargets.log_probabilities)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy: the fraction of rows with all labels right.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True class labels, or a label indicator.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows.

        Returns
        -------
        score : float
            Accuracy, in [0, 1].
        """
        return self._score_of(self.predict(X), y, sample_weight)

    def _score_of(self, predicted: np.ndarray, y, sample_weight) -> float:
        targets, n_rows = self._model.targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return accuracy_score(y, predicted, sample_weight=weight)

    # -- conversion from and to scikit-learn -------------------------------------------

    @classmethod
    def from_sklearn(
        cls, mlp: MLPClassifier, *, n_samples: int | None = None, strict: bool = True
    ) -> Self:
        """Convert scikit-learn's MLPClassifier to an estimator of this class.

        A fitted one keeps its weights (as float64), classes, loss curve and so on, and
        predicts the same. Training can be continued, with new moments of the optimiser
        and the initial learning rate.

        Parameters keep their values, with these exceptions:

        - `alpha` is multiplied by m / batch_size for m training rows, except with
          "lbfgs".
        - A `batch_size` of "auto" becomes scikit-learn's min(200, m), or 200 if m is
          not known.
        - Dropout and averaging are off, `init` and `bias_init` are "glorot", the
          closest to scikit-learn's, and `dtype` is "float64".
        - `scoring` is "accuracy" with early stopping.
        - What the solver of `mlp` ignores is dropped: `learning_rate` unless
          ``solver="sgd"``, and `early_stopping` with "lbfgs".

        Parameters
        ----------
        mlp : MLPClassifier
            Fitted or not. It is not changed.
        n_samples : int, default=None
            Number m of rows that `mlp` was, or will be, trained on, without those of a
            validation set. None takes it from a fitted `mlp`, as ``t_`` divided by the
            length of ``loss_curve_``. If m is not known, `alpha` keeps its value, which
            is right for a single batch, and the penalty in `cost` is NaN.
        strict : bool, default=True
            Whether to reject ``learning_rate="invscaling"`` of "sgd", which counts rows
            in scikit-learn and epochs here. False keeps it.

        Returns
        -------
        net : MLPRegularizedClassifier
            A new estimator, fitted if `mlp` is.

        Raises
        ------
        TypeError
            If `mlp` is not an MLPClassifier.
        ValueError
            If a parameter has a value that cannot be converted, or a fitted `mlp` has
            only one class.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.neural_network import MLPClassifier
        >>> from skdnn import MLPRegularizedClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> mlp = MLPClassifier((8,), solver="lbfgs", random_state=0, max_iter=1000)
        >>> mlp = mlp.fit(X, y)
        >>> net = MLPRegularizedClassifier.from_sklearn(mlp)
        >>> bool(abs(net.predict_proba(X) - mlp.predict_proba(X)).max() < 1e-6)
        True
        """
        net = from_peer(cls, MLPClassifier, mlp, n_samples, strict, _targets_of_peer)
        if net.__sklearn_is_fitted__():
            net.classes_ = net._model.targets.classes
        return net

    def to_sklearn(
        self, *, n_samples: int | None = None, strict: bool = True
    ) -> MLPClassifier:
        """Convert the estimator to scikit-learn's MLPClassifier.

        A fitted one keeps its weights (in their type), classes, loss curve and so on,
        and predicts the same, up to rounding errors of about 1e-6 if it computes in
        float32. Training can be continued, with new moments of the optimiser.

        Parameters keep their values, with these exceptions:

        - `alpha` is divided by m / batch_size for m training rows, except with "lbfgs".
        - A `batch_size` of "auto" becomes min(64, m), or 64 if m is not known.
        - scikit-learn has no dropout and no averaging, initialises weights and biases
          in its own way and computes in the type of X. These settings are dropped if
          they are "auto" (or "glorot"), and so is `dtype`.

        Parameters
        ----------
        n_samples : int, default=None
            Number m of rows that the estimator was, or will be, trained on, without
            those of a dev set. None takes it from a fitted estimator, as ``t_`` divided
            by the length of ``loss_curve_``. If m is not known, `alpha` keeps its
            value, which is right for a single batch.
        strict : bool, default=True
            Whether to reject settings of the training that scikit-learn does not have
            (dropout, an L1 penalty, `max_norm`, ``solver="adamw"`` and so on) or to
            drop them. They do not change what a fitted network predicts.

        Returns
        -------
        mlp : sklearn.neural_network.MLPClassifier
            A new estimator, fitted if this one is.

        Raises
        ------
        ValueError
            If hidden layers differ in their activation, if it is none of
            scikit-learn's four or, with `strict`, if settings of the training cannot be
            expressed; the message names all of them.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdnn import MLPRegularizedClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = MLPRegularizedClassifier((8,), solver="lbfgs", max_iter=1000,
        ...                                alpha=1.0, random_state=0)
        >>> mlp = net.fit(X, y).to_sklearn()
        >>> mlp
        MLPClassifier(alpha=1.0, hidden_layer_sizes=(8,), learning_rate_init=0.002,
                      max_iter=1000, n_iter_no_change=15, random_state=0,
                      solver='lbfgs')
        >>> bool(abs(net.predict_proba(X) - mlp.predict_proba(X)).max() < 1e-6)
        True
        """
        return to_peer(self, MLPClassifier, n_samples, strict)


def _targets_of_peer(mlp: MLPClassifier) -> ClassTargets:
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        return ClassTargets("multilabel-indicator", np.asarray(mlp.classes_))
    return ClassTargets.of_classes(mlp.classes_, "mlp")
