"""Measure mmfusion: print a table, write it as CSV and Markdown, and draw it.

``python benchmarks/run.py`` measures all parts, ``python benchmarks/run.py kappa memory`` some of them,
``--quick`` a small subset of each in a minute or two. ``--study`` runs the study through Snakemake instead;
all arguments after it go to snakemake. benchmarks/README.md says what the numbers mean.
Two commands have options of their own (``--help``): ``python benchmarks/run.py calibration`` measures how
often the answer is right, ``python benchmarks/run.py real_data`` how good its predictions are beside those of
linear models.
"""

from __future__ import annotations

import platform
import sys
import time
from argparse import REMAINDER, ArgumentParser
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd
import torch
from plot import overview
from results import Row, markdown, tidy
from study import study_report

import mmfusion
from mmfusion.files import write_table, write_text
from mmfusion.plotting.style import save_figure

PARTS = (
    "throughput",
    "step",
    "fusion",
    "kappa",
    "memory",
    "arithmetic",
    "prediction",
    "scaling",
    "estimator",
    "networks",
    "answer",
    "dag",
    "recipe",
)
COMMANDS = {"calibration": "calibration.command", "real_data": "calibration.real_data_command"}
"""Modules of the commands that have options of their own."""
OUTPUT = Path(__file__).resolve().parents[1] / "results/benchmarks-report"


def measured(parts: list[str], quick: bool) -> pd.DataFrame:
    """Run parts on one thread and join their rows; progress goes to stderr."""
    torch.set_num_threads(1)
    rows: list[Row] = []
    for part in parts:
        measure: Callable[[bool], list[Row]] = import_module(f"parts.{part}").measure
        torch.use_deterministic_algorithms(False)  # training switches it on
        start = time.perf_counter()
        print(f"{part} ...", end=" ", file=sys.stderr, flush=True)
        rows += measure(quick)
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    return tidy(rows)


def page(table: pd.DataFrame, quick: bool) -> str:
    """Write a table as a page that names the machine it was measured on."""
    facts = [
        f"mmfusion {mmfusion.__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        f"{platform.machine()}, {platform.system()}, one thread",
        "medians, in brackets the quartiles over repetitions" + (", quick subset" if quick else ""),
    ]
    return "# Benchmarks\n\n" + "".join(f"- {fact}\n" for fact in facts) + "\n" + markdown(table) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        command: Callable[[list[str], Path], int] = import_module(COMMANDS[arguments[0]]).main
        return command(arguments[1:], OUTPUT)
    parser = ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="a small subset of every part")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results (%(default)s)")
    parser.add_argument(
        "--study", nargs=REMAINDER, help="run and measure the study; the rest goes to snakemake"
    )
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"{unknown[0]!r}  is not a part, expected any of {', '.join(PARTS)}; correct it.")
    if options.study is not None:
        rows, status = study_report(options.study)
        write(tidy(rows), options.output, "study", options.quick)
        return status
    table = measured(options.parts or list(PARTS), options.quick)
    write(table, options.output, "benchmarks", options.quick)
    save_figure(overview(table), options.output / "benchmarks.png")
    return 0


def write(table: pd.DataFrame, folder: Path, name: str, quick: bool) -> None:
    """Print a table, and write it as CSV and as Markdown."""
    text = page(table, quick)
    print(text)
    write_table(folder / f"{name}.csv", table)
    write_text(folder / f"{name}.md", text)
    print(f"written to {folder}")


if __name__ == "__main__":
    sys.exit(main())
