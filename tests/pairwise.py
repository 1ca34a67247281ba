"""Covering arrays: a few test cases that contain every pair of parameter values.

A pairwise design finds any fault of a single value or a pair of values, as the full
product does (D. Cohen et al., "The AETG system", 1997). Use ``strength=3`` where a
fault may depend on three values.
"""

from itertools import combinations, product

import pytest


def covering(*axes, strength=2):
    """Return cases that cover every combination of values of `strength` axes.

    Greedy and deterministic: each case covers the most combinations not covered yet;
    ties go to the values used least so far.
    """
    axes = [list(axis) for axis in axes]
    cases = list(product(*(range(len(axis)) for axis in axes)))
    bits, has = {}, []
    for case in cases:
        chosen = combinations(enumerate(case), strength)
        has.append(sum(1 << bits.setdefault(c, len(bits)) for c in chosen))
    missing, found = (1 << len(bits)) - 1, []
    used = [[0] * len(axis) for axis in axes]

    def uses(i):
        return sum(counts[k] for counts, k in zip(used, cases[i], strict=True))

    while missing:
        gains = [(new & missing).bit_count() for new in has]
        most = max(gains)
        best = min((i for i, gain in enumerate(gains) if gain == most), key=uses)
        missing &= ~has[best]
        for counts, k in zip(used, cases[best], strict=True):
            counts[k] += 1
        found.append(tuple(a[k] for a, k in zip(axes, cases[best], strict=True)))
    return found


def every_pair(strength=2, **axes):
    """Parametrise a test with the cases of `covering`: a list of values per name."""
    cases = covering(*axes.values(), strength=strength)
    return pytest.mark.parametrize(tuple(axes), cases, ids=_short)


def _short(value):
    return str(len(value)) if isinstance(value, tuple) else None
