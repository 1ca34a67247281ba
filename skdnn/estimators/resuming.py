"""Resuming any kind of fit from a checkpoint file, and checking that it matches."""

import os
import re
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from skdnn import _version
from skdnn._callers import level_of_caller
from skdnn._sklearn import callbacks_of
from skdnn.estimators import checkpoint_files as files
from skdnn.estimators import plan
from skdnn.training.tables import Examples

# Version of the content's layout; raised when older files can no longer be read.
_FORMAT = 1
# Number of rows of X in the checksum; y and weights are in memory, and are read whole.
ROWS_READ = 1000
# Parameters that do not affect training.
_FREE = {"verbose", "warm_start", "n_jobs", "client"}


@dataclass(frozen=True)
class Saved:
    """The content of a checkpoint of a fit with the same parameters."""

    path: Path
    content: dict[str, Any]

    def refuse_other(self, then: dict[str, str], now: dict[str, str]) -> None:
        """Raise an error if the saved fit is not this one.

        Parameters
        ----------
        then, now : dict of str
            What identifies a fit: as saved, and as it is now.
        """
        differ = [
            f"{name} was {then.get(name, 'not given')} and is "
            f"{now.get(name, 'not given')}"
            for name in {**then, **now}
            if then.get(name) != now.get(name)
        ]
        if differ:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} is of another fit: "
                f"{'; '.join(differ)}. Fit with the parameters and rows that it "
                "started with, or without resume_from."
            )


def header_fields(estimator) -> dict[str, Any]:
    """Return what all checkpoints contain: versions, and the estimator's parameters."""
    return {
        "skdnn": _version.__version__,
        "format": _FORMAT,
        "parameters": _parameters(estimator),
    }


def _parameters(estimator) -> dict[str, str]:
    parameters = estimator.get_params(deep=False)
    return {
        "estimator": type(estimator).__name__,
        **{k: _described(v) for k, v in parameters.items() if k not in _FREE},
    }


def _described(value: Any) -> str:
    """Return a text that is the same for equivalent values."""
    if isinstance(value, np.ndarray):
        if value.size > 20 or value.dtype.hasobject:
            data = np.ascontiguousarray(value)
            number = 0 if value.dtype.hasobject else zlib.crc32(data.data)
            return f"an array of shape {value.shape} with checksum {number:08x}"
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        pairs = (f"{k!r}: {_described(v)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_described, value))}]"
    if not isinstance(value, bool) and isinstance(value, Real):
        as_float = float(value)
        return repr(int(as_float) if as_float.is_integer() else as_float)
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))


def described_rows(examples: Examples, suffix: str) -> dict[str, str]:
    """Return texts that identify these rows."""
    table = examples.table
    numbers = {
        "X": table.checksum(ROWS_READ),
        "y": zlib.crc32(examples.Y.data),
        "sample_weight": zlib.crc32(examples.s.data),
    }
    shapes = {
        "X": f"{table.n_rows} rows of {table.n_columns} columns",
        "y": f"{examples.Y.shape[0]} targets",
        "sample_weight": f"a total of {examples.weight:g}",
    }
    return {
        f"{name}{suffix}": f"{shapes[name]} with checksum {number:08x}"
        for name, number in numbers.items()
    }


# -- from a file -----------------------------------------------------------------------


def path_of(value: Any, name: str) -> Path:
    """Validate an argument that names a file, and return it as a Path."""
    if not isinstance(value, str | os.PathLike) or not Path(value).name:
        raise TypeError(f"{name} must be the path of a file, got {value!r}.")
    return Path(value)


def saved_training(estimator, resume_from: Any) -> Saved | None:
    """Return the content of a checkpoint; None if this fit is to write the first.

    Parameters
    ----------
    estimator : BaseMLPRegularized or BaseMLPRegularizedCV
        The estimator to resume; it must have the saved parameters.
    resume_from : path or None
        Path of the last checkpoint; if it is damaged, the previous one is used.
    """
    if resume_from is None:
        return None
    path = path_of(resume_from, "resume_from")
    check_can_go_on(estimator, "resume_from")
    bad: list[str] = []
    for each in (path, files.previous(path)):
        try:
            content = files.read(each)
        except FileNotFoundError:
            continue
        except (OSError, files.Damaged) as error:
            bad.append(f"{str(each)!r} ({error})")
            continue
        if bad:
            warnings.warn(
                f"The checkpoint {bad[0]} cannot be read. Training resumes from the "
                "one before it.",
                UserWarning,
                stacklevel=level_of_caller(),
            )
        return _checked(estimator, Saved(each, content))
    if bad:
        raise ValueError(
            f"No checkpoint can be read: not {' and not '.join(bad)}. Fit without "
            "resume_from to train from the start."
        )
    written = [getattr(each, "path", None) for each in callbacks_of(estimator)]
    if path.resolve() in [p.resolve() for p in written if isinstance(p, Path)]:
        return None
    raise FileNotFoundError(
        f"resume_from={str(path)!r}: there is no such checkpoint. A fit may start "
        "without one only if it has a Checkpoint callback that writes to this path."
    )


def check_can_go_on(estimator, name: str) -> None:
    """Raise an error at lbfgs, whose state inside SciPy cannot be saved."""
    if not plan.is_stochastic(estimator):
        raise ValueError(
            f"{name} needs a solver that uses mini-batches, one of "
            f"{sorted(plan.STOCHASTIC_SOLVERS)}: the curvature estimate of "
            f"solver={estimator.solver!r} cannot be saved."
        )


def _checked(estimator, saved: Saved) -> Saved:
    content = saved.content
    if content["format"] != _FORMAT:
        raise ValueError(
            f"The checkpoint {str(saved.path)!r} was written by skdnn "
            f"{content['skdnn']} in a format that skdnn {_version.__version__} cannot "
            "read. Resume with that version, or fit without resume_from."
        )
    # Before the rows, which may depend on parameters, such as those of the dev split.
    saved.refuse_other(content["parameters"], _parameters(estimator))
    return saved
