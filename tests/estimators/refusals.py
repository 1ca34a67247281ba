"""Assert that a call is refused."""

import re
from copy import deepcopy

import numpy as np
import pytest


def same_state(a, b):
    """Compare two attribute values of any type."""
    if isinstance(a, np.ndarray):
        is_float = a.dtype.kind == "f"
        return (
            isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and np.array_equal(a, b, equal_nan=is_float)
        )
    if isinstance(a, np.random.Generator):
        return a.bit_generator.state == b.bit_generator.state
    if isinstance(a, np.random.RandomState):
        return same_state(a.get_state(), b.get_state())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_state(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_state, a, b))
    if hasattr(a, "__dict__") and not callable(a):
        return type(a) is type(b) and same_state(vars(a), vars(b))
    return a is b or a == b or (a != a and b != b)


def assert_refused(net, method, args, kwargs, words):
    """Assert that a call raises one ValueError with these words and changes nothing."""
    before = deepcopy(vars(net))
    with pytest.raises((ValueError, TypeError)) as info:
        getattr(net, method)(*args, **kwargs)
    message = str(info.value)
    for word in words:
        assert re.search(word, message), f"{word!r} is not in: {message}"
    assert same_state(vars(net), before)
