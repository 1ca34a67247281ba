"""The base class of the cross-validated estimators: choose, refit, predict.

The steps of `fit`: rows → folds → the race of the candidates (`race.py`) → networks
trained on all rows for the best number of steps → one temperature. As in the plain
estimators, the fitted attributes are assigned at the end, all at once.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skdnn._estimator import SkdnnEstimator
from skdnn.cross_validated import parameters
from skdnn.cross_validated.callbacks import RaceCallbacks, record_of
from skdnn.cross_validated.candidates import resolve_auto_encodings
from skdnn.cross_validated.checkpoints import checkpoints
from skdnn.cross_validated.choice import Choice, Seeds
from skdnn.cross_validated.contenders import (
    Contender,
    best_of,
    out_of_fold_outputs,
    scores_of,
)
from skdnn.cross_validated.conversion import Movable
from skdnn.cross_validated.first_pass import (
    columns_of_rows,
    held_out_rows_of,
    training_rows_of,
)
from skdnn.cross_validated.folds import Fold, folds_of, rows_with_weight
from skdnn.cross_validated.inputs import part_of, rows_of_fold, table
from skdnn.cross_validated.members import Members
from skdnn.cross_validated.race import OnCheckpoint, Race
from skdnn.cross_validated.refit import members_of_all_rows
from skdnn.cross_validated.reporting import CheckpointPrinter, refuse_divergence, warn
from skdnn.cross_validated.resuming import ChoiceProgress, Draws
from skdnn.cross_validated.workers import Workers
from skdnn.estimators.checks.hints import hinting
from skdnn.estimators.model import Model
from skdnn.estimators.plan import follows_cost
from skdnn.estimators.resuming import saved_training
from skdnn.estimators.rows import Rows, as_counts
from skdnn.estimators.streamed import StreamedInputs


class BaseMLPRegularizedCV(Movable, CallbackSupportMixin, SkdnnEstimator):
    """Base class of the cross-validated estimators; subclasses know the targets."""

    n_features_in_: int
    feature_names_in_: np.ndarray
    best_n_steps_: int
    alpha_: float
    keep_prob_: Any
    encoding_: str | None
    oof_score_: float
    n_steps_: np.ndarray
    scores_: np.ndarray
    candidates_: list[dict[str, Any]]

    _nets: list[Any]
    _preprocessors: list[Any]
    _net_class: ClassVar[type]  # the plain estimator
    _net_parameters: ClassVar[tuple[str, ...]]  # the parameters that both have
    _out_of_fold: ClassVar[str]  # the attribute that holds the out-of-fold outputs
    _y_is_numeric = False

    @abstractmethod
    def _targets_of(self, rows: Rows) -> Any:
        """Return the encoder of the targets."""

    @abstractmethod
    def _calibrates(self, targets) -> bool:
        """Whether to divide the logits by a temperature."""

    @abstractmethod
    def _decoded(self, model: Model, Z: np.ndarray) -> np.ndarray:
        """Return logits as decisions or predictions, in the public form."""

    # -- fit ---------------------------------------------------------------------------

    def _fit(
        self, given: Rows, given_dev: Rows, groups, resume_from: Any = None
    ) -> Self:
        steps = checkpoints(parameters.max_steps(self))
        callbacks = RaceCallbacks(self, given, len(steps))
        candidates = parameters.check(self)
        draft = self._draft()
        saved = saved_training(self, resume_from)
        random = Draws(check_random_state(self.random_state), saved)
        choice, folds, n_rows = self._begin(draft, given, given_dev, groups, random)
        if choice.targets.is_constant:
            steps = np.array([1])
        calibrates = self._calibrates(choice.targets)
        candidates = resolve_auto_encodings(
            candidates, self, choice.columns, choice.rows.n_rows
        )
        with Workers(self.n_jobs) as workers:
            contenders = choice.contenders(candidates, workers)
            race = Race(
                contenders,
                steps,
                tol=self.tol,
                patience=self.n_iter_no_change,
                calibrates=calibrates,
            )
            progress = ChoiceProgress(self, random, choice, folds, race, saved)
            if not progress.has_members:
                listener = self._listener(draft, callbacks, progress, contenders)
                race.run(workers, listener)
            refuse_divergence(contenders)
            best = best_of(contenders)
            if self.refit:
                members = members_of_all_rows(
                    choice,
                    best,
                    steps,
                    workers,
                    progress.begin_refit,
                    callbacks.saver_of_members(progress),
                )
            else:
                members = members_of_folds(best)
        kept = vars(self).copy()
        kept.pop("feature_names_in_", None)  # of an earlier fit to rows with names
        self.__dict__ = {
            **kept,
            **draft._attributes_to_predict(members),
            **self._attributes_of(best),
            **scores_of(contenders, steps),
            self._out_of_fold: out_of_fold_outputs(best, folds, n_rows, self._decoded),
        }
        warn(contenders, best, self, int(steps[-1]))
        callbacks.end_fit()
        return self

    def _begin(
        self, draft, given: Rows, given_dev: Rows, groups, random: Draws
    ) -> tuple[Choice, list[Fold], int | None]:
        """Check the caller's rows; return the choice, the folds and the number of rows.

        The folds hold row indices of the caller's X. The number of rows is None if
        X_val is held out instead.
        """
        rows = training_rows_of(draft, given)
        rows = rows._replace(sample_weight=as_counts(rows.sample_weight))
        dev = held_out_rows_of(draft, given_dev)
        if dev is not None:
            dev = dev._replace(sample_weight=as_counts(dev.sample_weight))
        targets = draft._targets_of(rows)
        columns = columns_of_rows(self, rows)
        weighted = rows_with_weight(rows, targets)
        n_rows: int | None = rows.n_rows
        fold_seed = int(random.randint(2**31 - 1))
        everyone = part_of(rows, weighted, self.preprocess)
        if dev is None:
            folds = folds_of(self, rows, weighted, targets, groups, fold_seed)
            if isinstance(rows.X, StreamedInputs):  # it is read in order
                folds = [Fold(*map(np.sort, fold)) for fold in folds]
            parts = [rows_of_fold(rows, fold, self.preprocess) for fold in folds]
        else:
            folds = [Fold(weighted, np.arange(dev.n_rows))]
            parts, n_rows = [(everyone, dev)], None
        seeds = Seeds(
            nets=random.randint(2**31 - 1, size=len(folds)),
            members=random.randint(2**31 - 1, size=self.n_members),
        )
        suffix = "" if dev is None else "_val"
        choice = Choice(draft, everyone, targets, columns, parts, suffix, seeds)
        return choice, folds, n_rows

    def _listener(
        self,
        draft,
        callbacks: RaceCallbacks,
        progress: ChoiceProgress,
        contenders: list[Contender],
    ) -> OnCheckpoint | None:
        """Return the function to call at each checkpoint, None if there is no need."""
        if not (callbacks.are_set or self.verbose):
            return None
        candidates = [contender.candidate for contender in contenders]
        printer = (
            CheckpointPrinter(candidates, follows_cost(self)) if self.verbose else None
        )

        def on_checkpoint(n_steps: int, running: list[Contender]) -> bool:
            record = record_of(n_steps, running, contenders)
            if record is None:
                return False
            if printer is not None:
                printer.checkpoint(record, sum(len(c.nets) for c in running))
            return callbacks.checkpoint(
                record,
                lambda: draft._attributes_to_predict(
                    members_of_folds(best_of(contenders))
                ),
                progress,
            )

        return on_checkpoint

    def _attributes_to_predict(self, members: Members) -> dict[str, Any]:
        """Return the fitted attributes that are needed to predict."""
        columns = ("n_features_in_", "feature_names_in_")
        return {
            **{name: vars(self)[name] for name in columns if name in vars(self)},
            "_nets": members.nets,
            "_preprocessors": members.preprocessors,
        }

    def _attributes_of(self, best: Contender) -> dict[str, Any]:
        """Return the fitted attributes that describe the choice."""
        return {
            "best_n_steps_": best.snapshot.n_steps,
            "alpha_": best.candidate.alpha,
            "keep_prob_": best.candidate.keep_prob,
            "encoding_": best.candidate.encoding,
            "oof_score_": best.snapshot.score.shown,
        }

    def _validate_params(self):
        """Check each parameter; error messages suggest what was probably meant."""
        with hinting(self):
            super()._validate_params()

    # -- fitted attributes -------------------------------------------------------------

    @property
    def members_(self) -> list[Any]:
        """The members: fitted plain estimators, each after its preprocessor."""
        return self._fitted("members_").estimators()

    @property
    def preprocessor_(self) -> Any:
        """The transformer that turns X into the inputs of all members.

        With ``refit=False`` each member has its own; with ``preprocess=False`` there is
        none.
        """
        preprocessors = self._fitted("preprocessor_").preprocessors
        if not preprocessors or any(p is not preprocessors[0] for p in preprocessors):
            raise AttributeError(
                f"{type(self).__name__} has no common preprocessor: "
                + (
                    "with refit=False, each of members_ has its own."
                    if preprocessors
                    else "preprocess=False uses X as it is."
                )
            )
        return preprocessors[0]

    @property
    def best_estimator_(self) -> Any:
        """The only member; AttributeError if there are several."""
        return self._of_one("best_estimator_").estimators()[0]

    @property
    def coefs_(self) -> list[np.ndarray]:
        """The weights W[1], …, W[L] of the only network."""
        return self._of_one("coefs_").nets[0].coefs_

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """The biases b[1], …, b[L] of the only network."""
        return self._of_one("intercepts_").nets[0].intercepts_

    def _of_one(self, attribute: str) -> Members:
        """Return the members if there is only one."""
        members = self._fitted(attribute)
        if len(members.nets) > 1:
            raise AttributeError(
                f"{type(self).__name__} has no {attribute!r}, because it averages the "
                f"predictions of {len(members.nets)} networks: use one of members_, or "
                "fit with n_members=1."
            )
        return members

    def _fitted(self, attribute: str) -> Members:
        if "_nets" not in vars(self):
            raise AttributeError(
                f"{type(self).__name__} has no attribute {attribute!r} before fit."
            )
        return self._members

    @property
    def _members(self) -> Members:
        return Members(self._nets, self._preprocessors)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return "_nets" in vars(self)

    def __sklearn_tags__(self):
        """Accept sparse X and, with preprocessing, missing values and text."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = bool(self.preprocess)
        tags.input_tags.categorical = bool(self.preprocess)
        tags.input_tags.string = bool(self.preprocess)
        return tags

    def _averaged(self):
        return self._members.with_inputs()

    def _map(self, X, function: Callable[[Model, Any], np.ndarray]) -> list[np.ndarray]:
        """Apply a function to each member and its inputs made of the caller's X."""
        check_is_fitted(self)
        return self._members.map(table(self, X, reset=False), function)


def members_of_folds(best: Contender) -> Members:
    """Return the networks of the folds at their best checkpoint."""
    n_steps, score, _, thetas = best.snapshot
    return Members.of(best.nets, thetas, n_steps, score.beta, best.preprocessors)
