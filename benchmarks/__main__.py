"""The command: ``python -m benchmarks [steps | parts | startup] [options]``."""

import argparse
import sys
from pathlib import Path

from benchmarks.kernel_cache import use_fresh_kernels

use_fresh_kernels()

from benchmarks import parts, report, startup, steps  # noqa: E402
from benchmarks.nets import NETS  # noqa: E402

_QUICK_REPETITIONS = 3


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


def run_startup(arguments: argparse.Namespace) -> list[dict]:
    """Measure and print the start of a new process."""
    results = startup.measure_startup(1 if arguments.quick else 3)
    print("Seconds from the start of a process, by the state of Numba's cache:\n")
    print(report.startup_table(results))
    return results


COMMANDS = {"steps": run_steps, "parts": run_parts, "startup": run_startup}


def _nets(arguments: argparse.Namespace) -> list:
    return [net for net in NETS if not arguments.nets or net.name in arguments.nets]


def _repetitions(arguments: argparse.Namespace) -> int | None:
    return _QUICK_REPETITIONS if arguments.quick else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    for name, run in COMMANDS.items():
        command = commands.add_parser(name, description=run.__doc__, help=run.__doc__)
        command.add_argument("--quick", action="store_true", help="few repetitions")
        command.add_argument("--out", type=Path, help="write the results as JSON")
        if name == "startup":
            continue
        names = [net.name for net in NETS]
        command.add_argument("--nets", nargs="+", choices=names, help="only these")
        command.add_argument("--threads", type=int, default=1, help="default: 1")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run one command; `steps` where none is named."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help"):
        argv = ["steps", *argv]
    arguments = _parser().parse_args(argv)
    results = COMMANDS[arguments.command](arguments)
    if arguments.out:
        settings = {
            name: value
            for name, value in vars(arguments).items()
            if name not in ("command", "out")
        }
        content = report.document(arguments.command, settings, results)
        report.write_json(arguments.out, content)


if __name__ == "__main__":
    main()
