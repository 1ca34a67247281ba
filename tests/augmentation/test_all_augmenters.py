"""Common tests of all exported augmenters."""

import copy
import inspect
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

import skdnn
from skdnn import Mixup, RandomFlip, RandomShift, augmentation
from tests.augmentation.blocks import image_block

SHAPE = (6, 5)
IMAGE_SHAPE = {"image_shape": SHAPE}
# Arguments of classes that need others than an image shape, or accept several kinds.
OTHERS = {
    "AugmentationPipeline": [
        {"steps": [("flip", RandomFlip(SHAPE))]},
        {"steps": [("move", RandomShift(SHAPE)), ("mix", Mixup())]},
    ],
    "CutMix": [{}, IMAGE_SHAPE],
    "Cutout": [{"size": 3}, {"size": 3, **IMAGE_SHAPE}],
}


def augmenters():
    """Yield one or more instances of each public augmenter."""
    for name in augmentation.__all__:
        cls = getattr(augmentation, name)
        if inspect.isabstract(cls):
            continue
        needs_shape = cls.__init__.__code__.co_varnames[1] == "image_shape"
        options = OTHERS.get(name, [IMAGE_SHAPE if needs_shape else {}])
        for option in options:
            yield pytest.param(cls(**option), id=f"{name}-{'-'.join(option)}")


every_augmenter = pytest.mark.parametrize("augmenter", list(augmenters()))
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


class Untouchable:
    """Targets or weights that must be passed through without being accessed."""

    def __getattribute__(self, name):
        raise AssertionError(f"{name} of targets or weights was accessed")


@every_augmenter
def test_exported_from_the_package(augmenter):
    assert getattr(skdnn, type(augmenter).__name__) is type(augmenter)


@every_augmenter
@each_dtype
@pytest.mark.parametrize("n_rows", [1, 2, 40])
def test_keeps_shapes_types_and_finite_values(augmenter, dtype, n_rows):
    block = image_block(SHAPE, n_rows, dtype)
    augmenter.check(30)
    after = augmenter.augment(*map(np.copy, block), np.random.default_rng(0))
    for old, new in zip(block, after, strict=True):
        assert new.shape == old.shape
        assert new.dtype == dtype
        assert np.isfinite(new).all()
    assert after[0].flags.c_contiguous


@every_augmenter
def test_changes_something(augmenter):
    block = image_block(SHAPE)
    X, _, _ = augmenter.augment(*map(np.copy, block), np.random.default_rng(0))
    assert np.abs(X - block[0]).max() > 0.05


@every_augmenter
@each_dtype
def test_same_generator_same_result(augmenter, dtype):
    """Only the generator matters, and no state is kept between calls."""
    block = image_block(SHAPE, dtype=dtype)
    np.random.seed(0)  # noqa: NPY002 (the global generator must not matter)
    first = augmenter.augment(*map(np.copy, block), np.random.default_rng(1))
    other = augmenter.augment(*map(np.copy, block), np.random.default_rng(2))
    again = clone(augmenter).augment(*map(np.copy, block), np.random.default_rng(1))
    for a, b in zip(first, again, strict=True):
        assert_array_equal(a, b)
    assert (first[0] != other[0]).any()


@every_augmenter
def test_memory_order_does_not_matter(augmenter):
    """A user's augmenter may pass on Fortran-ordered rows in a pipeline."""
    X, Y, s = image_block(SHAPE)
    expected, _, _ = augmenter.augment(X.copy(), Y, s, np.random.default_rng(1))
    column_wise = np.asfortranarray(X)
    got, _, _ = augmenter.augment(column_wise, Y, s, np.random.default_rng(1))
    assert_array_equal(got, expected)


@every_augmenter
def test_augment_does_not_change_the_augmenter(augmenter):
    before = copy.deepcopy(vars(augmenter))
    augmenter.check(30)
    augmenter.augment(*image_block(SHAPE), np.random.default_rng(0))
    assert repr(vars(augmenter)) == repr(before)


@every_augmenter
def test_targets_and_weights_are_left_alone(augmenter):
    """They are accessed only if they are mixed, and then not changed in place."""
    X, Y, s = image_block(SHAPE)
    if not augmenter.mixes_targets:
        Y, s = Untouchable(), Untouchable()
        _, after_Y, after_s = augmenter.augment(X, Y, s, np.random.default_rng(0))
        assert after_Y is Y
        assert after_s is s
    else:
        Y.flags.writeable = s.flags.writeable = False
        augmenter.augment(X, Y, s, np.random.default_rng(0))


@every_augmenter
def test_is_an_estimator_for_searches(augmenter):
    copied = clone(augmenter)
    assert copied is not augmenter
    assert repr(copied) == repr(augmenter)
    assert repr(pickle.loads(pickle.dumps(augmenter))) == repr(augmenter)
    for name, value in augmenter.get_params(deep=False).items():
        copied.set_params(**{name: value})
    # All arguments but the first are keyword-only.
    parameters = list(inspect.signature(type(augmenter).__init__).parameters.values())
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[2:])


@every_augmenter
def test_every_parameter_is_checked(augmenter):
    """The error names the parameter and its value."""
    for name in augmenter.get_params(deep=False):
        broken = clone(augmenter).set_params(**{name: b"nonsense"})
        with pytest.raises(ValueError, match=rf"{name}.*b'nonsense'"):
            broken.check(30)
