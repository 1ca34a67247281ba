"""The figures and tables of the performance page and of other pages, by name."""

from statistics import geometric_mean

from benchmarks import dask_workers, errors_figures, quality_report, report
from benchmarks.documents import Documents, Figure, figure
from benchmarks.growth import GROUPS
from benchmarks.nets import NETS
from benchmarks.targets import verdict

_SMALLEST, _LARGEST = NETS[0].name, NETS[-1].name
_ALL = {"table": "all tables"}


def table(docs: Documents, name: str) -> str:
    """Return a table: ``COMMAND``, or ``COMMAND.PART`` where there are several."""
    if name in _TABLES:
        return _TABLES[name](docs)
    return report.overview(docs.results(name))


def missed(docs: Documents, command: str) -> str:
    """Return a sentence about the targets of a command."""
    lines, n_targets = [], 0
    for result in docs.results(command):
        for name, target in result.get("targets", {}).items():
            n_targets += 1
            (value,) = (r[name] for r in _groups(result) if name in r)
            said = verdict(target, value["median"])
            if said.endswith("missed"):
                where = ", ".join(report.identity(result).values())
                bound = said.removesuffix(", missed")
                lines.append(f"{name} {value['median']:.2f} for {where} ({bound})")
    if not lines:
        return "Each target is met." if n_targets > 1 else "The target is met."
    return f"Missed: {'; '.join(lines)}."


def _groups(result: dict) -> list[dict]:
    return [result[group] for group in report.UNITS if group in result]


def machine(docs: Documents) -> str:
    """Return the machine and the versions, and the differences of other files."""
    facts = docs["steps"]["machine"]
    versions = ", ".join(
        f"{shown} {facts[name]}" for name, shown in _PACKAGES.items() if facts[name]
    )
    text = (
        f"{facts['cpus']} cores, {facts['architecture']} with {facts['simd'][-1]}; "
        f"{versions}; {', '.join(facts['blas'])}."
    )
    others, quick = [], []
    for name in docs.names():
        theirs = docs[name]["machine"]
        differs = [k for k in facts if k != "skdnn_sources" and facts[k] != theirs[k]]
        others += [f"`{name}` ({', '.join(differs)})"] if differs else []
        quick += [f"`{name}`"] if docs[name]["settings"]["quick"] else []
    if others:
        text += f" On another machine or version: {', '.join(others)}."
    if quick:
        text += f" From a quick run with few repetitions: {', '.join(quick)}."
    return text


_PACKAGES = {
    "python": "Python",
    "numpy": "NumPy",
    "scipy": "SciPy",
    "scikit-learn": "scikit-learn",
    "numba": "Numba",
    "torch": "PyTorch",
}


def _commands(docs: Documents) -> str:
    lines = [
        [f"`{name}`", f"{docs[name].get('took_seconds', 0) / 60:.1f}"]
        for name in docs.names()
    ]
    total = sum(docs[name].get("took_seconds", 0) for name in docs.names()) / 60
    return report.table(["file", "minutes"], [*lines, ["all", f"{total:.0f}"]])


def _grown(grows: str) -> Figure:
    return lambda docs: report.overview(docs.results("growth", grows=grows))


def _single_rows(docs: Documents) -> str:
    return report.overview(docs.results("prediction", rows=1))


def _many_rows(docs: Documents) -> str:
    found = docs.results("prediction")
    return report.overview([result for result in found if result["rows"] > 1])


def _many_nets(of_choice: bool) -> Figure:
    def shown(docs: Documents) -> str:
        found = docs.results("cv")
        return report.overview([r for r in found if ("table" not in r) == of_choice])

    return shown


def _starts(of_workers: bool) -> Figure:
    def shown(docs: Documents) -> str:
        found = docs.results("startup")
        return report.overview([r for r in found if ("process" in r) == of_workers])

    return shown


_TABLES: dict[str, Figure] = {
    "quality": lambda docs: quality_report.times(docs.results("quality")),
    "quality.parts": lambda docs: quality_report.parts(docs.results("quality")),
    "shipped": lambda docs: quality_report.times(docs.results("shipped")),
    "steps": lambda docs: report.steps_table(docs.results("steps")),
    "parts": lambda docs: report.parts_table(docs.results("parts")),
    "prediction.one": _single_rows,
    "prediction.many": _many_rows,
    "cv.nets": _many_nets(of_choice=False),
    "cv.choice": _many_nets(of_choice=True),
    "startup.processes": _starts(False),
    "startup.workers": _starts(True),
    **errors_figures.TABLES,
    "dask": lambda docs: dask_workers.table(docs.results("dask")),
    "commands": _commands,
    **{f"growth.{grows.replace(' ', '_')}": _grown(grows) for grows in GROUPS},
}


def _sklearn_over_floor(docs: Documents) -> str:
    where = {"net": _LARGEST, "keep_prob": 1.0}
    sklearn = docs.median("steps", "us_per_step", "sklearn", **where)
    return f"{sklearn / docs.median('steps', 'us_per_step', 'floor', **where):.2f}"


def _gelu(docs: Documents) -> str:
    where = {"net": _SMALLEST}
    gelu = docs.median("activations", "us_per_step", "gelu", **where)
    return f"{gelu - docs.median('activations', 'us_per_step', 'relu', **where):.1f}"


def _new_workers(docs: Documents) -> str:
    new, same = (
        docs.median("search", "seconds", "skdnn", backend=f"loky, {which} workers")
        for which in ("new", "same")
    )
    return f"{new - same:.1f}"


def _import_share(docs: Documents) -> str:
    where = {"cache": "filled", "process": None}
    total = docs.median("startup", "seconds", "total", **where)
    of_it = docs.median("startup", "seconds", "import scikit-learn", **where)
    return f"{100 * of_it / total:.0f} %"


def _quality(command: str, name: str, digits: int = 1) -> Figure:
    return figure(digits, command, "ratios", name, **_ALL)


def _quartiles(command: str, name: str) -> Figure:
    def shown(docs: Documents) -> str:
        (over_all,) = docs.results(command, **_ALL)
        value = over_all["ratios"][name]
        return f"{value['lower']:.1f}–{value['upper']:.1f}"

    return shown


def _n_tables(command: str) -> Figure:
    return lambda docs: str(docs.results(command, **_ALL)[0]["repetitions"])


def _log_loss(docs: Documents) -> str:
    """Return the geometric mean over tables of skdnn's log-loss over sklearn's."""
    ratios = [
        result["log_loss"]["skdnn"]["median"] / result["log_loss"]["sklearn"]["median"]
        for result in docs.results("quality")
        if "log_loss" in result
    ]
    return f"{geometric_mean(ratios):.2f}"


def _not_reached(docs: Documents) -> str:
    lines = quality_report.not_reached(docs.results("quality"))
    if not lines:
        return "Every contestant reaches every bar with every seed."
    return f"Bars that are not always reached: {'; '.join(lines)}."


def _augmentation(name: str) -> Figure:
    def shown(docs: Documents) -> str:
        nets = dict.fromkeys(r["net"] for r in docs.results("augmentation"))
        where = {"net": next(iter(nets)), "augmentation": name}
        us = docs.median("augmentation", "us", "added per row", **where)
        return f"{us:.1f}" if us < 2 else f"{us:.0f}"

    return shown


_OF_QUALITY = {
    "sklearn": "sklearn/skdnn",
    "torch": "torch/skdnn",
    "whole": "whole sklearn/skdnn",
    "whole_torch": "whole torch/skdnn",
    "fits": "whole sklearn/whole skdnn",
    "epoch": "an epoch",
    "epochs": "fewer epochs",
    "stopping": "stopping",
}
FIGURES: dict[str, Figure] = {
    **{
        f"{command}.{short}": _quality(command, name)
        for command in ("quality", "shipped")
        for short, name in _OF_QUALITY.items()
    },
    **{
        f"{command}.{short}_quartiles": _quartiles(command, name)
        for command in ("quality", "shipped")
        for short, name in _OF_QUALITY.items()
    },
    "quality.tables": _n_tables("quality"),
    "shipped.tables": _n_tables("shipped"),
    "quality.log_loss": _log_loss,
    "quality.not_reached": _not_reached,
    "steps.sklearn_over_floor": _sklearn_over_floor,
    "activations.gelu": _gelu,
    "search.new_workers": _new_workers,
    "startup.import_share": _import_share,
    "machine": machine,
    **errors_figures.FIGURES,
    **{
        f"augmentation.{name.replace(' ', '_')}": _augmentation(name)
        for name in (
            "flips",
            "shifts",
            "crops",
            "rotations",
            "elastic distortions",
            "noise",
            "mixup",
            "cutmix of columns",
            "cutmix of images",
            "cutout of columns",
            "cutout of images",
        )
    },
}
