"""How many dev rows it takes to tell candidates apart."""

import math

import numpy as np
from scipy import special
from sklearn.base import is_classifier

from skdnn.diagnosis.arguments import as_targets, is_count, is_number
from skdnn.diagnosis.bias_variance.out_of_fold import answers_in_common

# More rows than there are of anything.
_MOST_ROWS = 2**63 - 1


def dev_size_for(
    delta,
    error=None,
    candidates=2,
    confidence=0.95,
    *,
    disagreement=None,
    estimators=None,
    y=None,
):
    r"""Return the number of dev rows on which the best candidate comes out first.

    The best candidate has the given error, each other one an error larger by `delta`.
    All are measured on the same n dev rows. Take the share of rows on which one other
    is wrong and the best is right, minus the share where it is the other way round. It
    has the mean δ and, per row, the variance

    .. math::

        \sigma^2 = d - \delta^2, \qquad
        d = p_1 (1 - p_2) + p_2 (1 - p_1) \text{ if the errors are independent,}

    where d is the share of rows on which exactly one of the two is wrong. In the normal
    approximation, with half a row for ties, the best comes out behind or level with
    that one with probability :math:`\Phi((\tfrac12 - n\delta) / (\sigma\sqrt n))`.
    Summed over the others (Bonferroni's bound), this stays within 1 - confidence once

    .. math::

        \sqrt n \ge \frac{z\sigma + \sqrt{z^2\sigma^2 + 2\delta}}{2\delta}, \qquad
        z = \Phi^{-1}\left(1 - \frac{1 - \text{confidence}}
        {\text{candidates} - 1}\right).

    Parameters
    ----------
    delta : float
        The smallest difference δ of errors that matters, in (0, 1).
    error : float
        Error of the best candidate, in [0, 1 - delta]. Left out where `estimators` say
        it.
    candidates : int, default=2
        How many are compared.
    confidence : float, default=0.95
        Probability that the best comes out first, in (0, 1).
    disagreement : float, default=None
        The share d of rows on which exactly one of two candidates is wrong, in
        [delta, 1]. None assumes independent errors, which asks for more rows than
        needed: candidates mostly fail on the same rows.
    estimators : estimator or list of estimators, default=None
        Fitted cross-validated classifiers, such as :class:`MLPRegularizedClassifierCV`:
        `error` is the smallest of their out-of-fold errors, and of two or more,
        `disagreement` is the largest of the best one with another. They are candidates
        themselves, so that there are as many at least.
    y : array-like of shape (n_samples,), default=None
        The labels of all rows that `estimators` were fitted to, in their order.

    Returns
    -------
    int
        Number of dev rows.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or not a number, or if more rows would be needed
        than can be counted.

    See Also
    --------
    BiasVarianceReport : Says how many rows are needed to tell a gap from its threshold.

    Notes
    -----
    The candidates other than the best are taken to be exactly `delta` worse: the least
    favourable case if none of them is nearer. Among candidates nearer than that, the
    choice may be wrong, and costs less than `delta`.

    References
    ----------
    R. Bechhofer, "A single-sample multiple decision procedure for ranking means of
    normal populations with known variances", Annals of Mathematical Statistics 25,
    1954. Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947.

    Examples
    --------
    >>> from skdnn import dev_size_for
    >>> dev_size_for(0.01, 0.1, candidates=10)
    12215
    >>> dev_size_for(0.01, 0.1, candidates=10, disagreement=0.05)
    3317
    """
    if estimators is not None:
        if error is not None or disagreement is not None:
            raise ValueError("Give either estimators or error and disagreement.")
        error, disagreement, n_given = _measured(estimators, y)
    elif y is not None:
        raise ValueError("y is given without estimators.")
    delta, error = _number("delta", delta), _number("error", error)
    confidence = _number("confidence", confidence)
    _check_range("delta", delta, 0 < delta < 1, "above 0 and below 1")
    _check_range("error", error, 0 <= error < 1, "0 or more and below 1")
    _check_range("confidence", confidence, 0 < confidence < 1, "above 0 and below 1")
    is_enough = is_count(candidates) and candidates >= 2
    _check_range("candidates", candidates, is_enough, "a whole number (int), 2 or more")
    if estimators is not None:
        candidates = max(candidates, n_given)
        if disagreement is not None:
            # So many at least, if one of them is worse by delta.
            disagreement = max(disagreement, delta)
    if error + delta > 1:
        raise ValueError(
            f"error={error!r} and delta={delta!r} are not allowed together: their sum "
            "is the error of the other candidates, at most 1."
        )
    if disagreement is None:
        other = error + delta
        disagreement = error * (1 - other) + other * (1 - error)
    else:
        disagreement = _number("disagreement", disagreement)
        is_share = 0 < disagreement <= 1
        _check_range("disagreement", disagreement, is_share, "above 0, at most 1")
        if disagreement < delta:
            raise ValueError(
                f"disagreement={disagreement!r} is not allowed: errors that differ by "
                f"delta={delta!r} disagree on as many rows at least."
            )
    sigma = math.sqrt(max(0.0, disagreement - delta**2))
    # As a logarithm, which stays in range however small the chance of an error and
    # however many the candidates.
    chance = math.log1p(-confidence) - math.log(int(candidates) - 1)
    root_n = _root_of_rows(-float(special.ndtri_exp(chance)) * sigma, delta)
    if not root_n**2 < _MOST_ROWS:
        raise ValueError(
            f"delta={delta!r} is too small: more than {_MOST_ROWS:.0e} dev rows would "
            "be needed to see it."
        )
    return max(1, math.ceil(root_n**2))


def _root_of_rows(z_sigma: float, delta: float) -> float:
    """Return the least √n with n δ - zσ √n >= 1/2, at most the root of many rows."""
    root = math.sqrt(z_sigma**2 + 2 * delta)
    # Two forms of the same; take the one that does not subtract nearly equal numbers.
    above = z_sigma + root if z_sigma > 0 else 2 * delta / (root - z_sigma)
    return min(above / (2 * delta), 1e100)


def _measured(estimators, y) -> tuple[float, float | None, int]:
    """Return the smallest out-of-fold error, the disagreement, and of how many."""
    if y is None:
        raise ValueError("y must be given with estimators: the labels of their rows.")
    models, numbers = answers_in_common(estimators, y, "error must be given: ")
    if not all(map(is_classifier, models)):
        raise TypeError("estimators must be classifiers: errors are shares of rows.")
    labels = as_targets(y)[numbers]
    said = np.array([as_targets(model.predict(None)) for model in models])
    is_off = np.not_equal(said, labels).reshape(*said.shape[:2], -1)
    wrong = is_off.any(axis=2)  # any of several labels
    errors = wrong.mean(axis=1)
    best = int(np.argmin(errors))
    if len(models) == 1:
        return float(errors[0]), None, 1
    apart = (wrong != wrong[best]).mean(axis=1)
    return float(errors[best]), float(apart.max()), len(models)


def _number(name, value) -> float:
    if not is_number(value):
        raise TypeError(f"{name}={value!r} is not allowed: give a number.")
    return float(value)


def _check_range(name, value, is_inside, allowed) -> None:
    if not is_inside:
        raise ValueError(f"{name}={value!r} is not allowed: it must be {allowed}.")
