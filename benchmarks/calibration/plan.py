"""Which jobs a run has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from calibration.faults import NO_FAULT, NULLS_OF
from calibration.fits import CASES, Job
from mmfusion.study.designs.design import Case

MODALITIES = 3
DATA_SETS, FEWER, FEWEST = 200, 50, 25
"""Data sets of a null at its main size; of every other cell; of those without a goal, or with slow fits."""
MAIN_SIZE, OTHER_SIZES, OTHER_MODALITIES = 200, (100, 400), (2, 5)
SIZES, GOALS_AT = (200, 400, 800, 1600), (400, 800)
"""Sizes of data sets with a truth, and those that have goals."""
SLOW = ("beside_noise", "inside_noise")
"""Cases with 500 columns, whose fits take up to a minute."""
QUICK = ("balanced", "normal", "grouped", "one", "pair")
"""Cases of a quick run, each at its smallest size."""
QUICK_SETS = 3


class Cell(NamedTuple):
    """Data sets of one case, size and number of modalities."""

    case: str
    n: int
    modalities: int
    data_sets: int


def cells(
    only: Sequence[str] = (),
    data_sets: int | None = None,
    quick: bool = False,
    fault: str = NO_FAULT,
    sizes: Sequence[int] = (),
) -> list[Cell]:
    """List the cells of a run.

    Parameters
    ----------
    only : sequence of str
        Names of cases. Default: all; of a quick run a few, under a fault those in which it has to show.
    data_sets : int, optional
        Of every cell. Default: 200 of a null at n = 200 with three modalities; 50 of every other cell, 25 of
        those with a truth at n = 200 and 1600 or with 500 columns.
    quick : bool
        The smallest size of every case, three data sets each.
    fault : str
        Under a fault, a null has its main size only.
    sizes : sequence of int
        Only cells of these sizes.

    Returns
    -------
    list of Cell
    """
    names = only or NULLS_OF.get(fault) or (QUICK if quick else tuple(CASES))
    chosen = [cell for name in names for cell in _of_case(CASES[name], quick, fault)]
    if sizes:
        chosen = [cell for cell in chosen if cell.n in sizes]
    return chosen if data_sets is None else [cell._replace(data_sets=data_sets) for cell in chosen]


def _of_case(case: Case, quick: bool, fault: str) -> list[Cell]:
    if case.truth is not None:
        if quick:
            return [Cell(case.name, SIZES[0], case.modalities, QUICK_SETS)]
        many = GOALS_AT if case.name not in SLOW else ()
        return [Cell(case.name, n, case.modalities, FEWER if n in many else FEWEST) for n in SIZES]
    if quick:
        return [Cell(case.name, OTHER_SIZES[0], MODALITIES, QUICK_SETS)]
    main = Cell(case.name, MAIN_SIZE, MODALITIES, FEWER if fault != NO_FAULT else DATA_SETS)
    if fault != NO_FAULT:
        return [main]
    return [
        main,
        *(Cell(case.name, n, MODALITIES, FEWER) for n in OTHER_SIZES),
        *(Cell(case.name, MAIN_SIZE, modalities, FEWER) for modalities in OTHER_MODALITIES),
    ]


def jobs_of(chosen: Sequence[Cell], fault: str = NO_FAULT) -> list[Job]:
    """List the jobs of cells: the first data set of every cell, then the second, so that all grow alike."""
    most = max((cell.data_sets for cell in chosen), default=0)
    return [
        Job(cell.case, cell.n, cell.modalities, number, fault)
        for number in range(most)
        for cell in chosen
        if number < cell.data_sets
    ]
