"""From validated rows to fitted weights: what every estimator of this kind does.

`fit` walks one way: parameters → rows and targets → network and first θ → training →
fitted attributes. Whatever fails on the way leaves the estimator as it was.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from skdnn.estimators import prediction, settings, validation
from skdnn.estimators.checks.hints import hinting
from skdnn.estimators.checks.scales import warn_of_inputs
from skdnn.estimators.collapse import collapse_of, reason_with
from skdnn.estimators.dev_scoring import DevScorer
from skdnn.estimators.dev_set import DevSet, split_off
from skdnn.estimators.fit_callbacks import FitCallbacks
from skdnn.estimators.fit_steps import (
    count_rows,
    epochs_of_call,
    listener,
    unchanged_on_failure,
)
from skdnn.estimators.reporting import EpochPrinter, refuse, warn_about
from skdnn.estimators.rows import Rows, as_counts
from skdnn.estimators.saving import SavedPlainly
from skdnn.estimators.shown_parameters import assign, shown_theta
from skdnn.estimators.solving import Trained, train
from skdnn.estimators.stop_reasons import sentence
from skdnn.network.architecture import Network
from skdnn.network.initializers import initialize
from skdnn.training.optimizers import OptimizerState
from skdnn.training.state import TrainingState
from skdnn.training.tables import Examples, Table


class BaseMLPRegularized(CallbackSupportMixin, SavedPlainly):
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

    # What a classifier and a regressor say differently.
    _y_is_numeric = False
    _weights_besides = ""

    def _fit(
        self,
        rows: Rows,
        given_dev: Rows,
        classes=None,
        incremental=False,
        total_weight=None,
    ) -> Self:
        callbacks = FitCallbacks(self, rows, incremental)
        callbacks.begin_fit()
        with unchanged_on_failure(self):
            self._check_settings()
            goes_on = hasattr(self, "_state") and (incremental or self.warm_start)
            rows = validation.training_rows(self, rows, reset=not goes_on)
            dtype = self._dtype_for(rows, goes_on)
            settings.check_range(rows.X, dtype, "X")
            targets = self._targets_of(rows, classes, goes_on, incremental)
            state, network = self._start(targets, dtype, goes_on, incremental)
            dev_rows = validation.dev_rows(self, given_dev, dtype)
            if dev_rows is None and incremental:
                settings.warn_of_no_dev_set(self)
            elif dev_rows is None and self.early_stopping:
                rows, dev_rows = self._cut_dev_set(rows, targets, state.split_seed)
            self._targets, self._network = targets, network
            self._type_in = prediction.type_out(rows.X.dtype).name
            if not incremental:
                rows = rows._replace(sample_weight=as_counts(rows.sample_weight))
            examples = self._examples(rows, dtype)
            count_rows(examples, state, incremental, total_weight)
            if not goes_on:
                warn_of_inputs(self, rows, None if given_dev.X is None else dev_rows)
            evaluate = None
            if dev_rows is not None:
                evaluate = self._dev_set(network, dev_rows, state.theta)
                if not (incremental and goes_on):
                    evaluate.try_scorer(state.theta)
            callbacks.dev_rows = dev_rows
            printer = EpochPrinter(self.verbose) if self.verbose else None
            trained = train(
                self,
                network,
                state,
                examples,
                evaluate,
                *epochs_of_call(targets, incremental),
                listener(printer, callbacks),
            )
            refuse(trained.outcome, self, incremental)
            collapse = collapse_of(self, network, trained.theta, examples, incremental)
            trained.outcome.reason = reason_with(collapse, trained.outcome.reason)
            self._remember(trained, examples, evaluate is not None, goes_on)
        if printer is not None:
            printer.end(None if incremental else self.stop_message_)
        warn_about(trained.outcome, self, collapse)
        callbacks.end_fit()
        return self

    # -- what comes in ----------------------------------------------------------------

    def _validate_params(self):
        """Check the parameters one by one; an error says what was probably meant."""
        with hinting(self):
            super()._validate_params()

    def _check_settings(self):
        """Check what scikit-learn's declarative constraints cannot say."""
        settings.check(self)

    def _dtype_for(self, rows: Rows, goes_on) -> np.dtype:
        if goes_on and self.dtype == "auto":
            return self._state.theta.dtype
        return settings.network_dtype(self, rows.X.shape[0])

    def _cut_dev_set(self, rows: Rows, targets, seed) -> tuple[Rows, Rows]:
        labels = rows.y if targets.are_classes else None
        training, dev = split_off(
            rows.X.shape[0], labels, rows.sample_weight, self.validation_fraction, seed
        )
        return rows.pick(training), rows.pick(dev)

    def _examples(self, rows: Rows, dtype, suffix="") -> Examples:
        """Return rows, targets and weights as training wants them."""
        Y = self._targets.encode(rows.y, dtype, f"y{suffix}")
        weight = self._targets.weigh(Y, rows.sample_weight)
        if weight is not None and not np.any(weight > 0):
            raise ValueError(
                f"sample_weight{suffix}{self._weights_besides} must be positive for at "
                "least one row; all are zero."
            )
        table = Table(rows.X, dtype, rows.numbers).ready_if_small()
        return Examples(table, Y, weight)

    def _start(
        self, targets, dtype, goes_on, incremental
    ) -> tuple[TrainingState, Network]:
        """Return where training starts: a first θ, or a copy of where it stopped."""
        network = self._network_for(targets)
        if not goes_on:
            return self._first_state(network, dtype), network
        before, now = self._network.sizes, network.sizes
        if before != now:
            raise ValueError(
                f"Training can go on only with the layers it began with, {before} "
                f"(inputs, hidden units, outputs); hidden_layer_sizes and X now make "
                f"them {now}. Set warm_start=False and fit anew."
            )
        state = self._state.copy(dtype)
        state.hand_to(self.solver)
        if state.is_over and not incremental:
            state.begin_anew()
        return state, network

    def _network_for(self, targets) -> Network:
        hidden = settings.hidden_sizes(self)
        return Network.of(
            [self.n_features_in_, *hidden, targets.n_outputs],
            settings.hidden_activations(self, len(hidden)),
            targets.loss,
            self._loss_option(),
        )

    def _first_state(self, network, dtype) -> TrainingState:
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=4)
        rng = np.random.default_rng(seeds[0])
        theta = initialize(network, self.init, rng, dtype, self.bias_init)
        return TrainingState(
            theta,
            OptimizerState.start(theta),
            rng=np.random.default_rng(seeds[1]),
            mask_seed=int(seeds[2]),
            split_seed=int(seeds[3]),
            solver=self.solver,
        )

    def _dev_set(self, network, rows: Rows, theta) -> DevSet:
        """Return what looks at the dev rows after each epoch."""
        examples = self._examples(rows, theta.dtype, suffix="_val")
        by_cost = isinstance(self.scoring, str) and self.scoring == "loss"
        is_scored = not (by_cost or self._targets.is_constant)
        scorer = DevScorer(self, rows) if is_scored else None
        return DevSet(network, examples, self._targets, scorer)

    # -- what is remembered -----------------------------------------------------------

    def _remember(self, trained: Trained, examples: Examples, has_dev, goes_on):
        history = trained.outcome.history
        self._theta, self._state = trained.theta, trained.state
        self._total_weight = examples.total_weight
        seen = self._state.rows_seen
        self._state.rows_seen = seen.trained(examples.weight * len(history))
        self.n_layers_ = self._network.n_layers + 1
        self.n_outputs_ = self._targets.n_outputs
        self.out_activation_ = self._targets.out_activation
        self.optimizer_state_ = trained.state.optimizer
        if not goes_on:
            self.t_ = 0
            self.loss_curve_ = []
            self.validation_loss_curve_ = self.validation_scores_ = None
        self.n_iter_ = len(history)
        self.t_ += self.n_iter_ * examples.n_rows
        self.loss_curve_ = [*self.loss_curve_, *(r.cost for r in history)]
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.inf
        self.best_loss_ = min(self.loss_curve_, default=np.inf)
        self.converged_ = bool(trained.outcome.converged)
        self.stop_reason_ = trained.outcome.reason
        self.best_iteration_ = trained.best_epoch
        self.best_validation_score_ = None
        if has_dev:
            costs, scores = self.validation_loss_curve_, self.validation_scores_
            now = [r.dev for r in history if r.dev is not None]
            self.validation_loss_curve_ = [*(costs or []), *(d.cost for d in now)]
            self.validation_scores_ = [*(scores or []), *(d.score for d in now)]
        monitor = trained.state.monitor
        if monitor is not None and monitor.follows_dev:
            self.best_loss_ = None  # as in scikit-learn: the dev set has the say
            self.best_validation_score_ = monitor.best_score
        self.stop_message_ = sentence(trained.outcome, self)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """W[1], …, W[L], shown in the type of X; what is assigned is copied."""
        return self._network.weights(shown_theta(self, "coefs_"))

    @coefs_.setter
    def coefs_(self, arrays: Sequence[np.ndarray]) -> None:
        assign(self, "coefs_", arrays)

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """b[1], …, b[L], shown in the type of X; what is assigned is copied."""
        return self._network.biases(shown_theta(self, "intercepts_"))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[np.ndarray]) -> None:
        assign(self, "intercepts_", arrays)

    def _fitted_theta(self, attribute):
        if "_theta" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__} has no attribute {attribute!r} before fit."
            )
        return self._theta

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there are parameters to predict with."""
        return "_theta" in self.__dict__

    def __sklearn_tags__(self):
        """Accept sparse X."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # -- what the network says --------------------------------------------------------

    def _logits(self, X) -> np.ndarray:
        """Return the logits of the caller's X, shape (n_rows, n_outputs)."""
        return prediction.logits(self, X)

    def _predict(self, X) -> np.ndarray:
        """Return labels or numbers."""
        return prediction.predictions(self, X)
