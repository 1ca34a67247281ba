"""What the rows say: a scale at which a model learns badly, and models worse than none.

A constant prediction knows nothing of X. A model with a larger error has learnt
something that is wrong on these rows: the scale of X or y comes first among the causes,
and with it dev rows that are on another scale than the training rows.
"""

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier

from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.diagnosis.arguments import as_targets
from skdnn.diagnosis.bias_variance.constants import Constant
from skdnn.diagnosis.bias_variance.findings import Finding
from skdnn.diagnosis.bias_variance.remedies import Remedy
from skdnn.diagnosis.networks import cross_validated_in
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.checks import scales
from skdnn.estimators.rows import Rows, rows_to_predict
from skdnn.estimators.unwrapping import unwrap

# Models of scikit-learn that learn badly from columns of very different scale; trees,
# and what solves for its coefficients, do not mind.
_MIND_SCALES = ("sklearn.neural_network", "sklearn.svm", "sklearn.neighbors")
_MIND_TARGETS = ("sklearn.neural_network", "sklearn.svm")
_GRADIENT_DESCENT = "sklearn.linear_model._stochastic_gradient"
# Of a mean or a deviation so many times the other, or the unit, y is far off.
_OFF = 10.0


def findings_of_rows(
    estimator, train, dev, constants: tuple[Constant, ...] = ()
) -> tuple[Finding, ...]:
    """Return what a fit would warn of, and whether a constant is as good.

    Parameters
    ----------
    estimator : fitted estimator
        Rows are looked at as the model inside it sees them.
    train, dev : (X, y)
        Rows as passed to the estimator; (None, None) without dev rows.
    constants : tuple of Constant
        The error of a constant on each part. Where one is better, the scale of X and y
        is looked at for models other than our networks, too.
    """
    worse = [constant for constant in constants if constant.is_surely_better]
    found = _scales_for_networks(estimator, train, dev)
    if found is None:
        found = _scales_for_others(estimator, train, dev) if worse else ()
    of_scales = tuple(
        Finding(one.code, one.text, {"figure": one.figure}, (Remedy(one.cure),))
        for one in found
    )
    compared = _worse_than_constant(estimator, worse, of_scales)
    if not worse:
        compared = _no_better_than_constant(constants)
    return (*compared, *of_scales)


def is_scale_to_blame(findings) -> bool:
    """Whether a constant is better, and the scale of the rows the likely cause."""
    codes = [finding.code for finding in findings]
    return codes[:1] == ["worse_than_constant"] and len(codes) > 1


def _worse_than_constant(estimator, worse, of_scales) -> tuple[Finding, ...]:
    if not worse:
        return ()
    numbers = {c.part: {"model": c.of_model, "constant": c.error} for c in worse}
    text = (
        f"The {_listed(worse)}: the model is worse than a constant prediction "
        f"({worse[0].says}), which does not look at X."
    )
    if of_scales:
        text += " The likely cause is the scale of the rows, the finding that follows."
        return (Finding("worse_than_constant", text, numbers, ()),)
    remedies = [Remedy("look at the units of X and y, in training and in use")]
    if worse[0].part != "train":
        text += " On the training rows it is better."
        remedies.append(
            Remedy(f"compare the {worse[0].part} rows with the training rows")
        )
    params = getattr(unwrap(estimator).model, "class_weight", None)
    if is_classifier(estimator) and params is not None:
        remedies.insert(
            0,
            Remedy(
                f"class_weight={params!r} trades errors on frequent classes for those "
                'on rare ones: judge it by scoring="balanced_accuracy"'
            ),
        )
    return (Finding("worse_than_constant", text, numbers, tuple(remedies)),)


def _no_better_than_constant(constants) -> tuple[Finding, ...]:
    same = [c for c in constants if c.part != "train" and not c.is_beaten and c.error]
    if not same:
        return ()
    numbers = {c.part: {"model": c.of_model, "constant": c.error} for c in same}
    text = (
        f"The {_listed(same)}: by this measure the model is no better than a constant "
        f"prediction ({same[0].says})."
    )
    remedies = [Remedy("other features, or rows in which y depends on them more")]
    if same[0].says.startswith("always"):
        remedies.insert(
            0,
            Remedy(
                "another measure, if rare classes count: "
                'scoring="neg_log_loss" or "balanced_accuracy"'
            ),
        )
    return (Finding("no_better_than_constant", text, numbers, tuple(remedies)),)


def _listed(constants) -> str:
    return ", the ".join(
        f"{c.part} error is {c.of_model:.4g}, that of a constant {c.error:.4g}"
        for c in constants
    )


def _scales_for_networks(estimator, train, dev):
    """Return the findings of a fit of our networks; None where there is none inside."""
    unwrapped = cross_validated_in(estimator) or unwrap(estimator)
    net = unwrapped.model
    if isinstance(net, BaseMLPRegularizedCV):
        if net.preprocess:  # it scales the columns itself; a dev set can still be off
            return _scale_of_dev(unwrapped, train, dev)
        net = net.members_[0]
    if not isinstance(net, BaseMLPRegularized):
        return None
    X, y = unwrapped.rows(*train, refit=False)
    X_dev = None if dev[0] is None else unwrapped.rows(*dev, refit=False)[0]
    return scales.findings_of(
        net,
        Rows(rows_to_predict(net, X), y if sparse.issparse(y) else np.asarray(y)),
        None if X_dev is None else Rows(rows_to_predict(net, X_dev), None),
        _names(unwrapped),
    )


def _names(unwrapped) -> scales.Arrays:
    as_seen = " (transformed)" if unwrapped.transformers else ""
    return scales.Arrays(
        f"X_train{as_seen}",
        "y_train",
        f"X_dev{as_seen}",
        f"{type(unwrapped.model).__name__}(...)",
    )


def _scales_for_others(estimator, train, dev):
    """Return the same of another model, as far as its kind minds scales."""
    unwrapped = unwrap(estimator)
    module = type(unwrapped.model).__module__
    X, y = unwrapped.rows(*train, refit=False)
    found = []
    numbers = _numbers_of(X)
    if module.startswith((*_MIND_SCALES, _GRADIENT_DESCENT)) and numbers is not None:
        rows = Rows(numbers, None)
        found += scales.look_at(rows, arrays=_names(unwrapped))
    found += _scale_of_dev(unwrapped, train, dev)
    minds_targets = module.startswith((*_MIND_TARGETS, _GRADIENT_DESCENT))
    if minds_targets and not is_classifier(estimator):
        found += _scale_of_targets(as_targets(y), type(unwrapped.model).__name__)
    return found


def _scale_of_dev(unwrapped, train, dev):
    """Return whether dev rows are on another scale, in the columns of numbers."""
    if dev[0] is None:
        return []
    X, X_dev = (
        _numbers_of(unwrapped.rows(*rows, refit=False)[0]) for rows in (train, dev)
    )
    if X is None or X_dev is None or X.shape[1] != X_dev.shape[1]:
        return []
    found = scales.look_at(Rows(X, None), Rows(X_dev, None), arrays=_names(unwrapped))
    return [one for one in found if one.code == "scale_of_dev_columns"]


def _numbers_of(X):
    """Return the columns of numbers, with means for gaps; None if there are none."""
    if sparse.issparse(X):
        return X
    if hasattr(X, "select_dtypes"):
        X = X.select_dtypes("number").to_numpy(np.float64, na_value=np.nan)
    X = np.asarray(X)
    if X.dtype.kind not in "biuf" or X.ndim != 2 or not X.shape[1]:
        return None
    X = np.asarray(X, dtype=np.float64)
    is_known = np.isfinite(X)
    if is_known.all():
        return X
    n_known = np.maximum(1, is_known.sum(axis=0))
    means = np.where(is_known, X, 0.0).sum(axis=0) / n_known
    return np.where(is_known, X, means)


def _scale_of_targets(y, model: str):
    mean, deviation = (np.abs(a).max() for a in (y.mean(axis=0), y.std(axis=0)))
    if deviation < _OFF and mean < _OFF * max(deviation, 1.0):
        return []
    text = (
        f"y_train is far from mean 0 and deviation 1, where the model starts: its mean "
        f"is {mean:.3g}, its deviation {deviation:.3g}."
    )
    cure = (
        f"Standardise it: TransformedTargetRegressor({model}(...), "
        "transformer=StandardScaler())."
    )
    return [scales.InputFinding("scale_of_targets", float(deviation), text, cure)]
