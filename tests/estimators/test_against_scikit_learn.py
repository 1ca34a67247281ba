"""Twenty steps equal those of scikit-learn's networks, an independent implementation.

Both start from the same parameters and zero moments and use full batches.
scikit-learn divides its penalty by the weight of a batch, we divide by that of the
training set. With full batches `alpha` is the same number, and `from_sklearn` keeps it.
"""

import numpy as np
from numpy.testing import assert_allclose
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import KINDS, make_rows, parameters
from tests.pairwise import every_pair

# scikit-learn adds Adam's ε to sqrt(v), we add it to the bias-corrected
# sqrt(v / (1 - β₂ᵗ)), as in the paper. With the usual ε small gradients differ; with a
# negligible ε both rules are the same.
SOLVERS = {
    "sgd": ({"momentum": 0.0}, 0.1, 1e-12),
    "momentum": ({"momentum": 0.9, "nesterovs_momentum": False}, 0.1, 1e-12),
    "nesterov": ({"momentum": 0.9}, 0.1, 1e-12),
    "adam": ({"solver": "adam"}, 0.0005, 1e-5),
    "adam, small ε": ({"solver": "adam", "epsilon": 1e-30}, 0.01, 1e-12),
}
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
HIDDEN = [(), (5,), (6, 4)]


def _step_side_by_side(ours, theirs, X, y, solver, sample_weight=None, **first_call):
    """Take one step to initialise, then twenty with both networks."""
    options, rate, atol = SOLVERS[solver]
    theirs.set_params(
        **{"solver": "sgd", **options},
        learning_rate_init=rate,
        batch_size=len(X),
        shuffle=False,
        random_state=0,
    )
    theirs.partial_fit(X, y, **first_call)
    del theirs._optimizer  # reset its moments, as ours start from zero
    net = ours.from_sklearn(theirs, n_samples=len(X))
    assert net.alpha == theirs.alpha
    before = parameters(net)
    total_weight = len(X) if sample_weight is None else sample_weight.sum()
    for _ in range(20):
        theirs.partial_fit(X, y, sample_weight=sample_weight)
        net.partial_fit(X, y, sample_weight, total_weight=total_weight)
        assert_allclose(parameters(net), parameters(theirs), rtol=0, atol=atol)
        # scikit-learn reports the squared error as the mean over several outputs.
        if net.n_outputs_ == 1 or theirs.loss != "squared_error":
            assert_allclose(net.loss_, theirs.loss_, rtol=10 * atol)
    assert np.abs(parameters(net) - before).max() > 1e-3


def _weights(n_rows, are_given):
    return np.random.default_rng(1).uniform(0, 3, n_rows) if are_given else None


@every_pair(
    solver=list(SOLVERS),
    activation=ACTIVATIONS,
    hidden=HIDDEN,
    kind=KINDS,
    alpha=[0.0, 2.0],
    weighted=[False, True],
)
def test_twenty_steps_of_a_classifier(
    solver, activation, hidden, kind, alpha, weighted
):
    X, y = make_rows(kind, 41)
    mlp = MLPClassifier(hidden, activation, alpha=alpha)
    classes = [0, 1, 2][: 2 if kind == "binary" else 3]
    _step_side_by_side(
        MLPRegularizedClassifier,
        mlp,
        X,
        y,
        solver,
        _weights(len(X), weighted),
        classes=classes,
    )


@every_pair(
    solver=list(SOLVERS),
    activation=ACTIVATIONS,
    loss=["squared_error", "poisson"],
    n_outputs=[1, 3],
    alpha=[0.0, 2.0],
    weighted=[False, True],
)
def test_twenty_steps_of_a_regressor(
    solver, activation, loss, n_outputs, alpha, weighted
):
    X, _ = make_rows(n_rows=41)
    y = np.abs(X[:, :n_outputs] + np.random.default_rng(0).normal(size=(41, n_outputs)))
    mlp = MLPRegressor(loss, (6, 4), activation, alpha=alpha)
    _step_side_by_side(
        MLPRegularizedRegressor,
        mlp,
        X,
        y[:, 0] if n_outputs == 1 else y,
        solver,
        _weights(len(X), weighted),
    )
