"""The four networks that are measured, and rows to train them on."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Net:
    """An architecture and how it is measured.

    A network with two outputs gets a multilabel target: with two classes, skdnn and
    scikit-learn would have one output and PyTorch two. With more outputs the target is
    multiclass.
    """

    sizes: tuple[int, ...]
    batch_size: int
    n_batches: int  # steps of an epoch
    repetitions: int
    n_epochs: int = 1  # timed together

    @property
    def n_steps(self) -> int:
        return self.n_epochs * self.n_batches

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def hidden(self) -> tuple[int, ...]:
        return self.sizes[1:-1]

    @property
    def n_rows(self) -> int:
        return self.batch_size * self.n_batches

    @property
    def is_multilabel(self) -> bool:
        return self.sizes[-1] == 2


NETS = (
    Net((14, 64, 32, 2), batch_size=64, n_batches=500, repetitions=25, n_epochs=8),
    Net((64, 100, 10), batch_size=200, n_batches=200, repetitions=25, n_epochs=4),
    Net((784, 256, 128, 10), batch_size=256, n_batches=40, repetitions=15, n_epochs=2),
    Net((784, 1024, 1024, 512, 10), batch_size=512, n_batches=12, repetitions=7),
)


def data_for(net: Net, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return normal inputs in float32 and random labels: values do not affect time."""
    rng = np.random.default_rng(seed)
    n_outputs = net.sizes[-1]
    X = rng.standard_normal((net.n_rows, net.sizes[0]), dtype=np.float32)
    if net.is_multilabel:
        return X, rng.integers(0, 2, (net.n_rows, n_outputs))
    return X, rng.permutation(np.arange(net.n_rows) % n_outputs)
