"""Section 2: the four cases, Bayes error, and that the remedies work."""

import pytest
from sklearn.datasets import load_digits

from skdnn import BiasVarianceReport, MLPRegularizedClassifier


@pytest.mark.parametrize(
    ("errors", "diagnosis"),
    [
        ((0.01, 0.11), "high variance"),
        ((0.15, 0.16), "high bias"),
        ((0.15, 0.30), "high bias and high variance"),
        ((0.005, 0.01), "neither high bias nor high variance"),
        ((0.15, 0.16, 0.15), "neither high bias nor high variance"),
    ],
)
def test_the_table(errors, diagnosis):
    assert BiasVarianceReport.from_errors(*errors).diagnosis == diagnosis


def errors_of(net, n_train):
    """Return train and dev error on digits, with `n_train` training rows."""
    X, y = load_digits(return_X_y=True)
    X, dev = X / 16, slice(1000, None)
    net.fit(X[:n_train], y[:n_train])
    return 1 - net.score(X[:n_train], y[:n_train]), 1 - net.score(X[dev], y[dev])


def digits_net(units, **params):
    settings = {"learning_rate": "cosine", "max_iter": 300, "alpha": 0.01}
    return MLPRegularizedClassifier(
        (units,), n_iter_no_change=300, random_state=0, **{**settings, **params}
    )


def test_a_larger_network_and_longer_training_reduce_bias():
    """Measured train errors: 0.60 with 2 units, 0.86 after one epoch, then 0.002."""
    small, _ = errors_of(digits_net(2), 1000)
    short, _ = errors_of(digits_net(50, max_iter=1), 1000)
    large, _ = errors_of(digits_net(50), 1000)
    assert large < 0.02 < 0.2 < min(small, short)


def test_more_rows_reduce_variance():
    """Measured gaps: 0.24 with 60 rows, 0.06 with 1 000."""
    gaps = []
    for n_train in (60, 1000):
        train, dev = errors_of(digits_net(50), n_train)
        gaps.append(dev - train)
    assert gaps[1] < 0.6 * gaps[0]
