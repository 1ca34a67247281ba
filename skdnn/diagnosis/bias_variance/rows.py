"""Findings about the rows: harmful scales, and models no better than a constant.

A constant prediction ignores X. If a model has a larger error, it has learnt something
that does not hold for these rows. The first cause to check is the scale of X or y,
or a dev set on another scale than the training rows.
"""

from dataclasses import replace

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

WORSE, NO_BETTER = "worse_than_constant", "no_better_than_constant"
# scikit-learn's models that learn poorly from columns of very different scales. Trees
# and models with a closed-form solution are not affected.
_MIND_SCALES = ("sklearn.neural_network", "sklearn.svm", "sklearn.neighbors")
_MIND_TARGETS = ("sklearn.neural_network", "sklearn.svm")
_GRADIENT_DESCENT = "sklearn.linear_model._stochastic_gradient"
# y is off scale if its standard deviation, or the ratio of its mean to the larger of
# that and 1, reaches this.
_OFF = 10.0


def findings_of_rows(
    estimator, train, dev, constants: tuple[Constant, ...] = (), scoring=None
) -> tuple[Finding, ...]:
    """Return the scale warnings of a fit, and whether a constant is as good.

    Parameters
    ----------
    estimator : fitted estimator
        Rows are checked as the model inside it receives them.
    train, dev : (X, y)
        Rows as passed to the estimator; (None, None) without dev rows.
    constants : tuple of Constant
        The error of a constant on each part. If it is as good, the scales of X and y
        are also checked for models other than our networks.
    scoring : str, callable or None
        How errors are measured. Another measure is recommended for None and "accuracy"
        only, which favour frequent classes.
    """
    worse = [constant for constant in constants if constant.is_surely_better]
    same = [c for c in constants if c.part != "train" and not c.is_beaten and c.error]
    found = _scales_for_networks(estimator, train, dev)
    if found is None:
        is_odd = bool(worse or same)
        found = _scales_for_others(estimator, train, dev) if is_odd else ()
    of_scales = tuple(
        Finding(one.code, one.text, {"figure": one.figure}, (Remedy(one.cure),))
        for one in found
    )
    compared: tuple[Finding, ...] = ()
    favours_frequent = scoring is None or scoring == "accuracy"
    if worse:
        compared = (_worse_than_constant(estimator, worse, favours_frequent),)
    elif same:
        compared = (_no_better_than_constant(same, favours_frequent),)
    if compared and of_scales:
        compared = (_by_their_scale(compared[0]),)
    return (*compared, *of_scales)


def is_scale_to_blame(findings) -> bool:
    """Whether a wrong scale explains the errors.

    That is so if a constant is as good and a scale was found to be harmful, or if the
    dev rows are on another scale.
    """
    codes = [finding.code for finding in findings]
    is_odd = codes[:1] in ([WORSE], [NO_BETTER]) and len(codes) > 1
    return is_odd or "scale_of_dev_columns" in codes


def _by_their_scale(finding: Finding) -> Finding:
    text = f"{finding.text} The likely cause is the scale of the rows (see below)."
    return replace(finding, text=text, remedies=())


def _worse_than_constant(estimator, worse, favours_frequent: bool) -> Finding:
    text = (
        f"The model is worse than a constant prediction ({worse[0].prediction}), which "
        f"ignores X: the {_listed(worse)}."
    )
    remedies = [Remedy("Check the units of X and y, in training and in prediction.")]
    if worse[0].part != "train":
        part = worse[0].part
        text += " On the training rows it is better."
        remedies.append(Remedy(f"Compare the {part} rows with the training rows."))
    class_weight = getattr(unwrap(estimator).model, "class_weight", None)
    if class_weight is not None and favours_frequent:
        balanced = Remedy(
            f"class_weight={class_weight!r} accepts errors on frequent classes to "
            'avoid those on rare ones: use scoring="balanced_accuracy".'
        )
        remedies.insert(0, balanced)
    return Finding(WORSE, text, _figures(worse), tuple(remedies))


def _no_better_than_constant(same, favours_frequent: bool) -> Finding:
    text = (
        "By this measure the model is no better than a constant prediction "
        f"({same[0].prediction}): the {_listed(same)}."
    )
    remedies = [Remedy("Use other features, or rows in which y depends on them more.")]
    if favours_frequent and same[0].prediction.startswith("always"):
        other_measure = Remedy(
            "If rare classes matter, use another measure: "
            'scoring="neg_log_loss" or "balanced_accuracy".'
        )
        remedies.insert(0, other_measure)
    return Finding(NO_BETTER, text, _figures(same), tuple(remedies))


def _figures(constants) -> dict[str, dict[str, float]]:
    return {c.part: {"model": c.of_model, "constant": c.error} for c in constants}


def _listed(constants) -> str:
    return ", the ".join(
        f"{c.part} error is {c.of_model:.4g} (constant: {c.error:.4g})"
        for c in constants
    )


def _scales_for_networks(estimator, train, dev):
    """Return the scale findings for one of our networks; None for other models."""
    unwrapped = cross_validated_in(estimator) or unwrap(estimator)
    net = unwrapped.model
    if isinstance(net, BaseMLPRegularizedCV):
        if net.preprocess:  # columns are scaled inside; a dev set can still be off
            return _scale_of_dev(unwrapped, train, dev)
        net = net.members_[0]
    if not isinstance(net, BaseMLPRegularized):
        return None
    X, y = unwrapped.rows(*train, refit=False)
    X_dev = None if dev[0] is None else unwrapped.rows(*dev, refit=False)[0]
    return scales.scale_findings(
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
    """Return the scale findings for another model, if it is sensitive to scales."""
    unwrapped = unwrap(estimator)
    module = type(unwrapped.model).__module__
    X, y = unwrapped.rows(*train, refit=False)
    found = []
    numbers = _numbers_of(X)
    if module.startswith((*_MIND_SCALES, _GRADIENT_DESCENT)) and numbers is not None:
        rows = Rows(numbers, None)
        found += scales.check_scales(rows, arrays=_names(unwrapped))
    found += _scale_of_dev(unwrapped, train, dev)
    minds_targets = module.startswith((*_MIND_TARGETS, _GRADIENT_DESCENT))
    if minds_targets and not is_classifier(estimator):
        found += _scale_of_targets(as_targets(y), type(unwrapped.model).__name__)
    return found


def _scale_of_dev(unwrapped, train, dev):
    """Return the finding on the scale of the dev rows, for numeric columns."""
    if dev[0] is None:
        return []
    X, X_dev = (
        _numbers_of(unwrapped.rows(*rows, refit=False)[0]) for rows in (train, dev)
    )
    if X is None or X_dev is None or X.shape[1] != X_dev.shape[1]:
        return []
    found = scales.check_scales(
        Rows(X, None), Rows(X_dev, None), arrays=_names(unwrapped)
    )
    return [one for one in found if one.code == "scale_of_dev_columns"]


def _numbers_of(X):
    """Return the numeric columns, NaN replaced by means; None if there are none."""
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
        "y_train is far from mean 0 and standard deviation 1, where the model starts: "
        f"its mean is {mean:.3g}, its standard deviation {deviation:.3g}."
    )
    cure = (
        f"Standardise it: TransformedTargetRegressor({model}(...), "
        "transformer=StandardScaler())."
    )
    return [scales.InputFinding("scale_of_targets", float(deviation), text, cure)]
