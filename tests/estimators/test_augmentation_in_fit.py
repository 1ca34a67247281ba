"""`augmentation=` alters the training rows in each epoch, and nothing else."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor

SMALL = {"hidden_layer_sizes": (8,), "tol": 0, "random_state": 0}


class Noise(BaseEstimator):
    """Add Gaussian noise."""

    mixes_targets = False

    def __init__(self, scale=0.1):
        self.scale = scale

    def check(self, n_features):
        if self.scale < 0:
            raise ValueError(f"scale must be >= 0, got {self.scale}.")

    def augment(self, X, Y, s, rng):
        X += (self.scale * rng.normal(size=X.shape)).astype(X.dtype)
        return X, Y, s


class Average(BaseEstimator):
    """Average each row and its label with those of a partner."""

    mixes_targets = True

    def check(self, n_features):
        pass

    def augment(self, X, Y, s, rng):
        partner = rng.permutation(len(X))
        total = s + s[partner]
        Y = (s[:, None] * Y + s[partner, None] * Y[partner]) / total[:, None]
        return (X + X[partner]) / 2, Y, total / 2


class Recording(Average):
    """Record the targets passed to augment."""

    def __init__(self, seen=None):
        self.seen = seen

    def augment(self, X, Y, s, rng):
        self.seen.append(Y.copy())
        return X, Y, s


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300] / 16, y[:300]


def train(net, *rows, epochs=3, **dev):
    for _ in range(epochs):
        net.partial_fit(*rows, **dev)
    return net


def classifier(augmentation, **changes):
    return MLPRegularizedClassifier(augmentation=augmentation, **{**SMALL, **changes})


def test_an_identity_augmenter_changes_nothing(digits):
    X, y = digits
    plain, still = (
        train(classifier(a, shuffle=False), X, y, None, np.unique(y))
        for a in (None, Recording([]))
    )
    for W, V in zip(plain.coefs_, still.coefs_, strict=True):
        assert_allclose(W, V, rtol=1e-5, atol=1e-6)


def test_augmentation_affects_training(digits):
    X, y = digits
    plain, noisy = (
        train(classifier(a), X, y, None, np.unique(y)) for a in (None, Noise(0.5))
    )
    assert np.abs(plain.coefs_[0] - noisy.coefs_[0]).max() > 1e-3


def test_dev_and_prediction_rows_are_not_augmented(digits):
    X, y = digits
    before = X.copy()
    net = train(
        classifier(Noise(10.0)), X, y, None, np.unique(y), X_val=X[:50], y_val=y[:50]
    )
    assert_array_equal(X, before)
    assert_allclose(net.validation_loss_curve_[-1], net.cost(X[:50], y[:50]).data)
    assert_array_equal(net.predict_proba(X), net.predict_proba(X))


def test_augmentation_differs_by_epoch_and_is_reproducible(digits):
    X, y = digits
    seen = []

    class Spy(Noise):
        def augment(self, X, Y, s, rng):
            result = super().augment(X, Y, s, rng)
            seen.append(X.copy())
            return result

    options = {"shuffle": False, "batch_size": 300}
    first = train(classifier(Spy(), **options), X, y, None, np.unique(y), epochs=2)
    assert np.abs(seen[0] - seen[1]).max() > 0.01
    again = train(classifier(Spy(), **options), X, y, None, np.unique(y), epochs=2)
    assert_array_equal(seen[:2], seen[2:])
    assert_array_equal(first.coefs_[0], again.coefs_[0])


def test_resuming_after_pickling_equals_uninterrupted_training(digits):
    X, y = digits
    net = train(classifier(Noise()), X, y, None, np.unique(y), epochs=4)
    half = train(classifier(Noise()), X, y, None, np.unique(y), epochs=2)
    half = train(pickle.loads(pickle.dumps(half)), X, y, epochs=2)
    assert_array_equal(net.coefs_[0], half.coefs_[0])


def test_form_of_the_targets_passed_to_augment():
    """One-hot for classes, 0/1 for two classes or labels, standardised for numbers."""
    X, y = load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, y == 1]).astype(int)
    for y_of_kind, expected in [
        (y, np.eye(3)[y]),
        (np.where(y == 2, "b", "a"), (y == 2)[:, None]),
        (labels, labels),
    ]:
        seen = []
        net = classifier(Recording(seen), shuffle=False)
        classes = None if y_of_kind is labels else np.unique(y_of_kind)
        net.partial_fit(X, y_of_kind, None, classes)
        assert_array_equal(np.concatenate(seen), expected)
    seen = []
    net = MLPRegularizedRegressor(augmentation=Recording(seen), shuffle=False, **SMALL)
    net.partial_fit(X[:, :3], X[:, 3])
    assert_allclose(
        np.concatenate(seen)[:, 0], StandardScaler().fit_transform(X)[:, 3], rtol=1e-5
    )


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "regression"])
def test_training_on_mixed_rows_succeeds(kind, digits):
    X, y = digits
    targets = {
        "binary": y > 4,
        "multiclass": y,
        "multilabel": np.column_stack([y > 4, y % 2]).astype(int),
        "regression": y.astype(float),
    }[kind]
    cls = MLPRegularizedRegressor if kind == "regression" else MLPRegularizedClassifier
    net = cls(augmentation=Average(), max_iter=300, alpha=0.1, random_state=0)
    net.set_params(tol=0, n_iter_no_change=300, batch_size=50, learning_rate="cosine")
    net.fit(X, targets)
    assert net.score(X, targets) > 0.85


def test_the_solver_lbfgs_cannot_use_it(digits):
    with pytest.raises(ValueError, match=r"augmentation=Noise\(\)"):
        classifier(Noise(), solver="lbfgs").fit(*digits)


def test_the_check_of_the_augmenter_is_called(digits):
    with pytest.raises(ValueError, match="scale must be >= 0, got -1"):
        classifier(Noise(-1)).fit(*digits)


def test_a_class_instead_of_an_instance_is_refused(digits):
    with pytest.raises(ValueError, match="got the class Noise"):
        classifier(Noise).fit(*digits)


def test_an_object_that_is_no_augmenter_is_refused(digits):
    with pytest.raises(ValueError, match="'augmentation' parameter"):
        classifier("flip").fit(*digits)


def test_its_parameters_can_be_searched(digits):
    X, y = digits
    net = classifier(Noise(), max_iter=2)
    search = GridSearchCV(net, {"augmentation__scale": [0.0, 0.3]}, cv=2)
    with pytest.warns(match="Maximum iterations"):
        search.fit(X, y)
    assert clone(search.best_estimator_).augmentation.scale in (0.0, 0.3)
