"""The dev score that early stopping monitors, by a scikit-learn scorer."""

import warnings
from inspect import Parameter, signature
from typing import NoReturn

import numpy as np
from scipy import sparse
from sklearn.metrics import check_scoring

from skdnn._sklearn import (
    options_of,
    score_function,
    scores_probabilities,
    with_options,
)
from skdnn.estimators.checks.values import listed
from skdnn.estimators.model import Model
from skdnn.estimators.reporting import warn_once_per_search
from skdnn.estimators.rows import Rows, mapped
from skdnn.training.stored import StoredRows

# Names of score functions that rank the rows of each class above the others …
_NEED_EVERY_CLASS = ("roc_auc_score", "average_precision_score")
# … and of those that read a row of an indicator as probabilities of exclusive classes.
_OF_EXCLUSIVE_CLASSES = (
    "log_loss",
    "brier_score_loss",
    "d2_log_loss_score",
    "d2_brier_score",
)
_OTHER_SCORER = 'Use another scorer, or scoring="loss".'
_OTHER_ROWS = (
    "Give X_val and y_val with rows of every class, or use a scorer that does not need "
    'them, such as scoring="loss" or "neg_log_loss".'
)


class DevScorer:
    """Callable that maps θ to the dev score by the estimator's `scoring`.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Has the feature count and names of the training rows already.
    model : Model
        The model to train; its θ is not used.
    rows : Rows
        The validated dev rows.

    Raises
    ------
    ValueError
        If the targets alone show that the score is undefined.

    Warns
    -----
    UserWarning
        If the dev rows have weights that the scorer does not accept.
    """

    def __init__(self, estimator, model: Model, rows: Rows):
        scorer = check_scoring(estimator, scoring=estimator.scoring)
        own = score_function(scorer)
        self._is_scikit_learns = own is not None
        self._function = scorer if own is None else own
        self._name = _name_of(estimator.scoring, self._function)
        self._model, self._targets = model, model.targets
        self._tells_classes = model.targets.are_classes
        takes = _parameters_of(self._function)
        self._options = {}
        if rows.sample_weight is not None and "sample_weight" in takes:
            self._options["sample_weight"] = rows.sample_weight
        elif rows.sample_weight is not None:
            rows = self._without_weights(rows)
        self._rows, self._y = rows, rows.y
        if not isinstance(rows.X, StoredRows) and rows.numbers is not None:
            self._rows = Rows(rows.X[rows.numbers], rows.y)
        self._scorer = scorer
        if self._is_scikit_learns:
            self._refuse_senseless(takes)
            self._scorer = with_options(scorer, self._names_of_columns(takes))
        # A scorer needs an estimator, one without feature names: validated rows have
        # lost theirs.
        self._probe = estimator._draft()
        vars(self._probe).update(estimator._attributes_to_predict(model))
        vars(self._probe).pop("feature_names_in_", None)

    @property
    def _X(self):
        """The inputs; if they are in a file, memory-mapped for this call only."""
        return mapped(self._rows).X

    def __call__(self, theta: np.ndarray) -> float:
        """Return the score of θ; higher is better.

        Raises
        ------
        ValueError
            If the scorer cannot score these rows, or the score is not finite.
        """
        score = self._score(theta)
        if not np.isfinite(score):
            self._refuse(self._lack() or f"that of the present network is {score}")
        return score

    def try_at(self, theta: np.ndarray) -> None:
        """Raise an error if the dev rows cannot be scored, as tried at the initial θ.

        A caller's own function is not tried: it may count its calls.
        """
        if not self._is_scikit_learns or not np.all(
            np.isfinite(self._model.with_theta(theta).logits(self._X))
        ):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # predictions are still random
            try:
                score = self._score(theta)
            except ValueError:
                if self._scores_perfect_numbers():
                    return  # a trained network can have a score
                raise
        if not np.isfinite(score) and (lack := self._lack()):
            self._refuse(lack)

    def _score(self, theta) -> float:
        self._probe._model = self._model.with_theta(theta)
        try:
            score = self._scorer(self._probe, self._X, self._y, **self._options)
        except (ValueError, TypeError, AttributeError) as error:
            if not self._is_scikit_learns:
                raise
            self._refuse(f"scikit-learn says: {error}", cause=error)
        try:
            return float(score)
        except (ValueError, TypeError):
            raise TypeError(
                f"scoring={self._name} must return a number, got {score!r}."
            ) from None

    def _scores_perfect_numbers(self) -> bool:
        """Return whether a regressor without errors has a score."""
        try:
            return not self._tells_classes and bool(
                np.isfinite(self._function(self._y, self._y))
            )
        except (ValueError, TypeError):
            return False

    def _without_weights(self, rows: Rows) -> Rows:
        """Return the rows of positive weight, and warn that each counts once."""
        warn_once_per_search(
            f"scoring={self._name} takes no sample_weight: each dev row with a weight "
            "above 0 counts once in the score. Use a scorer that takes weights, or "
            'scoring="loss".',
            UserWarning,
            "weights_of_dev_rows",
        )
        counting = np.flatnonzero(rows.sample_weight > 0)
        numbers = counting if rows.numbers is None else rows.numbers[counting]
        return Rows(rows.X, rows.y[counting], numbers=numbers)

    def _refuse_senseless(self, takes) -> None:
        """Raise an error at a scorer that is meaningless for these targets."""
        function = getattr(self._function, "__name__", "")
        options = options_of(self._scorer)
        if not self._tells_classes:
            if "labels_true" in takes:
                self._refuse("it compares clusterings, not numbers")
        elif self._targets.is_multilabel:
            if function in _OF_EXCLUSIVE_CLASSES:
                self._refuse("it treats the labels of a row as exclusive classes")
        elif function in _NEED_EVERY_CLASS or options.get("average") == "binary":
            if self._missing_classes():
                self._refuse(f"it needs rows of every class, and {self._lack()}")
        elif function == "top_k_accuracy_score":
            k = options.get("k", takes["k"].default)
            n_classes = len(self._targets.classes)
            if k >= n_classes:
                self._refuse(f"with k={k} and {n_classes} classes it is always 1")

    def _names_of_columns(self, takes) -> dict:
        """Return the arguments that name the classes, for a scorer of probabilities.

        For scorers of predicted labels, which average over the labels they are given,
        that choice is left to the caller.
        """
        if (
            not self._tells_classes
            or self._targets.is_multilabel
            or not scores_probabilities(self._scorer)
        ):
            return {}
        classes = self._targets.classes
        names = {"labels": classes} if "labels" in takes else {}
        if "pos_label" in takes and takes["pos_label"].default is None:
            names |= {"pos_label": classes[1]} if len(classes) == 2 else {}
        return names

    def _counting_y(self) -> np.ndarray:
        """Return the targets of the dev rows with positive weight."""
        y = self._y.toarray() if sparse.issparse(self._y) else np.asarray(self._y)
        weight = self._options.get("sample_weight")
        return y if weight is None else y[weight > 0]

    def _missing_classes(self) -> list:
        if not self._tells_classes or self._targets.is_multilabel:
            return []
        return np.setdiff1d(self._targets.classes, self._counting_y()).tolist()

    def _lack(self) -> str:
        """Return what the dev set lacks for a score, or ""."""
        missing, y = self._missing_classes(), self._counting_y()
        if missing:
            return f"the dev set has no row of class {listed(missing, most=5)}"
        if len(y) == 1:
            return "the dev set has only one row"
        if self._tells_classes and not self._targets.is_multilabel:
            return ""
        constant = np.flatnonzero(np.ptp(y.reshape(len(y), -1), axis=0) == 0)
        if not constant.size:
            return ""
        which = f" in column {listed(constant, most=5)}" if y.ndim == 2 else ""
        return f"the targets of the dev set are constant{which}"

    def _refuse(self, why: str, cause: Exception | None = None) -> NoReturn:
        cure = _OTHER_ROWS if self._missing_classes() else _OTHER_SCORER
        raise ValueError(
            f"scoring={self._name} cannot score the dev set: {why.rstrip('.')}. {cure}"
        ) from cause


def _name_of(scoring, function) -> str:
    if isinstance(scoring, str):
        return repr(scoring)
    return getattr(function, "__name__", repr(scoring))


def _parameters_of(function) -> dict[str, Parameter]:
    """Return the parameters of a score function or scorer, by name."""
    parameters = dict(signature(function).parameters)
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        parameters["sample_weight"] = Parameter("_", Parameter.KEYWORD_ONLY)
    return parameters
