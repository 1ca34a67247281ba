"""What fits of all kinds need to go on from a file, and to tell it from another's."""

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

# Of the layout of the content; to be raised when older files cannot be read any more.
_FORMAT = 1
# So many rows of X are looked at; y and weights are in memory, and are read whole.
ROWS_READ = 1000
# Parameters that change nothing of the training.
_FREE = {"verbose", "warm_start", "n_jobs", "client"}


@dataclass(frozen=True)
class Saved:
    """What a checkpoint of a training with these parameters holds."""

    path: Path
    content: dict[str, Any]

    def refuse_other(self, then: dict[str, str], now: dict[str, str]) -> None:
        """Refuse to go on with another training than was saved.

        Parameters
        ----------
        then, now : dict of str
            What tells trainings apart, as it was saved and as it is.
        """
        differ = [
            f"{name} was {then.get(name, 'not given')} and is "
            f"{now.get(name, 'not given')}"
            for name in {**then, **now}
            if then.get(name) != now.get(name)
        ]
        if differ:
            raise ValueError(
                f"The checkpoint {str(self.path)!r} is of another training: "
                f"{'; '.join(differ)}. Fit with the parameters and rows that it began "
                "with, or without resume_from."
            )


def heading(estimator) -> dict[str, Any]:
    """Return what each checkpoint begins with: the form, and whose training it is."""
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
    """Return a text that is the same for values that mean the same."""
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
    """Return texts that tell these rows from others."""
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
    """Return an argument that names a file as a path."""
    if not isinstance(value, str | os.PathLike) or not Path(value).name:
        raise TypeError(f"{name} must be the path of a file, got {value!r}.")
    return Path(value)


def saved_training(estimator, resume_from: Any) -> Saved | None:
    """Return what a checkpoint holds; None if this fit is the one to write the first.

    Parameters
    ----------
    estimator : BaseMLPRegularized or BaseMLPRegularizedCV
        The one that goes on; it must have the parameters that were saved.
    resume_from : path or None
        The last checkpoint's; if it is damaged, the one before is taken.
    """
    if resume_from is None:
        return None
    path = path_of(resume_from, "resume_from")
    check_can_go_on(estimator, "resume_from")
    bad: list[str] = []
    for each in (path, files.before(path)):
        try:
            content = files.read(each)
        except FileNotFoundError:
            continue
        except (OSError, files.Damaged) as error:
            bad.append(f"{str(each)!r} ({error})")
            continue
        if bad:
            warnings.warn(
                f"The checkpoint {bad[0]} cannot be read. Training goes on from the "
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
        f"resume_from={str(path)!r}: there is no such checkpoint. A fit may begin "
        "without one only if it has a Checkpoint callback that writes there."
    )


def check_can_go_on(estimator, name: str) -> None:
    """Refuse a solver whose memory is not ours to save."""
    if not plan.is_stochastic(estimator):
        raise ValueError(
            f"{name} needs a solver that takes mini-batches, one of "
            f"{sorted(plan.STOCHASTIC_SOLVERS)}: what solver={estimator.solver!r} "
            "has learnt of the curvature is not saved."
        )


def _checked(estimator, saved: Saved) -> Saved:
    content = saved.content
    if content["format"] != _FORMAT:
        raise ValueError(
            f"The checkpoint {str(saved.path)!r} was written by skdnn "
            f"{content['skdnn']} in a form that skdnn {_version.__version__} cannot "
            "read. Go on with that version, or fit without resume_from."
        )
    # Before the rows: parameters may make for other ones, such as those of the dev set.
    saved.refuse_other(content["parameters"], _parameters(estimator))
    return saved
