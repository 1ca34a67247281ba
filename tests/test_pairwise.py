"""Covering arrays contain every combination of values."""

from itertools import combinations, product
from math import prod

import pytest

from tests.pairwise import covering

AXES = range(10), "abc", range(6), "xyz", (False, True)


@pytest.mark.parametrize("strength", [2, 3])
def test_few_cases_cover_all_combinations(strength):
    cases = covering(*AXES, strength=strength)
    for some in combinations(range(len(AXES)), strength):
        met = {tuple(case[axis] for axis in some) for case in cases}
        assert met == set(product(*(AXES[axis] for axis in some)))
    least = prod(sorted(map(len, AXES))[-strength:])
    assert least <= len(cases) <= 1.3 * least
