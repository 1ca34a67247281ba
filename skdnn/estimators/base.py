"""The base class of the estimators: fit, predict, fitted parameters, pickling.

`fit` runs in one order: parameters → rows and targets → network and initial θ →
training → a model. The estimator is assigned the result at the end, in one step: an
error or an interrupt leaves it as it was, and other threads never see half a fit.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted

from skdnn._estimator import SkdnnEstimator
from skdnn.estimators import inspection
from skdnn.estimators.callbacks import FitCallbacks, listener
from skdnn.estimators.checks.hints import hinting
from skdnn.estimators.collapse import collapse_of, reason_with
from skdnn.estimators.model import Model, NotFinite, finite
from skdnn.estimators.place import HERE, Place
from skdnn.estimators.preparation import prepare
from skdnn.estimators.progress import FitProgress, split_seed_of
from skdnn.estimators.reporting import EpochPrinter, refuse, sentence, warn_about
from skdnn.estimators.resuming import saved_training
from skdnn.estimators.rows import Rows, rows_to_predict
from skdnn.estimators.solving import FitRecord, train
from skdnn.network.gradient_check import GradientCheckReport
from skdnn.network.objective import Cost
from skdnn.training.optimizers import OptimizerState
from skdnn.training.state import TrainingState
from skdnn.training.stopping import MAX_ITER, ONE_CLASS, ONE_EPOCH


class BaseMLPRegularized(CallbackSupportMixin, SkdnnEstimator):
    """A regularised multi-layer perceptron; subclasses define its targets."""

    n_features_in_: int
    feature_names_in_: np.ndarray
    n_layers_: int
    n_outputs_: int
    out_activation_: str
    n_iter_: int
    t_: int
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    best_iteration_: int
    converged_: bool
    stop_reason_: str
    stop_message_: str
    optimizer_state_: OptimizerState

    _model: Model[Any]  # predicts
    _state: TrainingState  # from which training resumes
    _y_is_numeric = False

    @abstractmethod
    def _targets_of(
        self, rows: Rows, classes=None, warm: bool = False, incremental: bool = False
    ):
        """Return the targets of a fit; `self` is a draft and may be changed."""

    def _begin_at(self, targets, rows: Rows, biases: np.ndarray):
        """Return the targets after looking at the training rows, before training.

        `biases` are those of the last layer; they may be written to.
        """
        return targets

    def _place(self, given: Rows) -> Place:
        """Return where the caller's rows are held."""
        return HERE

    # -- fit ---------------------------------------------------------------------------

    def _fit(
        self,
        given: Rows,
        given_dev: Rows,
        classes=None,
        incremental: bool = False,
        total_weight: float | None = None,
        resume_from: Any = None,
    ) -> Self:
        callbacks = FitCallbacks(self, given, incremental)
        callbacks.begin_fit()
        warm = "_state" in vars(self) and (incremental or self.warm_start)
        draft, place = self._draft(), self._place(given)
        saved = saved_training(self, resume_from)
        start = prepare(
            draft,
            given,
            given_dev,
            warm=warm,
            incremental=incremental,
            classes=classes,
            total_weight=total_weight,
            split_seed=split_seed_of(saved),
            place=place,
        )
        progress = FitProgress(self, start, saved)
        model, _, examples, dev_rows, evaluate = start
        state, to_predict = progress.state, draft._attributes_to_predict(model)
        callbacks.begin_training(model, to_predict, dev_rows, progress)
        printer = EpochPrinter(self.verbose) if self.verbose else None
        n_epochs, reason_at_end = None, MAX_ITER
        if incremental:
            n_epochs, reason_at_end = 1, ONE_EPOCH
        elif model.targets.is_constant:
            n_epochs, reason_at_end = 1, ONE_CLASS
        on_epoch = listener(printer, callbacks)
        trained = train(
            self,
            model,
            state,
            examples,
            evaluate,
            n_epochs,
            reason_at_end,
            on_epoch,
            progress.run,
            place,
        )
        outcome = trained.outcome
        refuse(outcome, self, incremental)
        model = model.with_theta(trained.theta)
        collapse = collapse_of(self, model, examples, incremental)
        outcome.reason = reason_with(collapse, outcome.reason)
        before = self if warm else None
        record = FitRecord.of(trained, examples.n_rows, evaluate is not None, before)
        record.stop_message_ = sentence(trained, self, record)
        self._assign(draft._attributes_to_predict(model), state, record)
        if printer is not None:
            printer.end(None if incremental else self.stop_message_)
        warn_about(outcome, self, collapse)
        callbacks.end_fit()
        return self

    def _attributes_to_predict(self, model: Model) -> dict[str, Any]:
        """Return the fitted attributes needed to predict with a model."""
        columns = ("n_features_in_", "feature_names_in_")
        return {
            **{name: vars(self)[name] for name in columns if name in vars(self)},
            "_model": model,
            "n_layers_": model.network.n_layers + 1,
            "n_outputs_": model.targets.n_outputs,
            "out_activation_": model.targets.out_activation,
        }

    def _assign(
        self, to_predict: dict[str, Any], state: TrainingState, record: FitRecord
    ) -> None:
        """Set the results of a fit, in one step."""
        kept = vars(self).copy()
        kept.pop("feature_names_in_", None)  # of an earlier fit
        self.__dict__ = {**kept, **to_predict, "_state": state, **vars(record)}

    def _validate_params(self):
        """Check each parameter; an error suggests what was probably meant."""
        with hinting(self):
            super()._validate_params()

    # -- fitted parameters -------------------------------------------------------------

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weights W[1], …, W[L], in the type of X; assigned arrays are copied."""
        return self._shown("coefs_")

    @coefs_.setter
    def coefs_(self, arrays: Sequence[np.ndarray]) -> None:
        self._set_parameters("coefs_", arrays)

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases b[1], …, b[L], in the type of X; assigned arrays are copied."""
        return self._shown("intercepts_")

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[np.ndarray]) -> None:
        self._set_parameters("intercepts_", arrays)

    def _shown(self, attribute: str) -> list[np.ndarray]:
        return self._fitted_model(attribute).shown(attribute, self.dtype == "auto")

    def _set_parameters(self, attribute: str, arrays: Sequence[np.ndarray]) -> None:
        """Copy parameters into θ, to predict with and to resume training from."""
        model = self._fitted_model(attribute).with_parameters(attribute, arrays)
        state = self._state.with_theta(model.theta)
        self.__dict__.update(_model=model, _state=state)

    def _fitted_model(self, attribute: str) -> Model:
        if "_model" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__} has no attribute {attribute!r} before fit."
            )
        return self._model

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there are parameters to predict with."""
        return "_model" in vars(self)

    def __sklearn_tags__(self):
        """Accept sparse X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # -- predictions and J -------------------------------------------------------------

    def _predicted(self, method: Callable[..., np.ndarray], X) -> np.ndarray:
        """Return the result of a method of the model for the caller's X.

        `method` is a method of `Model` or a function with its arguments: the model, the
        rows and, for rows that were not validated, the check of their blocks.
        """
        if "_model" not in vars(self):  # check_is_fitted alone is slower
            check_is_fitted(self)
        model = self._model
        if model.reads(X) and vars(self).get("feature_names_in_") is None:
            try:
                return method(model, X, finite)
            except NotFinite:
                pass  # or a sum of finite numbers overflowed
        return method(model, rows_to_predict(self, X))

    def cost(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Cost:
        r"""Compute J of the fitted parameters on the given rows, and its parts.

        .. math:: J = \frac{1}{\sum s_i} \sum_i s_i \ell_i + \Omega(W)

        Dropout is off; class weights and label smoothing are as in `fit`. The penalty Ω
        is that of the training set, so J of different rows differs only in its data
        part. A regressor that has standardised its targets multiplies J by their
        variance (its mean over outputs): with one output, the data part is half the
        mean squared error of `predict`, or its Huber loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True labels or target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows. None is a weight of 1 each.

        Returns
        -------
        cost : Cost
            Named tuple ``(total, data, penalty)`` of floats.
        """
        return inspection.cost(self, Rows(X, y, sample_weight))

    def gradient_check(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        at: str = "fitted",
        epsilon: float = 1e-5,
        max_params: int | None = 1000,
    ) -> GradientCheckReport:
        r"""Compare the gradient of backpropagation with two-sided differences of J.

        .. math::

            d\theta_{approx,i} =
                \frac{J(\theta + \epsilon e_i) - J(\theta - \epsilon e_i)}{2\epsilon},
            \qquad
            \text{error} = \frac{\|d\theta_{approx} - d\theta\|_2}
                {\|d\theta_{approx}\|_2 + \|d\theta\|_2}

        Everything is computed in float64, with penalty and weights, and without
        dropout, under which J is not a single function. The gradient of a regressor is
        that of its standardised targets. This is a debugging tool, which evaluates J
        twice for each component: a few hundred rows are enough.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs, taken for the whole training set in J.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels or target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the rows. None is a weight of 1 each.
        at : {"fitted", "init"}, default="fitted"
            Check at the fitted parameters, or at the random ones that `fit` would start
            from. "init" works on an estimator that has not been fitted.
        epsilon : float, default=1e-5
            Step ε of the differences.
        max_params : int or None, default=1000
            Maximum number of components to check, drawn evenly from all layers; None
            checks all. The report says how many.

        Returns
        -------
        report : GradientCheckReport
            Its `verdict` is "correct" up to an error of 1e-7, "wrong" above 1e-3 and
            "suspicious" in between. Print it for a table with the error of each layer
            and the worst components. Components at a kink of ReLU or of the L1 penalty
            have no derivative; they are skipped and listed in `kinks`.

        References
        ----------
        Y. Bengio, "Practical recommendations for gradient-based training of deep
        architectures", 2012, section 4.2.
        """
        rows = Rows(X, y, sample_weight)
        return inspection.gradient_check(self, rows, at, epsilon, max_params)

    # -- pickling ----------------------------------------------------------------------
    #
    # Classes of this package may be moved and changed; old files may not. So a file
    # holds names, numbers and arrays, and no other objects than NumPy's. For skops.io
    # there is one type to trust, and those of objects among the parameters (augmenters,
    # functions).

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle."""
        attributes = super().__getstate__()
        if "_model" in attributes:
            attributes["_model"] = attributes["_model"].pack()
            attributes["_state"] = attributes["_state"].pack()
            del attributes["optimizer_state_"]  # part of `_state`
        return attributes

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state."""
        if "n_iter_" in state and "_skdnn_version" not in state:
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn 0.1.0, whose files "
                "later versions cannot read. Fit it again."
            )
        super().__setstate__(state)  # raises an error for a newer version
        if "_model" in vars(self):
            self._model = Model.unpack(vars(self)["_model"])
            self._state = TrainingState.unpack(vars(self)["_state"])
            self.optimizer_state_ = self._state.optimizer
