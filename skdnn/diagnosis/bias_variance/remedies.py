"""What to try next, in terms of the estimator's own parameters where possible.

The largest effect for the least effort comes first. Against bias: a larger network,
longer training, less regularisation, another model. Against variance: more rows,
regularisation, another model. A cross-validated estimator or a search has already tried
its candidates, so a further value is proposed only if the chosen one is at the edge of
the grid. Longer training is proposed only if training ran out of epochs: a fit that
converged or stopped early would end where it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.cross_validated.candidates import candidates_of
from skdnn.diagnosis.arguments import is_count, is_number
from skdnn.diagnosis.bias_variance.searched import leads_back, values_tried
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.estimators import plan
from skdnn.estimators.unwrapping import unwrap
from skdnn.preprocessing.mixed_tables import ENCODINGS

LARGER = 2  # factor for the units of a layer and for epochs
PENALTY_STEP = 3  # about half a decade
FIRST_ALPHA = 1.0
FIRST_UNITS = (100,)
KEEP_PROB_STEP, MIN_KEEP_PROB = 0.2, 0.5
MEMBERS = 5
_OUT_OF_EPOCHS = ("max_iter", "one_epoch")


@dataclass(frozen=True)
class Remedy:
    """One thing to try.

    Attributes
    ----------
    text : str
        The remedy as a sentence.
    params : dict
        The same for ``estimator.set_params(**params)``; empty if no parameter
        expresses it. With a search, the names are those of its best estimator.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


def against_bias(estimator=None) -> tuple[Remedy, ...]:
    """Return remedies that reduce the training error, in the order to try them."""
    model = _Model(estimator)
    longer: Remedy | None = Remedy("Train longer, unless training has converged.")
    if model.is_choice:
        longer = _of(model, "max_steps", _more_steps, "Train longer")
    elif model.params:
        longer = _of(model, "max_iter", _more_epochs, "Train longer")
    return _present(
        _of(model, "hidden_layer_sizes", _doubled_layers, "Use a larger network")
        or _of(model, "max_depth", _deeper, "Use a deeper tree")
        or Remedy("Use a larger or more flexible model."),
        longer,
        _of(model, "encodings", _both_encodings, "Try both encodings"),
        _of(model, "alphas", _weaker_candidate, "Try a weaker penalty too"),
        _of(model, "keep_probs", _candidate_kept, "Try dropping fewer units too"),
        _of(model, "alpha", _weaker_penalty, "Weaken the penalty"),
        _of(model, "C", _larger_C, "Weaken the penalty"),
        _of(model, "keep_prob", _more_kept, "Drop fewer units"),
        _of(model, "input_keep_prob", _more_kept, "Drop fewer inputs"),
        _of(model, "max_norm", _looser_bound, "Loosen the bound on weight norms"),
        Remedy("Try other features or another architecture."),
    )


def against_variance(estimator=None) -> tuple[Remedy, ...]:
    """Return remedies that bring the dev error closer to the training error."""
    model = _Model(estimator)
    regularisers: tuple[Remedy | None, ...] = (
        _of(model, "n_members", _several_members, "Average several networks"),
        _of(model, "alphas", _stronger_candidate, "Try a stronger penalty too"),
        _of(model, "keep_probs", _candidate_dropped, "Try dropping more units too"),
        _of(model, "alpha", _stronger_penalty, "Strengthen the penalty"),
        _of(model, "C", _smaller_C, "Strengthen the penalty"),
        _of(model, "max_depth", _shallower, "Use a shallower tree"),
        _of(model, "keep_prob", _fewer_kept, "Drop more units"),
        _of(model, "early_stopping", _stop_early, "Stop early"),
        _augmentation(model),
    )
    if not any(regularisers):
        regularisers = (Remedy("Regularise more strongly, or use a smaller model."),)
    return _present(
        Remedy("Collect more training rows."),
        *regularisers,
        Remedy("Try fewer features or another architecture."),
    )


def _present(*remedies: Remedy | None) -> tuple[Remedy, ...]:
    return tuple(remedy for remedy in remedies if remedy is not None)


class _Model:
    """The estimator inside searches, pipelines and other wrappers."""

    def __init__(self, outermost):
        unwrapped = cross_validated_in(outermost) or unwrap(outermost)
        self.estimator = estimator = unwrapped.model
        self.prefix = unwrapped.prefix
        can_be_set = hasattr(estimator, "get_params") and not unwrapped.is_frozen
        self.params = estimator.get_params(deep=False) if can_be_set else {}
        self.is_choice = isinstance(estimator, BaseMLPRegularizedCV)
        self.is_network = "hidden_layer_sizes" in self.params
        self.tried = values_tried(unwrapped.wrappers)
        module = type(estimator).__module__
        # In other estimators alpha can be a quantile, a noise level or a smoothing.
        self.has_penalty = self.is_network or (
            module.startswith("sklearn.linear_model")
            and self.params.get("penalty", "l2") is not None
        )
        # C is the inverse of a penalty in linear models and support vector machines.
        self.has_C = module.startswith(("sklearn.linear_model", "sklearn.svm"))
        self.n_iter = getattr(estimator, "n_iter_", None)


def _of(model, name, next_value, words):
    """Return the remedy that changes one parameter; None if there is none."""
    if name not in model.params:
        return None
    now = model.params[name]
    value = next_value(now, model)
    if value is None:
        return None
    full_name = model.prefix + name
    if leads_back(now, value, model.tried.get(full_name, ())):
        return None
    return Remedy(f"{words}: {full_name}={value!r} (now {now!r}).", {full_name: value})


def _doubled_layers(now, model):
    sizes = [int(size) for size in np.atleast_1d(now)]
    return tuple(LARGER * size for size in sizes) or FIRST_UNITS


def _ran_out_of_epochs(model):
    """Whether training used all its epochs; True if the estimator is not fitted."""
    if model.n_iter is None:
        return True
    reason = getattr(model.estimator, "stop_reason_", None)
    if reason is not None:  # one of our networks
        return reason in _OUT_OF_EPOCHS
    most = np.max(model.n_iter)  # linear models have one per class
    return is_number(most) and most >= model.params["max_iter"]


def _more_epochs(now, model):
    is_limit = is_count(now) and now > 0
    return LARGER * int(now) if is_limit and _ran_out_of_epochs(model) else None


def _more_steps(now, model):
    """Return twice the steps if held-out scores improved up to the last checkpoint."""
    fitted = model.estimator
    if not hasattr(fitted, "n_steps_") or fitted.best_n_steps_ < fitted.n_steps_[-1]:
        return None
    return LARGER * int(fitted.best_n_steps_)


def _several_members(now, model):
    return MEMBERS if now == 1 and model.params["refit"] else None


def _both_encodings(now, model):
    tried = {candidate.encoding for candidate in candidates_of(model.estimator)}
    return ENCODINGS if len(tried) == 1 and None not in tried else None


def _weaker_candidate(now, model):
    return _extended(model, "alpha", min, lambda a: _short(a / PENALTY_STEP))


def _stronger_candidate(now, model):
    return _extended(
        model, "alpha", max, lambda a: _short(a * PENALTY_STEP) if a else FIRST_ALPHA
    )


def _candidate_kept(now, model):
    return _extended(model, "keep_prob", max, lambda kept: _more_kept(kept, model))


def _candidate_dropped(now, model):
    return _extended(model, "keep_prob", min, lambda kept: _fewer_kept(kept, model))


def _extended(model, attribute: str, edge_of: Callable, next_value: Callable):
    """Return the candidates plus one beyond the edge, if the edge was chosen."""
    known = candidates_of(model.estimator)
    values = list(dict.fromkeys(getattr(each, attribute) for each in known))
    edge = edge_of(values, key=np.mean)
    if getattr(model.estimator, f"{attribute}_", edge) != edge:
        return None
    further = next_value(edge)
    if further is None or further in values:
        return None
    return tuple(sorted((*values, further), key=np.mean))


def _weaker_penalty(now, model):
    can_fall = model.has_penalty and is_number(now) and now > 0
    return _short(now / PENALTY_STEP) if can_fall else None


def _stronger_penalty(now, model):
    if not (model.has_penalty and is_number(now)):
        return None
    return _short(now * PENALTY_STEP) if now > 0 else FIRST_ALPHA


def _larger_C(now, model):
    return _short(now * PENALTY_STEP) if model.has_C and is_number(now) else None


def _smaller_C(now, model):
    return _short(now / PENALTY_STEP) if model.has_C and is_number(now) else None


def _deeper(now, model):
    return LARGER * int(now) if is_count(now) else None


def _shallower(now, model):
    """Return half of max_depth or, if it is None, of the depth reached."""
    if now is None and hasattr(model.estimator, "tree_"):
        now = model.estimator.get_depth()
    return max(1, int(now) // LARGER) if is_count(now) and now > 1 else None


def _looser_bound(now, model):
    return LARGER * now if is_number(now) else None


def _more_kept(now, model):
    return _moved_keep_prob(now, model, lambda kept: min(1.0, kept + KEEP_PROB_STEP))


def _fewer_kept(now, model):
    has_hidden_layers = np.size(model.params.get("hidden_layer_sizes", ())) > 0
    if model.params.get("solver") == "lbfgs" or not has_hidden_layers:
        return None
    return _moved_keep_prob(
        now, model, lambda kept: min(kept, max(MIN_KEEP_PROB, kept - KEEP_PROB_STEP))
    )


def _moved_keep_prob(now, model, move):
    if plan.is_auto(now):
        kept = np.unique(plan.keep_probs(model.estimator)[1:])
        now = kept[0] if kept.size == 1 else plan.keep_probs(model.estimator)[1:]
    moved = tuple(round(float(move(kept)), 10) for kept in np.atleast_1d(now))
    if np.array_equal(moved, np.atleast_1d(now)):
        return None
    return moved[0] if np.ndim(now) == 0 else moved


def _stop_early(now, model):
    # scikit-learn's networks ignore it with lbfgs.
    is_ours = "keep_prob" in model.params
    is_ignored = model.params.get("solver") == "lbfgs" and not is_ours
    return True if now is False and not is_ignored else None


def _augmentation(model):
    is_there = model.params.get("augmentation", "no such parameter") is not None
    if is_there or model.params.get("solver") == "lbfgs":
        return None
    name = f"{model.prefix}augmentation"
    return Remedy(f"Augment the training rows: {name} (now None).")


def _short(value):
    """Round a value to two digits: 1 / 3 is 0.33."""
    return float(f"{value:.2g}")
