"""The command: ``python -m benchmarks [COMMAND] [options]``, by default `steps`.

`all` runs every command and writes a folder of results; `page` writes the performance
page of the documentation from them.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import (
    activations,
    augmentation,
    cv,
    dask_workers,
    errors,
    errors_report,
    everything,
    extras,
    frames,
    growth,
    growth_picture,
    journal,
    memory,
    page,
    partial_fit,
    parts,
    prediction,
    quality,
    quality_report,
    quality_tables,
    report,
    search,
    startup,
    steps,
    threads,
)
from benchmarks.nets import NETS

_QUICK_REPETITIONS = 3
_SEEDS = {"quality": quality.SEEDS, "errors": errors.SEEDS}
_HELP_OF_TABLES = (
    "a folder of .npz files; `errors` also reads regression tables in its subfolder "
    f"{errors.REGRESSION_FOLDER}"
)


def run_quality(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the time to a given quality, on tables."""
    tables = None
    if arguments.tables is not None:
        tables = quality_tables.in_folder(arguments.tables)
    results = _collected(
        quality.measure_quality(
            tables,
            seeds=1 if arguments.quick else arguments.seeds,
            compiled=arguments.compiled,
        )
    )
    print("\nTime to the final test log-loss of MLPClassifier:\n")
    print(quality_report.times(results))
    print("\nEpochs, log-loss and the factors of the ratios:\n")
    print(quality_report.parts(results))
    print("", *quality_report.verdicts(results), sep="\n")
    return results


def run_errors(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print test errors and times, relative to scikit-learn's MLP."""
    results = list(
        errors.measure_errors(
            errors.tables_of(arguments.tables),
            seeds=1 if arguments.quick else arguments.seeds,
            quick=arguments.quick,
            done=journal.Journal(_unfinished(arguments.out)),
        )
    )
    print(f"\n{errors_report.printed(results)}")
    return results


def run_steps(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the training step."""
    measured = steps.measure_steps(
        _nets(arguments), _repetitions(arguments), arguments.threads
    )
    results = []
    for result in measured:
        print(f"measured {result['net']}, keep_prob {result['keep_prob']:g}", end=", ")
        print(f"median of {result['repetitions']} repetitions", flush=True)
        results.append(result)
    print("\nµs per step, and ratios [quartiles over repetitions]:\n")
    print(report.steps_table(results))
    return results


def run_parts(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the parts of the training step."""
    results = list(
        parts.measure_parts(
            _nets(arguments), _repetitions(arguments), arguments.threads
        )
    )
    print("µs per step:\n")
    print(report.parts_table(results))
    return results


def run_activations(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the training step with activations other than ReLU."""
    return _printed(
        "The training step by the activation of the hidden layers",
        activations.measure_activations(_nets(arguments), _repetitions(arguments)),
    )


def run_threads(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print what the training step gains from a second BLAS thread."""
    return _printed(
        "The training step with one and with two BLAS threads allowed",
        threads.measure_threads(_nets(arguments), _repetitions(arguments)),
    )


def run_augmentation(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print what augmentation adds to an epoch."""
    return _printed(
        "An epoch on images of 28 × 28 pixels without and with augmentation",
        augmentation.measure_augmentation(**_if_quick(arguments, repetitions=3)),
    )


def run_frames(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print a default fit on arrays and data frames."""
    return _printed(
        "A fit with default settings, by the container of its float64 rows",
        frames.measure_frames(**_if_quick(arguments, repetitions=3, epochs=5)),
    )


def run_extras(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print what a fit does besides steps: averaging, checks, encoding."""
    repetitions = _repetitions(arguments)
    of_steps = _collected(extras.measure_averaging(repetitions=repetitions))
    tables = extras.TABLES[:2] if arguments.quick else extras.TABLES
    of_fits = _collected(extras.measure_of_fits(tables, repetitions))
    _print("What the average of θ adds to a step", of_steps)
    _print("What a fit does besides its steps", of_fits)
    return of_steps + of_fits


def run_search(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print a parallel search."""
    return _printed(
        "A grid search with two jobs, 12 candidates in 5 folds",
        search.measure_search(**_if_quick(arguments, repetitions=1)),
    )


def run_partial_fit(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print a call of partial_fit for one batch of rows."""
    return _printed(
        "A call of partial_fit for one batch of rows",
        partial_fit.measure_partial_fit(**_if_quick(arguments, repetitions=3)),
    )


def run_cv(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print many networks at once, and model selection inside a fit."""
    quick = _if_quick(arguments, repetitions=1)
    of_nets = _collected(cv.measure_nets(**quick))
    _print("K networks on c cores, compared with one alone", of_nets)
    of_choice = _collected(cv.measure_choice(**quick))
    _print("A choice among 12 candidates in 5 folds, on two cores", of_choice)
    return of_nets + of_choice


def run_prediction(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the prediction of one row and of many."""
    quick = _if_quick(arguments, repetitions=3, calls=50)
    results = _collected(prediction.measure_prediction(**quick))
    _print("predict_proba of one row", [r for r in results if r["rows"] == 1])
    _print("Predictions of many rows", [r for r in results if r["rows"] > 1])
    return results


def run_memory(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print what a fit adds to the memory of its process."""
    if not memory.IS_AVAILABLE:
        print(memory.UNAVAILABLE)
        return []
    return _printed(
        "Memory added at the peak, beyond the returned result",
        memory.measure_memory(**_if_quick(arguments, repetitions=1, fit_rows=100_000)),
    )


def run_dask(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print steps on Dask worker processes, and the accuracy they reach."""
    options = _if_quick(arguments, n_rows=2000, epochs=1)
    results = list(dask_workers.measure_dask(**options))
    print(dask_workers.table(results))
    return results


def run_growth(arguments: argparse.Namespace) -> list[dict]:
    """Measure and draw how time grows with rows, columns, width and depth."""
    which = list(growth.points())
    if arguments.quick:
        which = list(
            growth.points(
                growth.ROWS[:3],
                growth.WIDTHS[:4],
                columns=growth.COLUMNS[:4],
                sparse_columns=growth.SPARSE_COLUMNS[:2],
                file_rows=growth.FILE_ROWS[:2],
            )
        )
    results = _collected(growth.measure_growth(which, _repetitions(arguments)))
    for grows in growth.GROUPS:
        _print(f"By {grows}", [r for r in results if r["grows"] == grows])
    if arguments.picture:
        growth_picture.draw(results, arguments.picture)
    return results


def run_startup(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the start of a new process."""
    of_processes = startup.measure_startup(1 if arguments.quick else 3)
    _print("From the start of a process, by the state of Numba's cache", of_processes)
    of_workers = startup.measure_workers(1 if arguments.quick else 5)
    _print(
        "From the start of a search's worker to the end of its first fit", of_workers
    )
    return of_processes + of_workers


COMMANDS = {
    "quality": run_quality,
    "errors": run_errors,
    "steps": run_steps,
    "parts": run_parts,
    "activations": run_activations,
    "threads": run_threads,
    "augmentation": run_augmentation,
    "frames": run_frames,
    "extras": run_extras,
    "search": run_search,
    "partial_fit": run_partial_fit,
    "cv": run_cv,
    "prediction": run_prediction,
    "memory": run_memory,
    "growth": run_growth,
    "startup": run_startup,
    "dask": run_dask,
}


def _unfinished(out: Path | None) -> Path | None:
    """Return where `errors` stores finished fits until all are done."""
    return None if out is None else out.with_suffix(".unfinished")


def _nets(arguments: argparse.Namespace) -> list:
    return [net for net in NETS if not arguments.nets or net.name in arguments.nets]


def _repetitions(arguments: argparse.Namespace) -> int | None:
    return _QUICK_REPETITIONS if arguments.quick else None


def _if_quick(arguments: argparse.Namespace, **options: int) -> dict[str, int]:
    return options if arguments.quick else {}


def _collected(measured: Iterable[dict]) -> list[dict]:
    """Return all results, printing a line for each as it arrives."""
    results = []
    for result in measured:
        name = ", ".join(report.identity(result).values())
        print(f"measured {name}: {result['repetitions']} repetitions", flush=True)
        results.append(result)
    return results


def _printed(title: str, measured: Iterable[dict]) -> list[dict]:
    results = _collected(measured)
    _print(title, results)
    return results


def _print(title: str, results: list[dict]) -> None:
    print(f"\n{title}; medians [quartiles over repetitions]:\n")
    print(report.overview(results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    for name, run in COMMANDS.items():
        command = commands.add_parser(name, description=run.__doc__, help=run.__doc__)
        command.add_argument("--quick", action="store_true", help="few repetitions")
        command.add_argument("--out", type=Path, help="write the results as JSON")
        if name in ("steps", "parts", "activations", "threads"):
            names = [net.name for net in NETS]
            command.add_argument("--nets", nargs="+", choices=names, help="only these")
        if name in ("steps", "parts"):
            command.add_argument("--threads", type=int, default=1, help="default: 1")
        if name == "quality":
            command.add_argument(
                "--compiled", action="store_true", help="PyTorch may compile its step"
            )
        if name in _SEEDS:
            command.add_argument("--tables", type=Path, help=_HELP_OF_TABLES)
            command.add_argument(
                "--seeds", type=int, default=_SEEDS[name], help="splits of each table"
            )
        if name == "growth":
            command.add_argument("--picture", type=Path, help="write a picture (SVG)")
    _add_all_and_page(commands)
    return parser


def _add_all_and_page(commands) -> None:
    help_of_all = "run every command; results that are up to date are kept"
    command = commands.add_parser("all", description=help_of_all, help=help_of_all)
    command.add_argument("--out", type=Path, default=page.RESULTS, help="the folder")
    command.add_argument("--tables", type=Path, help=_HELP_OF_TABLES)
    command.add_argument("--quick", action="store_true", help="few repetitions")
    command.add_argument("--again", action="store_true", help="rerun these as well")
    help_of_page = "write the performance page from a folder of results"
    command = commands.add_parser("page", description=help_of_page, help=help_of_page)
    command.add_argument("--folder", type=Path, default=page.RESULTS)


def _run_all(arguments: argparse.Namespace) -> None:
    everything.run_everything(
        COMMANDS,
        arguments.out,
        arguments.tables,
        arguments.quick,
        arguments.again,
    )


def _write_page(arguments: argparse.Namespace) -> None:
    for path in page.write_pages(arguments.folder):
        print(f"written: {path.relative_to(page.ROOT)}")


def main(argv: list[str] | None = None) -> None:
    """Run one command, by default `steps`."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in (*COMMANDS, "all", "page", "-h", "--help"):
        argv = ["steps", *argv]
    arguments = _parser().parse_args(argv)
    if arguments.command == "all":
        return _run_all(arguments)
    if arguments.command == "page":
        return _write_page(arguments)
    results = COMMANDS[arguments.command](arguments)
    if arguments.out:
        settings = {  # of a folder only its name, not its path
            name: value.name if isinstance(value, Path) else value
            for name, value in vars(arguments).items()
            if name not in ("command", "out", "picture")
        }
        content = report.document(arguments.command, settings, results)
        report.write_json(arguments.out, content)
        _unfinished(arguments.out).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
