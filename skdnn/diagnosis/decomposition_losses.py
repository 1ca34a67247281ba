r"""Decompositions of the expected loss into noise, bias and variance, one per loss.

``predictions`` has the shape (n_rounds, n_rows, n_outputs), ``truth`` the shape
(n_rows, n_outputs): class probabilities or indicators, or targets. Each function
returns the terms for each row; the expected loss is computed from the losses
themselves, not as the sum of the terms.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, xlogy


class RowTerms(NamedTuple):
    """The terms for each row, arrays of shape (n_rows,)."""

    expected_loss: np.ndarray
    noise: np.ndarray
    bias: np.ndarray
    variance: np.ndarray
    central: np.ndarray  # the central prediction, (n_rows, n_outputs)


def squared_error_of_targets(predictions, truth, noise=0.0):
    r"""Decompose the squared error of a regressor, summed over outputs.

    .. math::

        E\|y - \hat y\|^2 = E\|y - f\|^2 + \|f - \bar y\|^2 + E\|\hat y - \bar y\|^2,
        \qquad \bar y = E \hat y

    where f is the expectation of y if it is known, and y itself otherwise. S. Geman, E.
    Bienenstock and R. Doursat, "Neural networks and the bias/variance dilemma", Neural
    Computation 4, 1992.
    """
    central = predictions.mean(axis=0)
    noise = np.broadcast_to(np.asarray(noise, dtype=np.float64), len(truth))
    return RowTerms(
        noise + _squared(predictions - truth).mean(axis=0),
        noise,
        _squared(truth - central),
        _squared(predictions - central).mean(axis=0),
        central,
    )


def brier(predictions, truth):
    r"""Decompose the Brier score, the squared error of the class probabilities.

    As for targets, where y is the class indicator, whose expectation is q:

    .. math:: E\|y - q\|^2 = 1 - \|q\|^2 .
    """
    terms = squared_error_of_targets(predictions, truth)
    # Over y drawn from q, class by class: Σₖ qₖ ‖eₖ − p‖² = 1 − 2 q·p + ‖p‖².
    of_rounds = truth.sum(axis=1) - 2 * np.sum(truth * predictions, axis=2)
    expected_loss = (of_rounds + _squared(predictions)).mean(axis=0)
    return terms._replace(expected_loss=expected_loss, noise=1 - _squared(truth))


def log_loss(predictions, truth):
    r"""Decompose the log loss, with the normalised geometric mean at its centre.

    .. math::

        -E \sum_k q_k \ln p_k = H(q) + KL(q \,\|\, \bar p) + E\,KL(\bar p \,\|\, p),
        \qquad \bar p_k = \frac{\exp(E \ln p_k)}{Z},
        \quad E\,KL(\bar p \,\|\, p) = -\ln Z .

    T. Heskes, "Bias/variance decompositions for likelihood-based estimators", Neural
    Computation 10, 1998; for Bregman divergences, D. Pfau, "A generalized bias-variance
    decomposition for Bregman divergences", 2013. Probabilities below the machine
    epsilon of float64 are clipped to it, as in scikit-learn's ``log_loss``.
    """
    p = np.clip(predictions, np.finfo(np.float64).eps, None)
    log_p = np.log(p / p.sum(axis=2, keepdims=True))
    mean_log_p = log_p.mean(axis=0)
    log_normalizer = logsumexp(mean_log_p, axis=1, keepdims=True)
    log_central = mean_log_p - log_normalizer
    noise = -xlogy(truth, truth).sum(axis=1)
    return RowTerms(
        -np.sum(truth * log_p, axis=2).mean(axis=0),
        noise,
        -np.sum(truth * log_central, axis=1) - noise,
        -log_normalizer[:, 0],
        np.exp(log_central),
    )


def zero_one(predictions, truth):
    r"""Decompose the 0–1 loss, with the most frequent prediction at its centre.

    With q the class probabilities, :math:`y^*` the most probable class and
    :math:`\bar y` the mode of the predictions :math:`\hat y` (the first class in case
    of ties):

    .. math::

        E[1 - q_{\hat y}] = (1 - q_{y^*}) + (q_{y^*} - q_{\bar y})
            + E[q_{\bar y} - q_{\hat y}] .

    G. James, "Variance and bias for general loss functions", Machine Learning 51, 2003
    (systematic effect and variance effect). With an observed class as the truth this is
    the decomposition of P. Domingos, "A unified bias-variance decomposition", ICML
    2000: the bias is 1 where the mode is wrong, and the variance is the *net* variance.
    Where the mode is right, it is the probability of leaving it; where the mode is
    wrong, it is minus the probability of predicting the right class.
    """
    rows = np.arange(len(truth))
    frequency = predictions.mean(axis=0)
    central = np.zeros_like(frequency)
    mode = frequency.argmax(axis=1)
    central[rows, mode] = 1
    best, at_mode = truth.max(axis=1), truth[rows, mode]
    of_rounds = 1 - np.sum(truth * predictions, axis=2)
    return RowTerms(
        of_rounds.mean(axis=0),
        1 - best,
        best - at_mode,
        np.sum(frequency * (at_mode[:, None] - truth), axis=1),
        central,
    )


CLASS_LOSSES: Mapping[str, Callable[..., RowTerms]] = MappingProxyType(
    {"squared_error": brier, "log_loss": log_loss, "zero_one": zero_one}
)


def _squared(differences):
    return np.square(differences).sum(axis=-1)
