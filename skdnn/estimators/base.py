"""What every estimator of this kind does: fit, predict, show its parameters, save.

`fit` goes one way: parameters → rows and targets → network and first θ → training → a
model. The estimator takes it over at the end, all at once: what fails on the way, or is
interrupted, leaves it as it was, and what reads it meanwhile sees no half of it.
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
from skdnn.estimators.reached import Reached, split_seed_of
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
    """A regularised multilayer perceptron that leaves its targets to subclasses."""

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

    _model: Model[Any]  # what predicts
    _state: TrainingState  # where training goes on
    _y_is_numeric = False

    @abstractmethod
    def _targets_of(
        self, rows: Rows, classes=None, warm: bool = False, incremental: bool = False
    ):
        """Return the targets of a fit; the estimator is a draft and may be changed."""

    def _begin_at(self, targets, rows: Rows, biases: np.ndarray):
        """Return what training learns of the targets of its rows, before it begins.

        The biases are the last layer's; they may be written to.
        """
        return targets

    def _place(self, given: Rows) -> Place:
        """Return where the caller's rows are."""
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
        reached = Reached(self, start, saved)
        model, _, examples, dev_rows, evaluate = start
        state, to_predict = reached.state, draft._attributes_to_predict(model)
        callbacks.begin_training(model, to_predict, dev_rows, reached)
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
            reached.run,
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
        """Return the fitted attributes of a model; the columns are this estimator's."""
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
        """Take over what a fit has made, in one step."""
        kept = vars(self).copy()
        kept.pop("feature_names_in_", None)  # of rows before, which had names
        self.__dict__ = {**kept, **to_predict, "_state": state, **vars(record)}

    def _validate_params(self):
        """Check the parameters one by one; an error says what was probably meant."""
        with hinting(self):
            super()._validate_params()

    # -- what is fitted ----------------------------------------------------------------

    @property
    def coefs_(self) -> list[np.ndarray]:
        """W[1], …, W[L], shown in the type of X; what is assigned is copied."""
        return self._shown("coefs_")

    @coefs_.setter
    def coefs_(self, arrays: Sequence[np.ndarray]) -> None:
        self._go_on_from("coefs_", arrays)

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """b[1], …, b[L], shown in the type of X; what is assigned is copied."""
        return self._shown("intercepts_")

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[np.ndarray]) -> None:
        self._go_on_from("intercepts_", arrays)

    def _shown(self, attribute: str) -> list[np.ndarray]:
        return self._fitted_model(attribute).shown(attribute, self.dtype == "auto")

    def _go_on_from(self, attribute: str, arrays: Sequence[np.ndarray]) -> None:
        """Copy parameters into θ: to predict with, and for training to go on from."""
        model = self._fitted_model(attribute).with_parameters(attribute, arrays)
        state = self._state.moved_to(model.theta)
        self.__dict__.update(_model=model, _state=state)

    def _fitted_model(self, attribute: str) -> Model:
        if "_model" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__} has no attribute {attribute!r} before fit."
            )
        return self._model

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there are parameters to predict with."""
        return "_model" in vars(self)

    def __sklearn_tags__(self):
        """Accept sparse X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # -- what the network says ---------------------------------------------------------

    def _ask(self, question: Callable[..., np.ndarray], X) -> np.ndarray:
        """Return what the model says of the caller's X.

        The question is a method of `Model` or a function of its arguments: the model,
        the rows and, for rows that were not validated, what checks their blocks.
        """
        if "_model" not in vars(self):  # asked first: it is faster
            check_is_fitted(self)
        model = self._model
        if model.reads(X) and vars(self).get("feature_names_in_") is None:
            try:
                return question(model, X, finite)
            except NotFinite:
                pass  # or a sum of finite numbers that overflowed
        return question(model, rows_to_predict(self, X))

    def cost(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Cost:
        r"""Return J of the fitted parameters on the given rows, and its parts.

        .. math:: J = \frac{1}{\sum s_i} \sum_i s_i \ell_i + \Omega(W)

        Dropout is off; class weights and label smoothing are as in fit. The penalty Ω
        is that of the training set, so that J of different rows differs by its data
        part only. A regressor that has standardised its targets multiplies J by their
        variance (its mean over outputs): the data part of one output is half the mean
        squared error, or Huber's loss, of `predict`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights; None counts each row once.

        Returns
        -------
        Cost
            A named tuple ``(total, data, penalty)`` of floats.
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
        r"""Compare the gradient that training uses with two-sided differences of J.

        .. math::

            d\theta_{approx,i} =
                \frac{J(\theta + \epsilon e_i) - J(\theta - \epsilon e_i)}{2\epsilon},
            \qquad
            \text{error} = \frac{\|d\theta_{approx} - d\theta\|_2}
                {\|d\theta_{approx}\|_2 + \|d\theta\|_2}

        All in float64, penalty and weights included, dropout off: while units drop, J
        is not one function. A regressor's gradient is that of its standardised targets.
        A debugging tool, with two evaluations of J per component:
        a few hundred rows are enough.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows; J takes them for the whole training set.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights; None counts each row once.
        at : {"fitted", "init"}, default="fitted"
            Check at the fitted parameters, or at the random ones that fit would start
            from. "init" works on an estimator that has not been fitted.
        epsilon : float, default=1e-5
            The step ε.
        max_params : int or None, default=1000
            Check at most so many components, drawn evenly from all layers; None checks
            all. The report says how many.

        Returns
        -------
        GradientCheckReport
            Its `verdict` is "correct" up to an error of 1e-7, "wrong" above 1e-3 and
            "suspicious" between; print it for a table with the error of each layer and
            the worst components. Components on a kink of ReLU or of the L1 penalty
            have no derivative; they are left out and listed in `kinks`.

        References
        ----------
        Y. Bengio, "Practical recommendations for gradient-based training of deep
        architectures", 2012, section 4.2.
        """
        rows = Rows(X, y, sample_weight)
        return inspection.gradient_check(self, rows, at, epsilon, max_params)

    # -- in files ----------------------------------------------------------------------
    #
    # Classes of this package may be moved and changed; what is in a file may not. So it
    # holds names, numbers and arrays. The only other objects in it are NumPy's, and
    # skops.io has one type to be told to trust, and those of objects among the
    # parameters: augmenters, functions.

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled."""
        attributes = super().__getstate__()
        if "_model" in attributes:
            attributes["_model"] = attributes["_model"].pack()
            attributes["_state"] = attributes["_state"].pack()
            del attributes["optimizer_state_"]  # it is part of the state
        return attributes

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled."""
        if "n_iter_" in state and "_skdnn_version" not in state:
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn 0.1.0, whose files "
                "later versions cannot read. Fit it anew."
            )
        super().__setstate__(state)  # refuses what a newer version has written
        if "_model" in vars(self):
            self._model = Model.unpack(vars(self)["_model"])
            self._state = TrainingState.unpack(vars(self)["_state"])
            self.optimizer_state_ = self._state.optimizer
