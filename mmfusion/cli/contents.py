"""Listing the columns or arrays of a file, before any is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.dataset as ds

from mmfusion.data.readers.array_files import LENGTHS
from mmfusion.data.readers.array_store import open_arrays
from mmfusion.data.readers.csd_folder import csd_sizes
from mmfusion.data.readers.dictionary_pickle import list_pickle
from mmfusion.data.readers.format import ARRAYS, CSD, PICKLE, TABLE, format_of
from mmfusion.data.readers.reading_memory import unreadable
from mmfusion.data.readers.tables import column_names

MOST_LINES = 30
"""Lines beyond this number are left out."""


def list_contents(path: Path) -> str:
    """List the columns of a table, or the arrays of a file or folder, with their types.

    Parameters
    ----------
    path : Path
        A file or folder that `mmfusion.read` reads.

    Returns
    -------
    str
        Several lines; the last one says how to go on.

    Raises
    ------
    DataError
        If it is missing, unreadable, or in another format.
    """
    listing = {TABLE: _table, ARRAYS: _arrays, PICKLE: _pickle, CSD: _csd}
    return listing[format_of(path)](path)


def _table(path: Path) -> str:
    column_names(path)
    csv = ds.CsvFileFormat(parse_options=pv.ParseOptions(newlines_in_values=True))
    try:
        table = ds.dataset(path, format=csv if path.suffix.lower() == ".csv" else "parquet")
        schema, rows = table.schema, table.count_rows()
    except (pa.ArrowException, OSError) as error:
        raise unreadable(path, error) from None
    groups = _families({name: _word(schema.field(name).type) for name in schema.names})
    patterns = [name for name in groups if name.endswith("*")]
    modalities = " ".join(f'-m "{name.rstrip("*").rstrip("_-.")}={name}"' for name in patterns[:8])
    return "\n".join(
        [
            f"{path}: a table of {rows} rows and {len(schema.names)} columns",
            *_shortened([f"  {name}: {what}" for name, what in groups.items()]),
            f"Next: mmfusion check {path} --target COLUMN {modalities or '-m NAME=COLUMNS'}",
        ]
    )


def _families(types: Mapping[str, str]) -> dict[str, str]:
    """Group columns that differ only by a number at their end under a pattern, such as ``audio_*``."""
    members: dict[str, list[str]] = {}
    for name in types:
        members.setdefault(re.sub(r"\d+$", "*", name), []).append(name)
    families = {}
    for pattern, names in members.items():
        kinds = " and ".join(sorted({types[name] for name in names}))
        several = len(names) > 1
        families[pattern if several else names[0]] = f"{len(names)} columns of {kinds}" if several else kinds
    return families


def _word(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "true and false"
    if pa.types.is_integer(kind):
        return "whole numbers"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers"
    return "nothing" if pa.types.is_null(kind) else "text"


def _arrays(path: Path) -> str:
    store = open_arrays(path)
    lines = []
    for key, load in store.items():
        array = load()
        bases = [key.removesuffix(ending) for ending in LENGTHS if key.endswith(ending)]
        lengths = "".join(f", the lengths of {base}" for base in bases if base in store)
        lines.append(f"  {key}: {array.shape} of {array.dtype}{lengths}")
    return "\n".join(
        [
            f"{path}: {len(store)} arrays",
            *_shortened(lines),
            f"Next: mmfusion check {path} --target NAME; all other arrays are then modalities. Say which "
            "are groups and names of the samples with --groups and --ids.",
        ]
    )


def _pickle(path: Path) -> str:
    splits = list_pickle(path)
    lines = [f"  {split} {key}: {what}" for split, entries in splits.items() for key, what in entries.items()]
    return "\n".join(
        [
            f"{path}: a dictionary of the splits {', '.join(splits)}",
            *_shortened(lines),
            f"Next: mmfusion check {path} --target KEY; text, audio and vision are then modalities, others "
            "are named with -m NAME=KEY.",
        ]
    )


def _csd(path: Path) -> str:
    sizes = csd_sizes(path)
    lines = [
        f"  {name}: {size.videos} videos, {size.width} numbers per frame" for name, size in sizes.items()
    ]
    return "\n".join(
        [
            f"{path}: {len(sizes)} computational sequences",
            *_shortened(lines),
            f"Next: mmfusion check {path} --target LABELS -m text=WORDS -m audio=NAME; the words are the "
            "modality text, or the one that --words names.",
        ]
    )


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"  ... and {more} more"] if more > 0 else lines
