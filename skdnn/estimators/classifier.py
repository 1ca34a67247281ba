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
from skdnn.estimators.model import Model
from skdnn.estimators.moving.export import OnnxExport
from skdnn.estimators.moving.scikit_learn import from_peer, to_peer
from skdnn.estimators.parameters import CONSTRAINTS, can_fit_partially
from skdnn.estimators.rows import Rows, checked_total_weight, targets_to_score
from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.labels import checked_classes, kind_of_labels


class MLPRegularizedClassifier(ClassifierMixin, OnnxExport, BaseMLPRegularized):
    r"""Multilayer perceptron classifier with the regularisation of a modern network.

    It minimises, over m training rows with weights s and their sum S (m without
    weights),

    .. math::

        J(\theta) = \frac{1}{S} \sum_{i=1}^m s_i\, \ell(y_i, \hat y_i)
        + \frac{\lambda}{2S} \sum_{l=1}^L
        \left[(1-\rho) \|W^{[l]}\|_F^2 + \rho \|W^{[l]}\|_1\right]

    where ℓ is the cross-entropy, λ is `alpha` and ρ is `l1_ratio`. Mini-batches
    estimate this same J, so the solution does not move with `batch_size`; without a
    hidden layer it is that of ``LogisticRegression(C=1 / alpha)``.

    A superset of :class:`sklearn.neural_network.MLPClassifier`: same names, same
    meaning, alpha's scale apart: ``alpha_skdnn = alpha_sklearn * m / batch_size``.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of int, default=(100, 50)
        Units of each hidden layer. ``()`` is logistic regression.

    activation : str or array-like of str, default="relu"
        One for all hidden layers, or one for each: "identity", "logistic", "tanh",
        "relu", "leaky_relu" (slope 0.01), "elu", "selu", "gelu" (tanh form), "silu",
        "softplus".

    solver : {"adam", "adamw", "sgd", "lbfgs"}, default="adam"
        "adam" has the penalty's gradient in its moments; "adamw" shrinks the weights
        by the L2 part apart from them; "sgd" is gradient descent with momentum;
        "lbfgs" is a quasi-Newton method on all rows at once, good for small data.

    alpha : float, default=4.0
        Strength λ ≥ 0 of the penalty on the weights; biases are not penalised.

    l1_ratio : float, default=0.0
        Share ρ of the L1 norm, in [0, 1]. Above 0 some weights become exactly zero.

    keep_prob : float, array-like of float or "auto", default="auto"
        Inverted dropout: the probability, in (0, 1], that a unit of a hidden layer is
        kept in a training step; one for all hidden layers or one for each. 1.0 is no
        dropout; a dropout rate p is ``keep_prob=1 - p``. "auto" is 0.9 in layers of at
        least 50 units and 1.0 in others; without mini-batches (with lbfgs, or where all
        rows fit in one) it is 1.0 in all. Stochastic solvers only.

    input_keep_prob : float, default=1.0
        The same for the entries of X.

    max_norm : float or None, default=None
        Bound on the norm of the weights into each hidden unit. Stochastic solvers only.

    label_smoothing : float, default=0.0
        ε in [0, 1): the target y becomes (1 - ε) y + ε / n_classes. For multilabel
        targets, each label is a choice of two.

    max_grad_norm : float or None, default=None
        Gradients of a larger norm are scaled to this one. Stochastic solvers only.

    augmentation : augmenter or None, default=None
        Alters the training rows afresh in each epoch, such as
        :class:`~skdnn.RandomShift` or :class:`~skdnn.Mixup`; never those of the dev
        set. Stochastic solvers only.

    init : str or callable, default="auto"
        How the first weights are drawn: "auto" (by each layer's activation), "he",
        "xavier", "glorot", "lecun", "normal" (standard deviation 0.01), "zeros", or a
        callable ``(rng, n_in, n_out) -> ndarray of shape (n_in, n_out)`` with `rng` a
        :class:`numpy.random.Generator`.

    bias_init : str or callable, default="auto"
        How the first biases of hidden layers are drawn: "auto" ("rms" in the first,
        "zeros" in the others), "rms" (uniformly within ± the root mean square of the
        weights into the unit), "uniform" (± 1 / sqrt(n_in), as in PyTorch), "glorot"
        (± sqrt(6 / (n_in + n_out)), as in scikit-learn), "zeros", or a callable
        ``(rng, n_in, n_out) -> ndarray of shape (n_out,)``. The output layer's start at
        zero.

    batch_size : int or "auto", default="auto"
        The most rows of a mini-batch; batches of an epoch differ by at most one row.
        "auto" is min(64, n_samples). Not used by lbfgs.

    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        Schedule of the learning rate: constant; divided by (epoch ** power_t);
        divided by 5 at each stall instead of stopping; or half a cosine wave down to 0
        at `max_iter`. Not used by lbfgs.

    learning_rate_init : float, default=0.002
        The learning rate that the schedule starts from. Not used by lbfgs.

    power_t : float, default=0.5
        Exponent of "invscaling".

    averaging : {None, "ema", "auto"}, default="auto"
        "ema" predicts with an exponential moving average of the parameters over their
        steps instead of the last ones: as steady as with a learning rate that falls,
        and training may stop at any time. Dev rows see the average, too; `loss_curve_`
        is of the parameters that move. "auto" is "ema", but None where the parameters
        settle anyway, beside "cosine", which falls to 0, and without mini-batches, and
        with `l1_ratio` above 0: an average has no exact zeros.

    averaging_decay : float, default=0.99
        In [0, 1): the weight of a step falls by this factor with each further one, so
        that about the last 1 / (1 - averaging_decay) count.

    max_iter : int, default=200
        The most epochs, or iterations of lbfgs.

    shuffle : bool, default=True
        Whether to draw a new order of the rows for each epoch. Not used by lbfgs.

    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, ``{label: weight}``, for multilabel targets a list with
        a ``{0: weight, 1: weight}`` for each label; they multiply `sample_weight`.
        "balanced" makes them inversely proportional to the classes' total weights.

    early_stopping : bool, default=False
        Whether to stop when the dev set's cost (or `scoring`) no longer improves, and
        to keep the best parameters, whichever way the training ends. The dev set is
        `X_val`, `y_val` of `fit`, or else a stratified part of the training rows.

    validation_fraction : float, default=0.1
        That part, in [0, 1); at least one row of each class. Rows are cut one by one:
        where several belong together, as those of one patient, cut a dev set by groups
        yourself and give `X_val` and `y_val`.

    scoring : str or callable, default="loss"
        What early stopping follows: "loss", the dev cost without penalty and dropout,
        or a scikit-learn scorer's name or a scorer.

    n_iter_no_change : int, default=15
        Training stops after exactly this many epochs in a row in which the training
        cost, or what early stopping follows, has not improved by more than `tol`. Not
        used by lbfgs without early stopping.

    tol : float, default=1e-4
        See `n_iter_no_change`; for lbfgs, the largest component of the gradient at
        which it has converged.

    momentum : float, default=0.9
        Momentum of "sgd", in [0, 1]; with 1.0 nothing ever slows it down.

    nesterovs_momentum : bool, default=True
        Whether "sgd" uses Nesterov's momentum.

    beta_1, beta_2 : float, default=0.9, 0.999
        Decay rates of the moments of "adam" and "adamw", in [0, 1).

    epsilon : float, default=1e-8
        Their guard against division by zero.

    max_fun : int, default=15000
        The most evaluations of J by lbfgs.

    warm_start : bool, default=False
        Whether `fit` goes on from the last fit. If that ran out of epochs or was
        interrupted, as if there had been one long fit: moments, random state, learning
        rate ("cosine" begins anew), patience and best parameters; lbfgs has to learn
        its curvature again. If it had converged, with fresh patience and rate.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Type to compute in. "auto" is float32 for the stochastic solvers, float64 for
        lbfgs and for rows that fit in one mini-batch. What is predicted has the type of
        the rows: float32 for float32, else float64.

    verbose : bool or int, default=False
        1 prints lines about epochs, at most two a second, and why training stopped; 2
        prints a line for each epoch.

    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the order of rows, dropout masks, augmented rows and
        the dev set. An int makes fits reproducible to the bit on one machine (for
        networks so large that they are given several BLAS threads: with as many).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels; column numbers for multilabel targets.
    coefs_ : list of ndarray
        W[1], …, W[L], of shapes (n[l-1], n[l]). Can be assigned. float64 unless the
        rows of fit were float32; read-only copies where the network computes in less.
    intercepts_ : list of ndarray
        b[1], …, b[L].
    loss_ : float
        The last of `loss_curve_`.
    loss_curve_ : list of float
        J in each epoch, penalty included. Each mini-batch is taken at the parameters of
        its step and under its dropout masks: use `cost` for J at one point.
    best_loss_ : float or None
        The least of `loss_curve_`; None with early stopping.
    validation_loss_curve_ : list of float or None
        The dev cost after each epoch, without penalty and dropout; None if there is no
        dev set.
    validation_scores_ : list of float or None
        The dev set's accuracy after each epoch, or its `scoring`.
    best_validation_score_ : float or None
        The one at `best_iteration_`, with early stopping.
    best_iteration_ : int
        The epoch that the parameters are from, counted from 1 along `loss_curve_`.
    converged_ : bool
        Whether training stopped because there was nothing more to gain: patience had
        run out, or lbfgs had found a minimum.
    stop_reason_ : str
        Why training stopped: "converged", "early_stopping", "max_iter", "max_fun",
        "line_search" (lbfgs), "callback", "one_epoch" (partial_fit), "interrupted", or,
        of what cannot have worked, "rising", "worse_than_constant", "lost_to_penalty",
        "constant_prediction",
        "diverged"; "one_class" where y has only one.
    stop_message_ : str
        The same in a sentence.
    n_iter_ : int
        Epochs, or iterations of lbfgs, of the last fit.
    t_ : int
        Training rows seen: epochs times rows.
    optimizer_state_ : OptimizerState
        Moments and number of steps of the optimiser.
    n_layers_ : int
        L + 1: input, hidden and output layers.
    n_outputs_ : int
        Logits per row: 1 for two classes, else one per class or label.
    out_activation_ : {"softmax", "logistic"}
        What turns logits into probabilities.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has names that are all strings.

    See Also
    --------
    InputStandardizer : Scales inputs as a network wants them.
    TrainDevTestSplit : One train/dev cut as the `cv` of a search.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15, 2014. D. Kingma and J. Ba, "Adam", ICLR 2015. I. Loshchilov
    and F. Hutter, "Decoupled weight decay regularization", ICLR 2019. K. He et al.,
    "Delving deep into rectifiers", ICCV 2015.

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
    """

    classes_: np.ndarray

    _model: Model[ClassTargets]
    _sklearn_scoring = "accuracy"  # what early stopping follows in scikit-learn
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
        """Fit to the training rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training inputs. Unless they are small (16 MB), they are read block by
            block and never copied whole. Or, as the only argument, a source of chunks
            ``(X, y)`` or ``(X, y, sample_weight)`` that is read once per epoch: a
            `BatchSource`, or an iterable that can be read again and again.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The labels, or a label indicator; None only if a source has them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows; a weight of 2 counts a row twice. Negative ones,
            which `MLPClassifier` takes, are refused: J would have no minimum.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            The dev set. Without early stopping it is only watched. In a Pipeline, give
            ``transform_input=["X_val"]`` to have it transformed as X is. Or, without
            `y_val`, a source of chunks, which is read after each epoch.
        y_val : array-like, default=None
            Its labels, all of them among those of `y`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.
        resume_from : str or path-like, default=None
            A file of the :class:`Checkpoint` that this fit was saved to before it was
            broken off: training goes on from there, bit for bit, with the parameters
            and rows that it began with. If there is no file, and the estimator has a
            `Checkpoint` that writes it, training begins.

        Returns
        -------
        self : MLPRegularizedClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter or an array is not as described, or training diverges in its
            first epoch. A model that was fitted before is left as it was.

        FileNotFoundError
            If there is no file to resume from.

        Warns
        -----
        ConvergenceWarning
            If training ran out of epochs; if it cannot have worked (see
            `stop_reason_`): the last parameters of a finite cost are kept; or if it was
            interrupted (Ctrl-C) after an epoch: what it has is kept, and is the last
            epoch's or, with early stopping, the best. In a search and the like, an
            interrupt is raised again, and equal warnings are given once.
        DataScaleWarning
            If inputs are off scale, or `X_val` is on another scale than `X`.
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
        """Train for one epoch on the given rows, from wherever training stopped.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows of the training set. Its weight S, which divides the penalty, is taken
            to be that of all rows so far; a call that repeats the rows of an earlier
            one adds nothing to it (single rows are never taken for repeated).
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        classes : array-like of shape (n_classes,), default=None
            All labels that any call will have; required in the first call, optional
            afterwards, not used for a label indicator.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            A dev set to watch: its cost and score are added to
            `validation_loss_curve_` and `validation_scores_`. With early stopping it is
            followed over the calls: predictions are those of the best parameters so
            far, and `converged_` says when to stop.
        y_val : array-like, default=None
            Its labels.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.
        total_weight : float, default=None
            S, where it is known: the rows of the whole file or, with weights, their
            sum; never less than that of a call. It holds for later calls, too.

        Returns
        -------
        self : MLPRegularizedClassifier
            The estimator, trained a little further. An interrupt or an error leaves it
            as it was.
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

    def _of_logits(self, X, answer: Callable[..., np.ndarray]) -> np.ndarray:
        """Return what the targets make of the logits of the caller's X."""

        def question(model, X, *checked):
            return answer(model.targets, model.logits(X, *checked))

        return self._ask(question, X)

    def _attributes_to_predict(self, model):
        classes = model.targets.classes
        return super()._attributes_to_predict(model) | {"classes_": classes}

    def __sklearn_tags__(self):
        """Accept label indicators."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logits.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes the logit of ``classes_[1]``, else one column per class or
            label.
        """
        return self._of_logits(X, ClassTargets.decision)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or the indicator of its labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        """
        return self._ask(Model.predict, X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; for multilabel targets, the probability of each
            label. float32 for rows of float32, else float64.
        """
        return self._of_logits(X, ClassTargets.probabilities)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, from the logits: never -inf.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            As `predict_proba`.
        """
        return self._of_logits(X, ClassTargets.log_probabilities)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy: the share of rows with all labels right.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
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
        return self._score_of(self.predict(X), y, sample_weight)

    def _score_of(self, predicted: np.ndarray, y, sample_weight) -> float:
        targets, n_rows = self._model.targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return accuracy_score(y, predicted, sample_weight=weight)

    # -- scikit-learn's own ------------------------------------------------------------

    @classmethod
    def from_sklearn(
        cls, mlp: MLPClassifier, *, n_samples: int | None = None, strict: bool = True
    ) -> Self:
        """Return scikit-learn's MLPClassifier as an estimator of this class.

        A fitted one comes with its weights, classes, loss curve and so on, in float64,
        and predicts the same. Training can go on from there, with fresh moments of the
        optimiser and its learning rate started anew.

        Parameters keep their values, with these exceptions. `alpha` is multiplied by
        m / batch_size, for m training rows; with lbfgs it stays as it is. `scoring` is
        "accuracy" with early stopping, and `init` and `bias_init` are "glorot", the
        nearest to scikit-learn's. Dropout and averaging are off, and a `batch_size` of
        "auto" becomes scikit-learn's: min(200, m), or 200 where nobody knows m. What
        its solver ignores is left out: `learning_rate` unless ``solver="sgd"``,
        `early_stopping` with lbfgs.

        Parameters
        ----------
        mlp : MLPClassifier
            Fitted or not; it stays as it is.
        n_samples : int, default=None
            The number m of rows that it was, or will be, trained on, without those of
            a validation set. None reads m off a fitted `mlp`: ``t_`` divided by the
            length of ``loss_curve_``. Where there is neither, `alpha` stays as it is,
            as for a training set of one batch, and the penalty in `cost` is NaN.
        strict : bool, default=True
            Whether to refuse a setting that has another meaning here, or to let it
            pass: ``learning_rate="invscaling"`` of sgd, which counts rows there and
            epochs here.

        Returns
        -------
        MLPRegularizedClassifier
            A new estimator, fitted if `mlp` is.

        Raises
        ------
        TypeError
            If `mlp` is not an MLPClassifier.
        ValueError
            If a parameter has a value that cannot be taken over, or a fitted `mlp` has
            one class only.

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
        """Return the estimator as scikit-learn's MLPClassifier.

        A fitted one comes with its weights (in their type), classes, loss curve and so
        on, and predicts the same, but for the rounding of a network that computes in
        float32: some 1e-6. Training can go on from there, with fresh moments of the
        optimiser.

        Parameters keep their values, except that `alpha` is divided by m / batch_size,
        for m training rows; with lbfgs it stays as it is. A `batch_size` of "auto"
        becomes its number here, min(64, m), or 64 where nobody knows m. scikit-learn
        has no dropout and no average, draws the first weights and biases in its own
        way and computes in the type of X, so that these settings are left out if they
        are "auto" (or "glorot"), and `dtype`.

        Parameters
        ----------
        n_samples : int, default=None
            The number m of rows that the estimator was, or will be, trained on,
            without those of a dev set. None reads m off a fitted one: ``t_`` divided
            by the length of ``loss_curve_``. Where there is neither, `alpha` stays as
            it is, as for a training set of one batch.
        strict : bool, default=True
            Whether to refuse settings of the training that scikit-learn does not have,
            or to leave them out: dropout, an L1 penalty, `max_norm`, ``solver="adamw"``
            and so on. They do not change what a fitted network predicts.

        Returns
        -------
        sklearn.neural_network.MLPClassifier
            A new estimator, fitted if this one is.

        Raises
        ------
        ValueError
            If hidden layers differ in their activation, or it is not one of
            scikit-learn's four; with `strict`, if a setting of the training cannot be
            expressed. The error names all of them.

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
