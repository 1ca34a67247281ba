"""Suggestions for arguments that a method does not have."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import TypeVar, cast

_Method = TypeVar("_Method", bound=Callable)

_DEV_SET = "Pass a dev set as X_val=..., y_val=..."
_MEANT = {
    **dict.fromkeys(
        ("eval_set", "eval_data", "validation_data", "validation_set", "valid_data"),
        _DEV_SET,
    ),
    "groups": "The dev split ignores groups: split off a dev set yourself, e.g. with "
    "GroupShuffleSplit, and pass it as X_val=..., y_val=..., or use "
    "MLPRegularizedClassifierCV or MLPRegularizedRegressorCV.",
    "callbacks": "Register callbacks with set_callbacks before fit.",
    "resume_from": "Only fit can resume from a checkpoint.",
    "classes": "fit finds the classes in y.",
}
# Names of parameters; an estimator has one of each tuple.
_PARAMETERS_MEANT = {
    "validation_split": ("validation_fraction", "cv"),
    **dict.fromkeys(("epochs", "n_epochs", "num_epochs"), ("max_iter", "max_steps")),
    **dict.fromkeys(("lr", "eta"), ("learning_rate_init",)),
}


def explaining_arguments(method: _Method) -> _Method:
    """Decorate a method: the error about an unknown argument suggests the right one."""
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
    if name == "classes" and hasattr(type(estimator), "partial_fit"):
        return f"Only partial_fit accepts it; {_MEANT[name]}"
    if name in _MEANT:
        return _MEANT[name]
    parameters = estimator.get_params(deep=False)
    for meant in _PARAMETERS_MEANT.get(name, ()):
        if meant in parameters:
            return f"It is the estimator's parameter {meant}."
    if name in parameters:
        return f"It is a parameter of the estimator: use set_params({name}=...)."
    in_lower_case = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), in_lower_case, n=1)
    if near:
        return f"Did you mean {in_lower_case[near[0]]}?"
    return f"The arguments are {', '.join(known)}."
