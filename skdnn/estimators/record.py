"""How training went, as the fitted estimator shows it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skdnn.estimators.solving import Trained
from skdnn.training.optimizers import OptimizerState


@dataclass
class FitRecord:
    """The fitted attributes that tell of the training: each field is one of them."""

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
    optimizer_state_: OptimizerState
    stop_message_: str = ""

    @classmethod
    def of(
        cls, trained: Trained, n_rows: int, has_dev: bool, before: Any = None
    ) -> "FitRecord":
        """Return the record of a call of fit or partial_fit.

        Parameters
        ----------
        trained : Trained
        n_rows : int
            The training rows.
        has_dev : bool
            Whether there was a dev set.
        before : FitRecord or fitted estimator, optional
            What this training has gone on from: its curves become longer.
        """
        outcome, history = trained.outcome, trained.outcome.history
        curve = [] if before is None else before.loss_curve_
        curve = [*curve, *(r.cost for r in history)]
        costs = None if before is None else before.validation_loss_curve_
        scores = None if before is None else before.validation_scores_
        if has_dev:
            now = [r.dev for r in history if r.dev is not None]
            costs = [*(costs or []), *(d.cost for d in now)]
            scores = [*(scores or []), *(d.score for d in now)]
        best_loss, best_score = min(curve, default=np.inf), None
        monitor = trained.state.monitor
        if monitor is not None and monitor.follows_dev:
            best_loss = None  # as in scikit-learn: the dev set has the say
            best_score = monitor.best_score
        return cls(
            n_iter_=len(history),
            t_=(0 if before is None else before.t_) + len(history) * n_rows,
            loss_=curve[-1] if curve else np.inf,
            loss_curve_=curve,
            best_loss_=best_loss,
            validation_loss_curve_=costs,
            validation_scores_=scores,
            best_validation_score_=best_score,
            best_iteration_=trained.best_epoch,
            converged_=bool(outcome.converged),
            stop_reason_=outcome.reason,
            optimizer_state_=trained.state.optimizer,
        )
