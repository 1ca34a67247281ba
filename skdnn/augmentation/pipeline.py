"""Pipelines of augmenters."""

from typing import Any, ClassVar

import numpy as np

from skdnn._sklearn import BaseComposition
from skdnn.augmentation.base import Array, Augmenter, Block


class AugmentationPipeline(Augmenter, BaseComposition):
    """Apply several augmenters in sequence.

    Put augmenters that mix rows last, so that the two rows of a pair are changed
    independently before they are mixed.

    Parameters
    ----------
    steps : list of (str, augmenter) tuples
        Names and augmenters, as in a scikit-learn Pipeline. Parameters of a step are
        set with its name as a prefix, such as ``shift__max_shift``. "passthrough"
        instead of an augmenter skips the step, so that a search can test whether it
        helps.

    Attributes
    ----------
    mixes_targets : bool
        Whether any step changes targets and weights.

    See Also
    --------
    Augmenter : Base class for custom augmenters.

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
        """Get the parameters of this pipeline and of its steps.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the steps, by name, and their parameters.

        Returns
        -------
        dict
            Parameter names mapped to their values.
        """
        return self._get_params("steps", deep=deep)

    def set_params(self, **params: Any) -> "AugmentationPipeline":
        """Set the parameters of this pipeline or of a step, or replace a step.

        Parameters
        ----------
        **params : dict
            Parameter names mapped to their new values.

        Returns
        -------
        self : AugmentationPipeline
            The pipeline itself.
        """
        self._set_params("steps", **params)
        return self

    @property
    def mixes_targets(self) -> bool:  # type: ignore[override]
        """Whether any step changes targets and weights."""
        return any(augmenter.mixes_targets for augmenter in self._augmenters())

    def check(self, n_features: int) -> None:
        """Check the steps; see :meth:`Augmenter.check`."""
        super().check(n_features)
        for step in self.steps:
            if not (
                isinstance(step, (tuple, list))
                and len(step) == 2
                and isinstance(step[0], str)
            ):
                raise ValueError(
                    f"steps contains {step!r}, which is not allowed: each step must be "
                    "a tuple (name, augmenter)."
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
                    f"steps has {augmenter!r} as step {name!r}, which is not allowed: "
                    "a step must be an augmenter, that is, an object with the methods "
                    "check and augment, or 'passthrough'."
                )
            augmenter.check(n_features)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Apply all steps in sequence; see :meth:`Augmenter.augment`."""
        for augmenter in self._augmenters():
            X, Y, s = augmenter.augment(X, Y, s, rng)
        return X, Y, s

    def _augmenters(self) -> list[Any]:
        return [
            augmenter
            for _, augmenter in self.steps
            if not (isinstance(augmenter, str) and augmenter == "passthrough")
        ]
