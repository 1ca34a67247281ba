"""Augmentation pipelines: the order of steps, their parameters, invalid steps."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skdnn import (
    AugmentationPipeline,
    Cutout,
    GaussianNoise,
    Mixup,
    RandomFlip,
    RandomShift,
)
from tests.augmentation.blocks import augmented, image_block

SHAPE = (6, 5)


def pipeline(*augmenters):
    return AugmentationPipeline([(f"step{i}", a) for i, a in enumerate(augmenters)])


def test_steps_are_applied_in_order_with_one_generator():
    steps = RandomShift(SHAPE), GaussianNoise(), Mixup()
    block = image_block(SHAPE)
    expected, rng = block, np.random.default_rng(3)
    for step in steps:
        expected = step.augment(*map(np.copy, expected), rng)
    for a, b in zip(augmented(pipeline(*steps), block, 3), expected, strict=True):
        assert_array_equal(a, b)
    # The reverse order gives another result.
    X, _, _ = augmented(pipeline(*reversed(steps)), block, 3)
    assert (X != expected[0]).any()


def test_noise_after_cutout_is_not_cut_out():
    block = image_block(SHAPE)
    blot, noise = Cutout(30, fill=7.0), GaussianNoise()
    assert_array_equal(augmented(pipeline(noise, blot), block)[0], 7)
    assert (augmented(pipeline(blot, noise), block)[0] != 7).all()


def test_nothing_to_do():
    block = image_block(SHAPE)
    for nothing in (pipeline(), pipeline("passthrough")):
        assert_array_equal(augmented(nothing, block)[0], block[0])
        assert not nothing.mixes_targets


def test_mixes_targets_if_one_of_them_does():
    assert pipeline(RandomFlip(SHAPE), Mixup()).mixes_targets
    assert pipeline(pipeline(Mixup())).mixes_targets
    assert not pipeline(RandomFlip(SHAPE), GaussianNoise()).mixes_targets


def test_parameters_are_set_by_the_names_of_the_steps():
    steps = [("flip", RandomFlip(SHAPE)), ("mix", Mixup())]
    augmentation = clone(AugmentationPipeline(steps))
    assert augmentation.get_params()["flip__p"] == 0.5
    augmentation.set_params(flip__p=0.1, mix=RandomShift(SHAPE), mix__max_shift=1)
    (_, flip), (_, shift) = augmentation.steps
    assert flip.p == 0.1
    assert shift.max_shift == 1
    assert augmentation.set_params(mix="passthrough").steps[1][1] == "passthrough"
    assert steps[0][1].p == 0.5  # the clone has its own steps
    assert set(augmentation.get_params(deep=False)) == {"steps"}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([RandomFlip(SHAPE)], "steps contains RandomFlip.*each step must be a tuple"),
        ([(1, RandomFlip(SHAPE))], "each step must be a tuple"),
        (
            [("a", GaussianNoise), ("b", Mixup())],
            "steps has <class.*as step 'a', which is not allowed",
        ),
        ([("a", None)], "steps has None as step 'a', which is not allowed"),
        ([("a", Mixup()), ("a", Mixup())], "Names provided are not unique"),
        ([("a__b", Mixup())], "must not contain __"),
        ([("steps", Mixup())], "conflict with constructor arguments"),
        ([("a", Mixup()), ("b", GaussianNoise(-1))], "'scale' .* GaussianNoise"),
        ((("a", Mixup()),), "'steps' parameter of AugmentationPipeline"),
    ],
)
def test_steps_that_are_not_allowed(steps, message):
    with pytest.raises(ValueError, match=message):
        AugmentationPipeline(steps).check(30)
