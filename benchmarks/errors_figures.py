"""The figures of `errors` that the documentation shows, by name."""

from functools import partial

from benchmarks import errors_report
from benchmarks.documents import Documents, Figure
from benchmarks.errors import CLASSIFICATION, KINDS, Kind

_MLP, _, _ONE, _FIVE, _ = CLASSIFICATION.contestants
# RealMLP was measured outside this project, on these tables.
_OF_REALMLP = ("car", "german", "segment", "vehicle", "yeast")


def _table(kind: Kind) -> Figure:
    return lambda docs: errors_report.mean_ratios(docs.results("errors"), kind)


def _text(of, *arguments) -> Figure:
    return lambda docs: of(docs.results("errors"), *arguments)


def _five_members(
    docs: Documents, metric: str, digits: int, tables: tuple[str, ...] | None = None
) -> str:
    found = errors_report.of_kind(docs.results("errors"), CLASSIFICATION, tables)
    return f"{errors_report.mean_ratio(found, metric, _FIVE):.{digits}f}"


def _calibration(docs: Documents, name: str) -> str:
    found = errors_report.of_kind(docs.results("errors"), CLASSIFICATION)
    return f"{errors_report.mean_calibration(found, name):.3f}"


_DIGITS = {"error": 2, "log_loss": 2, "seconds": 1}
TABLES: dict[str, Figure] = {f"errors.{kind.name}": _table(kind) for kind in KINDS}
FIGURES: dict[str, Figure] = {
    **{
        f"errors.{metric}": partial(_five_members, metric=metric, digits=digits)
        for metric, digits in _DIGITS.items()
    },
    **{
        f"errors.{metric}_as_realmlp": partial(
            _five_members, metric=metric, digits=digits, tables=_OF_REALMLP
        )
        for metric, digits in _DIGITS.items()
    },
    **{
        f"errors.calibration_{short}": partial(_calibration, name=name)
        for short, name in (("one", _ONE), ("five", _FIVE), ("mlp", _MLP))
    },
    **{f"errors.sizes_{k.name}": _text(errors_report.sizes, k) for k in KINDS},
    **{f"errors.names_{k.name}": _text(errors_report.names, k) for k in KINDS},
    "errors.times": _text(errors_report.times, CLASSIFICATION, _ONE),
    "errors.tables": lambda docs: str(
        len(errors_report.of_kind(docs.results("errors"), CLASSIFICATION))
    ),
}
