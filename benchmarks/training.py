"""A timed training run, and the check that all of its steps were taken.

A run that ends early is not faster, so every timed run is checked.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """Some steps of one contestant; a call takes them.

    Parameters
    ----------
    name : str
        The contestant, for errors.
    run : callable
        Takes the steps.
    n_steps : int
        How many steps one call must take.
    steps : callable () -> int
        Returns how many have been taken so far, over all calls.
    cost : callable () -> float
        Returns the cost at the last step; for the floor, the sum of its products.
    unit : str
        What is counted, if not steps.
    """

    name: str
    run: Callable[[], object]
    n_steps: int
    steps: Callable[[], int]
    cost: Callable[[], float]
    unit: str = "steps"

    def __call__(self) -> None:
        self.run()

    def check(self, steps_before: int) -> None:
        """Raise an error unless the last call took all steps, to a finite cost."""
        taken, cost = self.steps() - steps_before, self.cost()
        if taken != self.n_steps:
            raise RuntimeError(
                f"{self.name} took {taken} {self.unit} where {self.n_steps} are timed: "
                "the time of one would be wrong."
            )
        if not math.isfinite(cost):
            raise RuntimeError(
                f"{self.name} ended at the cost {cost}: steps with such numbers are "
                "not representative of training."
            )
