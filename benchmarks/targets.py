"""Targets of results: printed next to them, never enforced.

A target is plain data and is stored in its result, so that a result file also states
what was aimed for.
"""

Target = dict[str, float]


def at_most(bound: float) -> Target:
    return {"at_most": bound}


def at_least(bound: float) -> Target:
    return {"at_least": bound}


def verdict(target: Target, value: float) -> str:
    """Return the bound, and whether the value misses it."""
    ((kind, bound),) = target.items()
    is_met = value <= bound if kind == "at_most" else value >= bound
    sign = "≤" if kind == "at_most" else "≥"
    return f"{sign} {bound:g}{'' if is_met else ', missed'}"
