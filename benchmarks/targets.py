"""What a result should be: printed beside it, never enforced.

A target is plain data and lies in the result it belongs to, so that a file of results
says by itself what was hoped for.
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
