"""The command ``python benchmarks/run.py calibration``."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import pandas as pd

from calibration.faults import FAULTS, NO_FAULT
from calibration.figure import overview
from calibration.fits import CASES, COLUMNS, KEY, SETTINGS, Make, estimator
from calibration.options import facts, parser_of
from calibration.page import page, undetected
from calibration.plan import cells, jobs_of
from calibration.rates import LEVEL, means, rates
from calibration.runs import current_fits, fit_missing
from calibration.store import Store
from mmfusion.files import write_table, write_text
from mmfusion.plotting.style import save_figure

FITS = "calibration-fits.csv"


def options_of(arguments: list[str], output: Path) -> Namespace:
    """Read the options of the command."""
    text = "Rates of false alarms and of exact answers; an interrupted run goes on where it stopped."
    parser = parser_of("calibration", text, CASES, output)
    parser.add_argument("--n", nargs="+", type=int, default=[], help="only these numbers of samples")
    parser.add_argument("--data-sets", type=int, help="of every cell (200 of a null at n = 200, else 50)")
    parser.add_argument(
        "--fault", choices=FAULTS, default=NO_FAULT, help="a deliberate mistake, which the nulls have to show"
    )
    parser.add_argument(
        "--together",
        type=int,
        default=1,
        help="data sets whose networks share stacks (%(default)s); 16 on a GPU",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str], output: Path, make: Make = estimator) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str
    output : Path
        The default folder of results.
    make : function
        Makes the estimators.

    Returns
    -------
    int
        0, or 1 where a fit raised, a rate of false alarms is above 5 % (Holm), or a fault did not show.
    """
    options = options_of(arguments, output)
    settings = {**SETTINGS, **dict(options.settings)}
    store = Store(options.output / FITS, COLUMNS, KEY)
    chosen = cells(options.only, options.data_sets, options.quick, options.fault, options.n)
    jobs = [] if options.tables_only else jobs_of(chosen, options.fault)
    fit_missing(jobs, store, settings, options.processes, options.any_code, make, options.together)
    fits = current_fits(store, settings, options.fault, options.any_code)
    if fits.empty:
        print(f"{store.path}: no fit of these settings is there.", file=sys.stderr)
        return 1
    what = {name: value for name, value in settings.items() if name != "device"}
    about = facts(options, what, fits["code"].nunique())
    counts = fits["device"].value_counts()
    about.append("trained on " + ", ".join(f"{device}: {count} fits" for device, count in counts.items()))
    return report(fits, options, about)


def report(fits: pd.DataFrame, options: Namespace, about: list[str]) -> int:
    """Write tables, page and figure, print the page, and return the status of the command."""
    name = "calibration" if options.fault == NO_FAULT else f"calibration-{options.fault}"
    table, averages = rates(fits), means(fits)
    if options.fault != NO_FAULT:
        about = [*about, f"deliberate mistake: {options.fault}"]
    text = page(table, averages, about)
    print(text)
    write_table(options.output / f"{name}.csv", table)
    write_table(options.output / f"{name}-means.csv", averages)
    write_text(options.output / f"{name}.md", text)
    save_figure(overview(table), options.output / f"{name}.png")
    print(f"written to {options.output}")
    failed = fits.loc[fits["error"] != "", "error"]
    if len(failed):
        print(f"{len(failed)} fits raised, such as: {failed.iloc[0]}", file=sys.stderr)
    return int(bool(len(failed)) or not holds(table, options.fault))


def holds(table: pd.DataFrame, fault: str) -> bool:
    """Whether no null exceeds 5 %, or under a fault every null does."""
    if fault == NO_FAULT:
        return not bool((table["p_adjusted"] < LEVEL).any())
    missed = undetected(table)
    if missed:
        print(f"the fault {fault} does not show in: {', '.join(missed)}", file=sys.stderr)
    return not missed
