"""Hints at what to write instead of an argument that a method does not have."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import TypeVar, cast

_Method = TypeVar("_Method", bound=Callable)

_DEV_SET = "A dev set is given as X_val=..., y_val=..."
_MEANT = {
    **dict.fromkeys(
        ("eval_set", "eval_data", "validation_data", "validation_set", "valid_data"),
        _DEV_SET,
    ),
    "groups": "Rows are not cut by groups: cut a dev set yourself, e.g. with "
    "GroupShuffleSplit, and give it as X_val=..., y_val=...",
    "validation_split": "It is the estimator's parameter validation_fraction.",
    **dict.fromkeys(
        ("epochs", "n_epochs", "num_epochs"),
        "It is the estimator's parameter max_iter.",
    ),
    **dict.fromkeys(
        ("lr", "eta"), "It is the estimator's parameter learning_rate_init."
    ),
    "callbacks": "Callbacks are set by set_callbacks before fit.",
    "classes": "Only partial_fit takes it; fit finds the classes in y.",
}


def explaining_arguments(method: _Method) -> _Method:
    """Have a method answer an unknown argument with a hint at the right one."""
    known = [name for name in inspect.signature(method).parameters if name != "self"]

    @functools.wraps(method)
    def explaining(estimator, *args, **kwargs):
        for name in kwargs:
            if name not in known:
                raise TypeError(
                    f"{type(estimator).__name__}.{method.__name__}() got an unexpected "
                    f"keyword argument {name!r}. {_meant_by(estimator, name, known)}"
                )
        return method(estimator, *args, **kwargs)

    return cast(_Method, explaining)


def _meant_by(estimator, name: str, known: list[str]) -> str:
    if name in _MEANT:
        return _MEANT[name]
    if name in estimator.get_params(deep=False):
        return f"It is a parameter of the estimator: set_params({name}=...)."
    in_lower_case = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), in_lower_case, n=1)
    if near:
        return f"Do you mean {in_lower_case[near[0]]}?"
    return f"It takes {', '.join(known)}."
