r"""From measured signals to a verdict and remedies.

A signal that changes by a factor c per layer has changed by :math:`c^L` after L layers.
Over a few layers any c is harmless; over many, only a c near 1 is. So the rule uses
both the geometric mean of the changes per layer and the total change.

Sources: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
feedforward neural networks", 2010; K. He et al., "Delving deep into rectifiers", 2015.
"""

from math import prod

import numpy as np

from skdnn.diagnosis.signals.statistics import STUCK_RULES, SignalStage
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import INITIALIZERS

# Healthy if the geometric mean per layer lies between these …
MIN_CHANGE, MAX_CHANGE = 0.8, 1.25
# … or the total change is less than this factor.
HARMLESS_IN_ALL = 10.0
# A layer with a larger share of stuck units decides the verdict. In deep ReLU networks
# half of the units are zero for all rows at initialisation: deep down, rows look alike.
STUCK_SHARES = {"saturated": 0.5, "dead": 0.9}
# Inputs with an rms outside these should be standardised.
MIN_INPUT, MAX_INPUT = 0.3, 3.0

# Worst first: each may be the cause of those after it.
VERDICTS = ("exploding", "saturated", "dead", "vanishing", "healthy")


def verdict_of(stage: SignalStage) -> str:
    """Return the worst of VERDICTS that applies."""
    stuck = {_stuck_word(layer) for layer in stage.layers}
    directions = {
        _direction(stage.forward_changes),
        _direction(stage.backward_changes),
    }
    # A saturated tanh makes dZ explode: it is the cause, not the effect.
    found = {"saturated"} if "saturated" in stuck else stuck | directions
    if not np.isfinite(stage.cost):
        found.add("exploding")
    return next(verdict for verdict in VERDICTS if verdict in found | {"healthy"})


def verdict_in_training(trained: SignalStage | None, diverged_at: int | None) -> str:
    """Return the verdict after training; "healthy" if there was none.

    If training diverged, the verdict is "exploding" whatever the last finite parameters
    show.
    """
    if diverged_at is not None:
        return "exploding"
    return "healthy" if trained is None else verdict_of(trained)


def mean_change(changes: list[float]) -> float:
    """Return the geometric mean of changes per layer; NaN if there are none."""
    if not changes:
        return np.nan
    with np.errstate(all="ignore"):
        return float(np.exp(np.mean(np.log(changes))))


def _direction(changes: list[float]) -> str:
    """Return the verdict on a signal that changes by these factors per layer."""
    if not changes:
        return "healthy"
    if not np.all(np.isfinite(changes)):
        # Once a signal is 0, the ratios are 0/0.
        return "exploding" if np.inf in changes else "vanishing"
    mean, in_all = mean_change(changes), prod(changes)
    if mean > MAX_CHANGE and in_all > HARMLESS_IN_ALL:
        return "exploding"
    if mean < MIN_CHANGE and in_all < 1 / HARMLESS_IN_ALL:
        return "vanishing"
    return "healthy"


def _stuck_word(layer) -> str:
    rule = STUCK_RULES.get(layer.activation)
    if rule is None or not layer.stuck > STUCK_SHARES[rule.word]:
        return "healthy"
    return rule.word


def fitting_initializer(net, activations) -> str | None:
    """Return the initialiser that suits these activations, or None if `net` has it.

    "auto" if different activations want different ones.
    """
    wanted = {ACTIVATIONS[name].init for name in activations}
    if not wanted or net.init == "auto":
        return None
    if len(wanted) > 1:
        return "auto"
    (name,) = wanted
    has = None if callable(net.init) else INITIALIZERS[net.init]
    return None if has is INITIALIZERS[name] else name


def remedies_for(
    at_init: SignalStage, verdict_in_training: str, net, initializer: str | None
) -> list[str]:
    """Return what to try, the most promising first; empty if all is well."""
    verdict = verdict_of(at_init)
    remedies = []
    if not MIN_INPUT <= at_init.input_rms <= MAX_INPUT:
        remedies.append(
            f"Standardise the inputs (InputStandardizer): their rms is "
            f"{at_init.input_rms:.3g} instead of about 1."
        )
    if verdict == "healthy":
        return remedies + _REMEDIES_IN_TRAINING[verdict_in_training]
    names = {layer.activation for layer in at_init.layers[:-1]}
    if verdict == "vanishing" and "logistic" in names:
        remedies.append("Replace activation='logistic': its derivative is at most 1/4.")
    if initializer is not None:
        remedies.append(f"Initialise with init={initializer!r}.")
    if callable(net.bias_init):
        remedies.append("Initialise the biases with bias_init='auto'.")
    elif initializer is None:
        remedies.append("Use fewer layers, or another activation.")
    return remedies


_REMEDIES_IN_TRAINING = {
    "exploding": ["Lower learning_rate_init, or set max_grad_norm."],
    "saturated": ["Lower learning_rate_init, or raise alpha to keep weights small."],
    "dead": ["Lower learning_rate_init, or use activation='leaky_relu'."],
    "vanishing": ["Lower learning_rate_init, or alpha if it shrinks the weights."],
    "healthy": [],
}
