"""Several augmenters, one after the other."""

from typing import Any, ClassVar

import numpy as np

from skdnn._sklearn import BaseComposition
from skdnn.augmentation.base import Array, Augmenter, Block


class AugmentationPipeline(Augmenter, BaseComposition):
    """Apply several augmenters, in the given order.

    Put those that mix rows last: the others then change each of the mixed rows in its
    own way.

    Parameters
    ----------
    steps : list of (str, augmenter)
        Names, as in a scikit-learn pipeline, and augmenters. The parameters of step
        "shift" are reached as ``shift__max_shift``; "passthrough" in place of an
        augmenter leaves the step out, so that a search can find out whether it helps.

    Examples
    --------
    >>> from skdnn import AugmentationPipeline, Mixup, RandomFlip, RandomShift
    >>> augmentation = AugmentationPipeline(
    ...     [("flip", RandomFlip((8, 8))), ("shift", RandomShift((8, 8)))]
    ... )
    >>> augmentation.set_params(shift__max_shift=1, flip="passthrough")
    AugmentationPipeline(steps=[('flip', 'passthrough'),
                                ('shift', RandomShift(image_shape=(8, 8),
                                                      max_shift=1))])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {"steps": [list]}

    def __init__(self, steps: list[tuple[str, Any]]) -> None:
        self.steps = steps

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with those of the steps.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the steps, and their parameters, by name, too.

        Returns
        -------
        dict
            Values by name.
        """
        return self._get_params("steps", deep=deep)

    def set_params(self, **params: Any) -> "AugmentationPipeline":
        """Set parameters, of this or of a step, or replace a step.

        Parameters
        ----------
        **params : dict
            New values by name.

        Returns
        -------
        AugmentationPipeline
            Itself.
        """
        self._set_params("steps", **params)
        return self

    @property
    def mixes_targets(self) -> bool:  # type: ignore[override]
        """Whether any step changes targets and weights."""
        return any(augmenter.mixes_targets for augmenter in self._augmenters())

    def check(self, n_features: int) -> None:
        """Check the steps, and run their own checks."""
        super().check(n_features)
        for step in self.steps:
            if not (
                isinstance(step, (tuple, list))
                and len(step) == 2
                and isinstance(step[0], str)
            ):
                raise ValueError(
                    f"steps holds {step!r}, which is not allowed: give pairs of a name "
                    "and an augmenter."
                )
        try:
            self._validate_names([name for name, _ in self.steps])
        except ValueError as error:
            raise ValueError(f"steps: {error}") from None
        for name, augmenter in self.steps:
            if isinstance(augmenter, str) and augmenter == "passthrough":
                continue
            if isinstance(augmenter, type) or not (
                hasattr(augmenter, "check") and hasattr(augmenter, "augment")
            ):
                raise ValueError(
                    f"steps has {augmenter!r} as its step {name!r}, which is not "
                    "allowed: give an augmenter, an object with check and augment, or "
                    "'passthrough'."
                )
            augmenter.check(n_features)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Apply all steps to a block; see :meth:`Augmenter.augment`."""
        for augmenter in self._augmenters():
            X, Y, s = augmenter.augment(X, Y, s, rng)
        return X, Y, s

    def _augmenters(self) -> list[Any]:
        return [
            augmenter
            for _, augmenter in self.steps
            if not (isinstance(augmenter, str) and augmenter == "passthrough")
        ]
