"""What augmentation adds to an epoch, on rows of the size of MNIST's images."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from benchmarks.contestants import skdnn_epochs, skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most
from benchmarks.training import Training
from skdnn import (
    AugmentationPipeline,
    Augmenter,
    CutMix,
    Cutout,
    ElasticDistortion,
    GaussianNoise,
    Mixup,
    RandomFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomShift,
)

IMAGES = (
    Net((784, 100, 10), batch_size=200, n_batches=50, repetitions=15),
    NETS[2],
)
_FLIPS_AND_SHIFTS = "flips and shifts"
_MOST = 1.3  # times an epoch without them


def augmenters(image_shape: tuple[int, int] = (28, 28)) -> dict[str, Augmenter]:
    """Return the augmenters by name, with default parameters where there are any."""
    steps = [("flip", RandomFlip(image_shape)), ("shift", RandomShift(image_shape))]
    return {
        _FLIPS_AND_SHIFTS: AugmentationPipeline(steps),
        "flips": RandomFlip(image_shape),
        "shifts": RandomShift(image_shape),
        "crops": RandomResizedCrop(image_shape),
        "rotations": RandomRotation(image_shape),
        "elastic distortions": ElasticDistortion(image_shape),
        "noise": GaussianNoise(),
        "mixup": Mixup(),
        "cutmix of columns": CutMix(),
        "cutmix of images": CutMix(image_shape=image_shape),
        "cutout of columns": Cutout(image_shape[0]),
        "cutout of images": Cutout(image_shape[0] // 2, image_shape=image_shape),
    }


def measure_augmentation(
    nets: Iterable[Net] = IMAGES,
    repetitions: int | None = None,
    measured: Mapping[str, Augmenter] | None = None,
) -> Iterator[dict]:
    """Yield one result per network and augmenter."""
    measured = measured or augmenters()
    with threads_limited(1):
        for net in nets:
            X, y = data_for(net)
            runs = {
                name: _prepare(net, X, y, augmenter)
                for name, augmenter in {None: None, **measured}.items()
            }
            seconds = alternate(runs, repetitions or net.repetitions)
            of_epoch = {name: s / net.n_epochs for name, s in seconds.items()}
            for name in measured:
                yield _result(net, name, of_epoch[None], of_epoch[name])


def _prepare(net: Net, X, y, augmenter: Augmenter | None) -> Training:
    model = skdnn_model(net, X, y, 1.0).set_params(augmentation=augmenter)
    return skdnn_epochs(net, X, y, model)


def _result(net: Net, name: str, without: np.ndarray, with_it: np.ndarray) -> dict:
    ratio = "with/without"
    return {
        "net": net.name,
        "batch_size": net.batch_size,
        "augmentation": name,
        "repetitions": len(without),
        "ms_per_epoch": {
            "without": summary(without * 1e3),
            "with": summary(with_it * 1e3),
        },
        "us": {"added per row": summary((with_it - without) / net.n_rows * 1e6)},
        "ratios": {ratio: summary(with_it / without)},
        "targets": {ratio: at_most(_MOST)} if name == _FLIPS_AND_SHIFTS else {},
    }
