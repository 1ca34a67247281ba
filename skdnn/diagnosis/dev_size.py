"""The number of dev rows needed to tell candidates apart."""

import math

import numpy as np
from scipy import special
from sklearn.base import is_classifier

from skdnn.diagnosis.arguments import as_targets, is_count, is_number
from skdnn.diagnosis.bias_variance.out_of_fold import common_predictions

# No data set has more rows.
_MAX_ROWS = 2**63 - 1


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
    r"""Return how many dev rows are needed for the best candidate to come out first.

    The best candidate has the given error; each other one has an error larger by
    `delta`. All are evaluated on the same n dev rows. The share of rows on which
    another candidate is wrong and the best is right, minus the share where the reverse
    holds, has the mean δ and, per row, the variance

    .. math::

        \sigma^2 = d - \delta^2, \qquad
        d = p_1 (1 - p_2) + p_2 (1 - p_1) \text{ if the errors are independent,}

    where d is the share of rows on which exactly one of the two is wrong. In the normal
    approximation, with a continuity correction of half a row, the best does not come
    out ahead of it with probability
    :math:`\Phi((\tfrac12 - n\delta) / (\sigma\sqrt n))`. Summed over the other
    candidates (Bonferroni's bound), this is at most 1 - confidence if

    .. math::

        \sqrt n \ge \frac{z\sigma + \sqrt{z^2\sigma^2 + 2\delta}}{2\delta}, \qquad
        z = \Phi^{-1}\left(1 - \frac{1 - \text{confidence}}
        {\text{candidates} - 1}\right).

    Parameters
    ----------
    delta : float
        Smallest difference δ of errors that matters, in (0, 1).
    error : float, default=None
        Error of the best candidate, in [0, 1 - delta]. Required unless `estimators` are
        given.
    candidates : int, default=2
        Number of candidates compared, at least 2.
    confidence : float, default=0.95
        Probability that the best comes out first, in (0, 1).
    disagreement : float, default=None
        The share d of rows on which exactly one of two candidates is wrong, in
        [delta, 1]. None assumes independent errors, which overstates the number of
        rows: candidates mostly fail on the same rows.
    estimators : estimator or list of estimators, default=None
        Fitted cross-validated classifiers, such as :class:`MLPRegularizedClassifierCV`,
        in place of `error` and `disagreement`: `error` is the smallest of their
        out-of-fold errors, and with two or more, `disagreement` is the largest between
        the best and another. `candidates` is at least their number.
    y : array-like of shape (n_samples,), default=None
        Labels of all rows that `estimators` were fitted to, in the same order.

    Returns
    -------
    int
        Number of dev rows.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or not a number, or if the result would exceed
        9e18 rows.

    See Also
    --------
    BiasVarianceReport : Rows needed to tell a gap from its threshold.

    Notes
    -----
    All candidates other than the best are assumed to be exactly `delta` worse, the
    least favourable configuration if none of them is closer. If some are closer, the
    choice may be wrong, but costs less than `delta`.

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
            raise ValueError("Give either estimators, or error and disagreement.")
        error, disagreement, n_given = _measured(estimators, y)
    elif y is not None:
        raise ValueError("y is given without estimators; it is for them only.")
    delta, error = _number("delta", delta), _number("error", error)
    confidence = _number("confidence", confidence)
    _check_range("delta", delta, 0 < delta < 1, "above 0 and below 1")
    _check_range("error", error, 0 <= error < 1, "at least 0 and below 1")
    _check_range("confidence", confidence, 0 < confidence < 1, "above 0 and below 1")
    is_enough = is_count(candidates) and candidates >= 2
    _check_range("candidates", candidates, is_enough, "an int of at least 2")
    if estimators is not None:
        candidates = max(candidates, n_given)
        if disagreement is not None:
            # Errors that differ by delta disagree on at least that share of rows.
            disagreement = max(disagreement, delta)
    if error + delta > 1:
        raise ValueError(
            f"error={error!r} and delta={delta!r} are not allowed together: their sum, "
            "the error of the other candidates, must be at most 1."
        )
    if disagreement is None:
        other = error + delta
        disagreement = error * (1 - other) + other * (1 - error)
    else:
        disagreement = _number("disagreement", disagreement)
        is_share = 0 < disagreement <= 1
        _check_range("disagreement", disagreement, is_share, "above 0 and at most 1")
        if disagreement < delta:
            raise ValueError(
                f"disagreement={disagreement!r} is not allowed: it must be at least "
                f"delta={delta!r}, the difference of the errors."
            )
    sigma = math.sqrt(max(0.0, disagreement - delta**2))
    # The logarithm neither underflows for confidences near 1 nor with many candidates.
    chance = math.log1p(-confidence) - math.log(int(candidates) - 1)
    root_n = _root_of_rows(-float(special.ndtri_exp(chance)) * sigma, delta)
    if not root_n**2 < _MAX_ROWS:
        raise ValueError(
            f"delta={delta!r} is too small: detecting it would take more than "
            f"{_MAX_ROWS:.0e} dev rows."
        )
    return max(1, math.ceil(root_n**2))


def _root_of_rows(z_sigma: float, delta: float) -> float:
    """Return the least √n with n δ - zσ √n >= 1/2, capped at 1e100."""
    root = math.sqrt(z_sigma**2 + 2 * delta)
    # Two forms of the same root; take the one without cancellation.
    above = z_sigma + root if z_sigma > 0 else 2 * delta / (root - z_sigma)
    return min(above / (2 * delta), 1e100)


def _measured(estimators, y) -> tuple[float, float | None, int]:
    """Return the smallest out-of-fold error, disagreement and number of fits."""
    if y is None:
        raise ValueError("y must be given with estimators: the labels of their rows.")
    models, numbers = common_predictions(estimators, y, "error must be given: ")
    if not all(map(is_classifier, models)):
        raise TypeError("estimators must be classifiers: errors are shares of rows.")
    labels = as_targets(y)[numbers]
    predicted = np.array([as_targets(model.predict(None)) for model in models])
    is_off = np.not_equal(predicted, labels).reshape(*predicted.shape[:2], -1)
    wrong = is_off.any(axis=2)  # of several labels, any
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
