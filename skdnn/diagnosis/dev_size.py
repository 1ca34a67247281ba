"""How many dev rows tell candidates apart."""

import math
from numbers import Integral, Real

from scipy import special

from skdnn.estimators.sklearn_private import Interval, validate_params


@validate_params(
    {
        "delta": [Interval(Real, 0, 1, closed="neither")],
        "error": [Interval(Real, 0, 1, closed="left")],
        "candidates": [Interval(Integral, 2, None, closed="left")],
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "disagreement": [Interval(Real, 0, 1, closed="right"), None],
    },
    prefer_skip_nested_validation=True,
)
def dev_size_for(delta, error, candidates=2, confidence=0.95, *, disagreement=None):
    r"""Return the number of dev rows on which the best candidate comes out first.

    The best candidate has the given error, each other one an error larger by `delta`.
    All are measured on the same n dev rows. The share of rows on which one other is
    wrong and the best is right, minus the share where it is the other way round, has
    the mean δ and, per row, the variance

    .. math::

        \sigma^2 = d - \delta^2, \qquad
        d = p_1 (1 - p_2) + p_2 (1 - p_1) \text{ if the errors are independent,}

    where d is the share of rows on which exactly one of the two is wrong. In the normal
    approximation, with half a row for the ties, the best comes out behind or level with
    that one with the probability :math:`\Phi((\tfrac12 - n\delta) / (\sigma\sqrt n))`.
    Added up over the others (Bonferroni's bound), this stays within 1 - confidence once

    .. math::

        \sqrt n \ge \frac{z\sigma + \sqrt{z^2\sigma^2 + 2\delta}}{2\delta}, \qquad
        z = \Phi^{-1}\left(1 - \frac{1 - \text{confidence}}
        {\text{candidates} - 1}\right).

    Parameters
    ----------
    delta : float
        Difference δ of the errors that matters, in (0, 1).
    error : float
        Error of the best candidate, in [0, 1 - delta].
    candidates : int, default=2
        How many are compared.
    confidence : float, default=0.95
        Probability that the best comes out first, in (0, 1).
    disagreement : float, default=None
        The share d of rows on which exactly one of two candidates is wrong, in
        [delta, 1]. None takes their errors for independent, which asks for more rows
        than needed: candidates mostly fail on the same rows.

    Returns
    -------
    int
        Number of dev rows.

    Raises
    ------
    ValueError
        If an argument is out of its range.

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
    if error + delta > 1:
        raise ValueError(
            f"error={error!r} and delta={delta!r} are not allowed together: their sum "
            "is the error of the other candidates, at most 1."
        )
    if disagreement is None:
        other = error + delta
        disagreement = error * (1 - other) + other * (1 - error)
    elif disagreement < delta:
        raise ValueError(
            f"disagreement={disagreement!r} is not allowed: errors that differ by "
            f"delta={delta!r} disagree on as many rows at least."
        )
    sigma = math.sqrt(max(0.0, disagreement - delta**2))
    z = float(special.ndtri(1 - (1 - confidence) / (candidates - 1)))
    root_n = (z * sigma + math.sqrt((z * sigma) ** 2 + 2 * delta)) / (2 * delta)
    return max(1, math.ceil(root_n**2))
