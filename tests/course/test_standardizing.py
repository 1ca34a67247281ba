"""Section 6: standardised inputs make contours rounder, which saves steps."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from skdnn import InputStandardizer, MLPRegularizedClassifier, MLPRegularizedRegressor

FACTOR = 100


def gradient_descent(Net, X, y, rate, n_epochs, **params):
    """Return a net after full-batch gradient descent at a constant rate."""
    return Net(
        activation="tanh",
        solver="sgd",
        momentum=0.0,
        averaging=None,
        batch_size=len(X),
        learning_rate_init=rate,
        max_iter=n_epochs,
        tol=0,
        n_iter_no_change=np.inf,
        dtype="float64",
        random_state=0,
        **params,
    ).fit(X, y)


def epochs_to(cost, X, y, rates, n_epochs, hidden):
    """Return the epochs that the best of the rates needs to bring J down to a cost."""
    best = np.inf
    for rate in rates:
        net = gradient_descent(
            MLPRegularizedClassifier,
            X,
            y,
            rate,
            n_epochs,
            hidden_layer_sizes=hidden,
            alpha=1.0,
        )
        reached = np.flatnonzero(np.array(net.loss_curve_) <= cost)
        best = min(best, *reached + 1) if reached.size else best
    return best


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")
@pytest.mark.parametrize("hidden", [(), (8,)], ids=["logistic", "one hidden layer"])
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_standardising_saves_99_of_100_epochs(load, hidden):
    """Each at the best rate of its grid, to J = 0.15 (it starts at about ln 2 or ln 3).

    Measured: 3 to 7 epochs standardised; more than 4 000 for raw columns, whose scales
    differ by a factor of 2 500 (wine) and 200 000 (breast cancer). Too large a rate
    diverges, too small a rate runs out of epochs: both warn, and both belong to the
    comparison.
    """
    X, y = load(return_X_y=True)
    X_scaled = InputStandardizer().fit_transform(X)
    rates = 10.0 ** np.arange(-1, 1.1, 0.25)
    with_it = epochs_to(0.15, X_scaled, y, rates, 20, hidden)
    assert with_it <= 10
    rates = 10.0 ** np.arange(-7, 1.1, 0.5)
    without = epochs_to(0.15, X, y, rates, FACTOR * with_it, hidden)
    assert without == np.inf


load_raw_diabetes = partial(load_diabetes, scaled=False)


def hessian(X):
    """Return ∇²J of linear regression over (b, w), the same at every θ."""
    design = np.column_stack([np.ones(len(X)), X])
    return design.T @ design / len(X)


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer, load_raw_diabetes])
def test_contours_of_the_linear_case_become_rounder(load):
    """The Hessian's condition number: longest axis over shortest axis, squared.

    Measured, raw and standardised: 5e8 and 46 for wine, 2e12 and 1e5 for breast cancer
    (whose columns are nearly dependent, which no scaling changes), 5e7 and 470 for
    diabetes.
    """
    raw, _ = load(return_X_y=True)
    with_it = np.linalg.cond(hessian(InputStandardizer().fit_transform(raw)))
    assert np.linalg.cond(hessian(raw)) > FACTOR * with_it


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")
@pytest.mark.parametrize("standardized", [False, True])
def test_the_steepest_direction_bounds_the_learning_rate(standardized):
    """Below 2 / (largest curvature) J falls at each step, above it J diverges.

    So one column of large numbers limits the rate for all columns.
    """
    X, y = load_raw_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    if standardized:
        X = InputStandardizer().fit_transform(X)
    limit = 2 / np.linalg.eigvalsh(hessian(X))[-1]
    below, above = (
        gradient_descent(
            MLPRegularizedRegressor,
            X,
            y,
            factor * limit,
            300,
            hidden_layer_sizes=(),
            init="zeros",
            alpha=0.0,
        )
        for factor in (0.95, 1.05)
    )
    assert np.all(np.diff(below.loss_curve_) < 0)
    assert above.loss_curve_[-1] > 1e3 * above.loss_curve_[0]
