"""Columns of a table that are not used, and look as if samples belonged together by them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pyarrow.types as pt

from mmfusion.sentences import joined_names

MOST_COLUMNS = 20
"""Unused columns that are looked at, from the first one on."""
FEWEST_GROUPS = 5
"""Fewer different values make no groups that could be held out in turn."""


def grouping_notes(path: Path, names: Collection[str], used: Collection[str]) -> list[str]:
    """Say which unused columns repeat their values, since samples that belong together must not be split.

    Parameters
    ----------
    path : Path
        A ``.csv`` or ``.parquet`` file.
    names : collection of str
        All its columns.
    used : collection of str
        Those that have a role.

    Returns
    -------
    list of str
        One note, or none. Columns count if they hold text or whole numbers, of which at least five are
        different, and every one occurs twice on average.
    """
    unused = [name for name in names if name not in used][:MOST_COLUMNS]
    if not unused:
        return []
    try:
        table = _read(path, unused)
    except (pa.ArrowException, OSError):  # what is not used need not be readable
        return []
    counts = {
        name: pc.count_distinct(table.column(name)).as_py() for name in unused if _is_label(table, name)
    }
    found = [name for name, count in counts.items() if FEWEST_GROUPS <= count <= table.num_rows / 2]
    if not found:
        return []
    told = joined_names([f"{name} ({counts[name]} different values)" for name in found])
    which = (
        "a column that is not used repeats its values"
        if len(found) == 1
        else ("columns that are not used repeat their values")
    )
    return [
        f"{path}: {which}: {told}. If samples with one value belong together, such as those of one person, "
        "give the column as groups: they then stay in one fold, and tests are over groups."
    ]


def _read(path: Path, columns: list[str]) -> Any:
    if path.suffix.lower() == ".parquet":
        return pq.read_table(path, columns=columns)
    return pv.read_csv(
        path,
        parse_options=pv.ParseOptions(newlines_in_values=True),
        convert_options=pv.ConvertOptions(include_columns=columns),
    )


def _is_label(table: Any, name: str) -> bool:
    kind = table.schema.field(name).type
    return any(check(kind) for check in (pt.is_integer, pt.is_string, pt.is_large_string, pt.is_dictionary))
