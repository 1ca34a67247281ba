"""Interpret an estimator's parameters: how its network is built and trained.

Only this module turns parameters into numbers, types and update rules. It has no side
effects.
"""

import warnings
from collections.abc import Mapping, Set
from numbers import Integral, Real
from typing import Any

import numpy as np

from skdnn._callers import level_of_caller
from skdnn.estimators.checks.hints import hint
from skdnn.estimators.model import Model
from skdnn.estimators.targets import Targets
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.architecture import Network
from skdnn.network.losses import LOSSES
from skdnn.network.penalties import ElasticNet
from skdnn.training.averaging import Averaging
from skdnn.training.blocks import Augment, Reader
from skdnn.training.optimizers import OPTIMIZERS, Regularization, Rule
from skdnn.training.readers.streams import StreamReader
from skdnn.training.readers.tables import TableReader
from skdnn.training.recipe import Recipe
from skdnn.training.schedules import SCHEDULES, Schedule
from skdnn.training.state import TrainingState
from skdnn.training.streams import StreamTable
from skdnn.training.tables import Examples

STOCHASTIC_SOLVERS = tuple(OPTIMIZERS)
LBFGS = "lbfgs"

# What "auto" stands for, and the other defaults: docs/design/0023-defaults.md.
AUTO = "auto"
AUTO_BATCH_SIZE = 64
AUTO_KEEP_PROB = 0.9
WIDE_LAYER = 50  # units; narrower layers have no dropout under "auto"
MAX_ROWS_AT_ONCE = 200  # above, a mini-batch of all rows is a deliberate choice


def is_stochastic(estimator) -> bool:
    """Return whether the solver uses mini-batches; lbfgs uses all rows at once."""
    return estimator.solver in STOCHASTIC_SOLVERS


def schedule_of(estimator) -> Schedule:
    """Return the learning-rate schedule."""
    return SCHEDULES[estimator.learning_rate]


def follows_cost(estimator) -> bool:
    """Return whether early stopping monitors the dev cost instead of a score."""
    return isinstance(estimator.scoring, str) and estimator.scoring == "loss"


# -- the network ----------------------------------------------------------------------


def network_of(estimator, n_features: int, targets: Targets) -> Network:
    """Return the architecture for this number of features and these targets."""
    hidden = hidden_sizes(estimator)
    option = LOSSES[targets.loss].option
    return Network.of(
        [n_features, *hidden, targets.n_outputs],
        hidden_activations(estimator, len(hidden)),
        targets.loss,
        0.0 if option is None else getattr(estimator, option),
    )


def hidden_sizes(estimator) -> list[int]:
    """Return the number of units in each hidden layer."""
    given = estimator.hidden_layer_sizes
    sizes = [given] if isinstance(given, Integral) else in_order(given)
    if sizes is None or not all(
        not isinstance(n, bool) and isinstance(n, Integral) and 0 < int(n) < 2**31
        for n in sizes
    ):
        raise ValueError(
            "hidden_layer_sizes must be an int or a sequence of ints, all > 0 and "
            f"below 2**31, got {given!r}."
        )
    return [int(n) for n in sizes]


def hidden_activations(estimator, n_hidden: int) -> list[str]:
    """Return the name of each hidden layer's activation."""
    given = estimator.activation
    if isinstance(given, str):
        return [given] * n_hidden
    names = _one_per_layer("activation", given, n_hidden)
    for name in names:
        if not (isinstance(name, str) and name in ACTIVATIONS):
            raise ValueError(
                f"activation must name one of {sorted(ACTIVATIONS)} for each hidden "
                f"layer, got {name!r}. {hint(estimator, 'activation', name)}".rstrip()
            )
    return names


def is_auto(given: Any) -> bool:
    """Return whether a parameter that may be an array is "auto"."""
    return isinstance(given, str) and given == AUTO


def keep_probs(estimator, n_rows: int | None = None) -> np.ndarray:
    """Return keep_prob of the inputs and of each hidden layer, as float64.

    "auto" uses dropout only where mini-batches make J noisy anyway, not in full-batch
    training.

    Parameters
    ----------
    estimator : BaseMLPRegularized
    n_rows : int, optional
        Number of training rows. By default, more than a mini-batch.
    """
    given, sizes = estimator.keep_prob, hidden_sizes(estimator)
    hidden: list[Any]
    if is_auto(given):
        kept = 1.0 if takes_all_rows_at_once(estimator, n_rows) else AUTO_KEEP_PROB
        hidden = [kept if n >= WIDE_LAYER else 1.0 for n in sizes]
    elif isinstance(given, Real):
        hidden = [given] * len(sizes)
    else:
        hidden = _one_per_layer("keep_prob", given, len(sizes))
        if not all(isinstance(p, Real) and p <= 1 and not p <= 0 for p in hidden):
            raise ValueError(
                "keep_prob must be 'auto', or in the range (0, 1] for each hidden "
                f"layer, got {given!r}. {hint(estimator, 'keep_prob', given)}"
            )
    return np.array([estimator.input_keep_prob, *hidden], dtype=np.float64)


def _one_per_layer(name: str, given, n_hidden: int) -> list:
    values = in_order(given)
    if values is None or len(values) != n_hidden:
        raise ValueError(
            f"{name} must be one value or one per hidden layer: hidden_layer_sizes has "
            f"{n_hidden} layers, but {name}={given!r} has "
            + ("no order." if values is None else f"{len(values)} values.")
        )
    return values


def in_order(given) -> list | None:
    """Return the values of a sequence as a list, or None if they have no order."""
    is_one = getattr(given, "ndim", 1) == 0  # a 0-d array is not a sequence
    return None if is_one or isinstance(given, Set | Mapping) else list(given)


# -- training -------------------------------------------------------------------------


def rule(estimator) -> Rule:
    """Return the optimiser's rule and constants."""
    return Rule(
        OPTIMIZERS[estimator.solver].step,
        OPTIMIZERS[estimator.solver].decouples_l2,
        float(estimator.momentum),
        bool(estimator.nesterovs_momentum and estimator.momentum > 0),
        float(estimator.beta_1),
        float(estimator.beta_2),
        float(estimator.epsilon),
    )


def regularization(estimator, penalty) -> Regularization:
    """Return what each update applies in addition to the gradient of the data term."""
    return Regularization(
        penalty.l2,
        penalty.l1,
        _or_infinity(estimator.max_norm),
        _or_infinity(estimator.max_grad_norm),
    )


def _or_infinity(bound) -> float:
    return np.inf if bound is None else float(bound)


def batch_rows(estimator, n_rows: int) -> int:
    """Return the maximum number of rows in a mini-batch."""
    if estimator.batch_size == AUTO:
        return min(AUTO_BATCH_SIZE, n_rows)
    if estimator.batch_size > n_rows:
        warnings.warn(
            f"batch_size={estimator.batch_size} is larger than the number of training "
            f"rows, {n_rows}, and is clipped to it.",
            UserWarning,
            stacklevel=level_of_caller(),
        )
    return min(int(estimator.batch_size), n_rows)


def takes_all_rows_at_once(estimator, n_rows: int | None) -> bool:
    """Return whether training is full-batch: lbfgs, or few rows in one mini-batch."""
    if not is_stochastic(estimator):
        return True
    if n_rows is None:
        return False
    asked = estimator.batch_size
    batch_size = AUTO_BATCH_SIZE if asked == AUTO else asked
    return n_rows <= min(batch_size, MAX_ROWS_AT_ONCE)


def training_rows(examples: Examples) -> int:
    """Return the size of the training set, of which `examples` may be a part."""
    return round(examples.n_rows * examples.total_weight / examples.weight)


def network_dtype(estimator, n_rows: int) -> np.dtype:
    """Return the floating-point type to compute in.

    "auto" is float32 for mini-batches, whose noise exceeds its rounding errors.
    Full-batch training has no such noise, and where it is stochastic it has too few
    rows for float32 to save time.
    """
    if estimator.dtype != "auto":
        return np.dtype(estimator.dtype)
    whole = takes_all_rows_at_once(estimator, n_rows)
    return np.dtype(np.float64 if whole else np.float32)


def penalty_of(estimator, total_weight: float) -> ElasticNet:
    """Return the estimator's penalty over training rows of this total weight S."""
    return ElasticNet.of(estimator.alpha, estimator.l1_ratio, total_weight)


def recipe(
    estimator,
    model: Model,
    state: TrainingState,
    examples: Examples,
    n_epochs: int | None = None,
    began: float | None = None,
) -> Recipe:
    """Return the recipe by which a stochastic solver trains.

    Parameters
    ----------
    estimator : BaseMLPRegularized
    model : Model
        The network and the targets.
    state : TrainingState
        The state in which training starts.
    examples : Examples
        The training rows.
    n_epochs : int, optional
        As in `solving.train`.
    began : float, optional
        `state.time` at the start of this fit. By default, its value now.
    """
    network, targets = model.network, model.targets
    penalty = penalty_of(estimator, examples.total_weight)
    # A warm start continues the schedule, unless that spans a single fit.
    starts_now = schedule_of(estimator).spans_fit and n_epochs is None
    began = state.time if began is None else began
    return Recipe(
        network=network,
        penalty=penalty,
        rule=rule(estimator),
        regularization=regularization(estimator, penalty),
        keep_prob=keep_probs(estimator, training_rows(examples)),
        schedule=schedule_of(estimator),
        learning_rate_init=float(estimator.learning_rate_init),
        power_t=float(estimator.power_t),
        n_epochs=n_epochs or estimator.max_iter,
        epoch_length=examples.weight / examples.total_weight,
        schedule_start=began if starts_now else state.schedule_start,
        horizon=estimator.max_iter,
        constant_cost=lambda: targets.constant_cost(
            examples.Y, examples.s, network.loss_option
        ),
        averaging=averaging(estimator, training_rows(examples)),
        is_whole=n_epochs is None,
    )


def averaging(estimator, n_rows: int | None = None) -> Averaging:
    """Return whether and how θ is averaged.

    "auto" averages where θ keeps fluctuating: not in full-batch training, and not on a
    schedule that falls to 0 over the fit. Nor with an L1 penalty, because an average
    has no exact zeros.

    Parameters
    ----------
    estimator : BaseMLPRegularized
    n_rows : int, optional
        Number of training rows. By default, more than a mini-batch.
    """
    given = estimator.averaging
    if given == AUTO:
        settles = schedule_of(estimator).spans_fit
        is_sparse = estimator.l1_ratio > 0
        at_once = takes_all_rows_at_once(estimator, n_rows)
        is_on = not (settles or is_sparse or at_once)
    else:
        is_on = given is not None
    return Averaging(is_on, float(estimator.averaging_decay))


def reader(estimator, model: Model, state: TrainingState, examples: Examples) -> Reader:
    """Return the reader of the training rows."""
    is_stream = isinstance(examples.table, StreamTable)
    return (StreamReader if is_stream else TableReader)(
        examples,
        batch_rows(estimator, examples.n_rows),
        state.rng,
        estimator.shuffle,
        _augment_of(estimator.augmentation, model),
    )


def _augment_of(augmentation: Any, model: Model) -> Augment | None:
    """Return the augmentation as a function with the arguments that training passes."""
    if augmentation is None:
        return None
    augmentation.check(model.network.n_inputs)
    if not augmentation.mixes_targets:
        return augmentation.augment
    mixable = model.targets.mixable
    return lambda X, Y, s, rng: augmentation.augment(X, mixable(Y), s, rng)
