"""MLPRegularizedRegressor."""

from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor

from skdnn._sklearn import (
    Interval,
    StrOptions,
    available_if,
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
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.network.losses import LOSSES


class MLPRegularizedRegressor(RegressorMixin, OnnxExport, BaseMLPRegularized):
    r"""Multilayer perceptron regressor with the regularisation of a modern network.

    It minimises, over m training rows with weights s and their sum S (m without
    weights),

    .. math::

        J(\theta) = \frac{1}{S} \sum_{i=1}^m s_i\, \ell(y_i, \hat y_i)
        + \frac{\lambda}{2S} \sum_{l=1}^L
        \left[(1-\rho) \|W^{[l]}\|_F^2 + \rho \|W^{[l]}\|_1\right]

    where ℓ is the `loss`, λ is `alpha` and ρ is `l1_ratio`. Mini-batches estimate this
    same J, so the solution does not move with `batch_size`; without a hidden layer and
    with the squared error it is that of ``Ridge(alpha)``.

    The targets of J are standardised first, each output by itself (`normalize_y`), so
    `alpha`, `delta`, `tol` and the steps of the solver do not depend on the units of y.
    What is told and shown is in these units: predictions, scores, `coefs_`,
    `intercepts_`, models that are exported, and costs. A cost is J times the variance
    of y; of several outputs, times the mean of their variances.

    A superset of :class:`sklearn.neural_network.MLPRegressor`: same names, same
    meaning, with ``alpha_skdnn = alpha_sklearn * m / batch_size``, and
    ``normalize_y=False`` to learn y as it is.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "huber"}, default="squared_error"
        ℓ of one output: half the squared error; half the Poisson deviance, for counts
        and other targets ≥ 0, whose logarithm the network then predicts; or Huber's
        loss, which is linear beyond `delta`, so that outliers do not lead. Several
        outputs are summed.

    hidden_layer_sizes : int or array-like of int, default=(100, 50)
        Units of each hidden layer. ``()`` is a linear model.

    activation : str or array-like of str, default="relu"
        One for all hidden layers, or one for each: "identity", "logistic", "tanh",
        "relu", "leaky_relu" (slope 0.01), "elu", "selu", "gelu" (tanh form), "silu",
        "softplus".

    delta : float, default=1.0
        Where Huber's loss turns linear: in deviations of y, as `normalize_y` measures
        them, or in units of y without. (The `epsilon` of scikit-learn's HuberRegressor
        is in deviations of the residuals.)

    normalize_y : bool, default=True
        Whether y is centred and scaled inside: by the weighted mean and standard
        deviation of the training rows or, with Huber's loss, which outliers are not to
        lead, by median and quartiles, (Q3 - Q1) / 1.349. An output that is constant is
        centred only. Counts are not scaled: with the Poisson loss the last bias starts
        at the logarithm of the mean. The first call of `partial_fit` sets centre and
        scale for all, and a warm start keeps them.

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
        ``(rng, n_in, n_out) -> ndarray of shape (n_out,)``. The output layer's start
        where the mean of y is predicted: see `normalize_y`.

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

    early_stopping : bool, default=False
        Whether to stop when the dev set's cost (or `scoring`) no longer improves, and
        to keep the best parameters, whichever way the training ends. The dev set is
        `X_val`, `y_val` of `fit`, or else a random part of the training rows.

    validation_fraction : float, default=0.1
        That part, in [0, 1); at least two rows. Rows are cut one by one:
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
        which it has converged. Both of J, before it is told in units of y.

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
    coefs_ : list of ndarray
        W[1], …, W[L], of shapes (n[l-1], n[l]). Can be assigned. float64 unless the
        rows of fit were float32; read-only copies where the network computes in less,
        or, in the last layer, in other units than those of y, which are shown.
    intercepts_ : list of ndarray
        b[1], …, b[L].
    loss_ : float
        The last of `loss_curve_`.
    loss_curve_ : list of float
        J in each epoch, penalty included, in units of y as `cost` gives it (of y²,
        with the squared error). Each mini-batch is taken at the parameters of
        its step and under its dropout masks: use `cost` for J at one point.
    best_loss_ : float or None
        The least of `loss_curve_`; None with early stopping.
    validation_loss_curve_ : list of float or None
        The dev cost after each epoch, without penalty and dropout; None if there is no
        dev set.
    validation_scores_ : list of float or None
        The dev set's R² after each epoch, or its `scoring`.
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
        "diverged".
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
        Numbers predicted for each row.
    out_activation_ : {"identity", "exp"}
        What turns the last layer's numbers into predictions.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if X has names that are all strings.

    See Also
    --------
    MLPRegularizedClassifier : The same for classes.
    InputStandardizer : Scales inputs as a network wants them.

    References
    ----------
    P. Huber, "Robust estimation of a location parameter", Annals of Mathematical
    Statistics 35, 1964; and those of `MLPRegularizedClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import InputStandardizer, MLPRegularizedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> net = MLPRegularizedRegressor(hidden_layer_sizes=(32,), alpha=30, max_iter=500,
    ...                               learning_rate_init=0.01, random_state=0)
    >>> model = make_pipeline(InputStandardizer(), net)
    >>> bool(model.fit(X_train, y_train).score(X_test, y_test) > 0.3)
    True
    """

    _y_is_numeric = True
    _model: Model[RegressionTargets]
    _sklearn_scoring = "r2"  # what early stopping follows in scikit-learn
    _as_in_sklearn: ClassVar[dict] = {"normalize_y": False}

    _parameter_constraints: ClassVar[dict] = {
        **CONSTRAINTS,
        "loss": [StrOptions({n for n, loss in LOSSES.items() if loss.is_of_numbers})],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "normalize_y": ["boolean"],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: int | Sequence[int] | np.ndarray = (100, 50),
        activation: str | Sequence[str] = "relu",
        *,
        delta: float = 1.0,
        normalize_y: bool = True,
        solver: str = "adam",
        alpha: float = 4.0,
        l1_ratio: float = 0.0,
        keep_prob: float | Sequence[float] | np.ndarray | str = "auto",
        input_keep_prob: float = 1.0,
        max_norm: float | None = None,
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
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.delta = delta
        self.normalize_y = normalize_y
        self.solver = solver
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.keep_prob = keep_prob
        self.input_keep_prob = input_keep_prob
        self.max_norm = max_norm
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
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The numbers to predict; None only if a source has them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows; a weight of 2 counts a row twice. Negative ones,
            which `MLPRegressor` takes, are refused: J would have no minimum.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            The dev set. Without early stopping it is only watched. In a Pipeline, give
            ``transform_input=["X_val"]`` to have it transformed as X is. Or, without
            `y_val`, a source of chunks, which is read after each epoch.
        y_val : array-like, default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.
        resume_from : str or path-like, default=None
            A file of the :class:`Checkpoint` that this fit was saved to before it was
            broken off: training goes on from there, bit for bit, with the parameters
            and rows that it began with. If there is no file, and the estimator has a
            `Checkpoint` that writes it, training begins.

        Returns
        -------
        self : MLPRegularizedRegressor
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
            If inputs are off scale, or targets are and `normalize_y` is False, or
            `X_val` is on another scale than `X`.
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
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets. Those of the first call set centre and scale for all: give
            it rows from all over the training set.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            A dev set to watch: its cost and score are added to
            `validation_loss_curve_` and `validation_scores_`. With early stopping it is
            followed over the calls: predictions are those of the best parameters so
            far, and `converged_` says when to stop.
        y_val : array-like, default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.
        total_weight : float, default=None
            S, where it is known: the rows of the whole file or, with weights, their
            sum; never less than that of a call. It holds for later calls, too.

        Returns
        -------
        self : MLPRegularizedRegressor
            The estimator, trained a little further. An interrupt or an error leaves it
            as it was.
        """
        self._validate_params()  # fit_context does so in the first call only
        return self._fit(
            Rows(X, y, sample_weight),
            Rows(X_val, y_val, sample_weight_val),
            incremental=True,
            total_weight=checked_total_weight(total_weight),
        )

    def _targets_of(self, rows, classes=None, warm=False, incremental=False):
        # A shape other than before is found when the layers are compared.
        targets = RegressionTargets.of(rows.y, self.loss)
        return targets.like(self._model.targets) if warm else targets

    def _begin_at(self, targets, rows, biases):
        if not self.normalize_y:
            return targets
        biases[...] = targets.first_biases(rows.y, rows.sample_weight)
        return targets.standardizing(rows.y, rows.sample_weight)

    def __sklearn_tags__(self):
        """Accept several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """Predict the numbers of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, in the shape that y had in fit: float32 for rows of float32,
            else float64.
        """
        return self._ask(Model.predict, X)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return R², the explained share of the variance, averaged over outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What they should give.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        float
            At most 1; 0 is what the mean of y would get.
        """
        return self._score_of(self.predict(X), y, sample_weight)

    def _score_of(self, predicted: np.ndarray, y, sample_weight) -> float:
        targets, n_rows = self._model.targets, predicted.shape[0]
        y, weight = targets_to_score(self, targets, y, sample_weight, n_rows)
        return r2_score(y, predicted, sample_weight=weight)

    # -- scikit-learn's own ------------------------------------------------------------

    @classmethod
    def from_sklearn(
        cls, mlp: MLPRegressor, *, n_samples: int | None = None, strict: bool = True
    ) -> Self:
        """Return scikit-learn's MLPRegressor as an estimator of this class.

        A fitted one comes with its weights, loss curve and so on, in float64, and
        predicts the same. Training can go on from there, with fresh moments of the
        optimiser and its learning rate started anew. The losses of several outputs are
        averaged there and added up here, in the curves; the gradients are the same.

        Parameters keep their values, with these exceptions. `alpha` is multiplied by
        m / batch_size, for m training rows; with lbfgs it stays as it is. `scoring` is
        "r2" with early stopping, `init` and `bias_init` are "glorot", the nearest to
        scikit-learn's, and `normalize_y` is False. Dropout and averaging are off, and a
        `batch_size` of "auto" becomes scikit-learn's: min(200, m), or 200 where nobody
        knows m. What its solver ignores is left out:
        `learning_rate` unless ``solver="sgd"``, `early_stopping` with lbfgs.

        Parameters
        ----------
        mlp : MLPRegressor
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
        MLPRegularizedRegressor
            A new estimator, fitted if `mlp` is.

        Raises
        ------
        TypeError
            If `mlp` is not an MLPRegressor.
        ValueError
            If a parameter has a value that cannot be taken over.

        Examples
        --------
        >>> from sklearn.datasets import make_regression
        >>> from sklearn.neural_network import MLPRegressor
        >>> from skdnn import MLPRegularizedRegressor
        >>> X, y = make_regression(n_features=4, random_state=0)
        >>> mlp = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", random_state=0,
        ...                    max_iter=5000).fit(X, y / y.std())
        >>> net = MLPRegularizedRegressor.from_sklearn(mlp)
        >>> bool(abs(net.predict(X) - mlp.predict(X)).max() < 1e-6)
        True
        """
        return from_peer(cls, MLPRegressor, mlp, n_samples, strict, _targets_of_peer)

    def to_sklearn(
        self, *, n_samples: int | None = None, strict: bool = True
    ) -> MLPRegressor:
        """Return the estimator as scikit-learn's MLPRegressor.

        A fitted one comes with its weights (in their type), loss curve and so on, and
        predicts the same, but for the rounding of a network that computes in float32:
        some 1e-6. Training can go on from there, with fresh moments of the optimiser.
        It learns y as it is, then: where that is far from mean 0 and deviation 1, scale
        it with :class:`~sklearn.compose.TransformedTargetRegressor`.

        Parameters keep their values, except that `alpha` is divided by m / batch_size,
        for m training rows; with lbfgs it stays as it is. A `batch_size` of "auto"
        becomes its number here, min(64, m), or 64 where nobody knows m. scikit-learn
        has no dropout and no average, draws the first weights and biases in its own
        way and computes in the type of X, so that these settings are left out if they
        are "auto" (or "glorot"), and `dtype` and `normalize_y`.

        Parameters
        ----------
        n_samples : int, default=None
            The number m of rows that the estimator was, or will be, trained on,
            without those of a dev set. None reads m off a fitted one: ``t_`` divided
            by the length of ``loss_curve_``. Where there is neither, `alpha` stays as
            it is, as for a training set of one batch.
        strict : bool, default=True
            Whether to refuse settings of the training that scikit-learn does not have,
            or to leave them out: Huber's loss, dropout, an L1 penalty, `max_norm`,
            ``solver="adamw"`` and so on. They do not change what a fitted network
            predicts.

        Returns
        -------
        sklearn.neural_network.MLPRegressor
            A new estimator, fitted if this one is.

        Raises
        ------
        ValueError
            If hidden layers differ in their activation, or it is not one of
            scikit-learn's four; with `strict`, if a setting of the training cannot be
            expressed. The error names all of them.

        Examples
        --------
        >>> from sklearn.datasets import make_regression
        >>> from skdnn import MLPRegularizedRegressor
        >>> X, y = make_regression(n_features=4, random_state=0)
        >>> net = MLPRegularizedRegressor("huber", (8,), solver="lbfgs", random_state=0,
        ...                               max_iter=5000).fit(X, y / y.std())
        >>> net.to_sklearn()
        Traceback (most recent call last):
        ...
        ValueError: scikit-learn's MLPRegressor cannot express loss='huber'. With
        strict=False such settings of the training are left out.
        >>> mlp = net.to_sklearn(strict=False)
        >>> bool(abs(net.predict(X) - mlp.predict(X)).max() < 1e-6)
        True
        """
        return to_peer(self, MLPRegressor, n_samples, strict)


def _targets_of_peer(mlp: MLPRegressor) -> RegressionTargets:
    # Predictions of one output are one-dimensional there, whatever y was.
    return RegressionTargets(mlp.loss, mlp.n_outputs_, is_1d=mlp.n_outputs_ == 1)
