"""One function for all formats: tables, named arrays, dictionary pickles, folders of csd files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmfusion.data.readers.array_files import choose_keys, read_arrays
from mmfusion.data.readers.array_store import open_arrays
from mmfusion.data.readers.csd_folder import csd_roles, read_csd_folder
from mmfusion.data.readers.dictionary_pickle import pickle_roles, read_dictionary_pickle
from mmfusion.data.readers.finish import Treatment, check_symbols, finished
from mmfusion.data.readers.format import ARRAYS, CSD, PICKLE, TABLE, format_of
from mmfusion.data.readers.source import Source
from mmfusion.data.readers.tables import choose_columns, read_table
from mmfusion.errors import DataError
from mmfusion.notices import tell

Modalities = Mapping[str, str | Sequence[str]] | Sequence[str] | None


def read(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Modalities = None,
    groups: str | None = None,
    ids: str | None = None,
    *,
    symbols: Sequence[str] = (),
    nonfinite: str = "error",
    padding: str | Mapping[str, str] | None = None,
    threshold: float | None = None,
    words: str | None = None,
    missing_frames: str | None = None,
    labels_without_words: str | None = None,
) -> Source:
    """Read samples from a file or folder of any format, and check them.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.parquet``, ``.npz``, ``.safetensors`` or ``.pkl`` file, or a folder of ``.npy`` or
        ``.csd`` files. Folders of npy files and safetensors files are memory-mapped; the others have to fit
        into the free memory. Nothing in a pickle is run.
    target : str or sequence of str
        Column (or columns), key, or ``.csd`` file of the target.
    modalities : mapping of str to str or sequence of str, or sequence of str, optional
        In modality order. Tables need it: per modality a list of columns or a pattern such as ``"audio_*"``.
        Arrays, pickles and csd folders: keys (files), or a key per modality. Default: of a pickle text,
        audio and vision (as video), as far as they are there; else all keys without another role.
        ``<modality>_lengths`` and ``<modality>.lengths`` are the lengths of padded sequences.
    groups : str, optional
        Column or key of what samples have in common, such as their video. Default: of pickles and csd
        folders the videos, where they are known; else none.
    ids : str, optional
        Column or key of the names of the samples. Default: ``id`` of a pickle; else none.
    symbols : sequence of str, optional
        Modalities that are sequences of symbols: whole numbers (n, length), or a column of strings. Strings
        that look like sequences of letters need not be named.
    nonfinite : {"error", "zero", "missing"}, default "error"
        What becomes of NaN and infinity among the features: an error; a zero in their place; or the sample
        lacks the modality.
    padding : {"front", "behind"} or mapping of str to these, optional
        Where the padding of sequences with lengths is. Default: behind, and refused where it looks in front.
    threshold : float, optional
        Makes two classes of a numeric target: whether it is at least this. Default: the target as it is.
    words : str, optional
        Of csd folders: the modality whose intervals are the words.
    missing_frames : {"error", "zero"}, optional
        Of csd folders: what becomes of words without a frame of a modality.
    labels_without_words : {"error", "leave_out"}, optional
        Of csd folders: what becomes of labels that no word overlaps, or of zero length.

    Returns
    -------
    Source
        ``source.modality_data()``, ``source.target`` and ``source.groups`` are what the estimators take. A
        modality is missing for a sample where all its numbers are NaN.

    Raises
    ------
    DataError
        If the data cannot be used as they are, in one sentence that says where and what to do.

    Warns
    -----
    ChoiceWarning
        About every choice that was made while reading, and about groups that are in several splits.
    """
    treatment = Treatment(tuple(symbols), nonfinite, padding, threshold)
    only_csd = {
        "words": words,
        "missing_frames": missing_frames,
        "labels_without_words": labels_without_words,
    }
    source = read_source(path, target, modalities, groups, ids, treatment, only_csd)
    for note in source.notes:
        tell(note)
    return source


def read_source(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Modalities = None,
    groups: str | None = None,
    ids: str | None = None,
    treatment: Treatment | None = None,
    only_csd: Mapping[str, str | None] | None = None,
) -> Source:
    """Read samples as `read` does; its notes are returned with them and told to nobody.

    Parameters
    ----------
    path, target, modalities, groups, ids
        See `read`.
    treatment : Treatment, optional
        How values are treated. Default: as `read` by default.
    only_csd : mapping of str to str or None, optional
        The choices of `read` that only csd folders have.

    Returns
    -------
    Source

    Raises
    ------
    DataError
        See `read`.
    """
    file, how = Path(path), treatment or Treatment()
    if target is None:
        raise DataError(f"{file}: target is None, expected a column, key or file of labels; name it.")
    form = format_of(file)
    given = only_of_csd(file, only_csd)
    name = target if isinstance(target, str) else ", ".join(target)
    if form == TABLE:
        columns = choose_columns(file, target, modalities, groups, ids)
        check_symbols(file, how.symbols, columns.modalities)
        source = read_table(file, columns, how.symbols)
    elif form == ARRAYS:
        store = open_arrays(file)
        keys = choose_keys(file, store, target, modalities, groups, ids)
        check_symbols(file, how.symbols, keys.modalities)
        source = read_arrays(file, store, keys, how.symbols)
    elif form == PICKLE:
        source = read_dictionary_pickle(file, target, modalities, groups, ids, how.symbols)
    else:
        csd_roles(file, target, modalities, groups, ids)
        source = read_csd_folder(file, name, modalities, nonfinite=how.nonfinite, **given)  # type: ignore[arg-type]  # checked there
    return finished(replace(source, path=file), name, how)


def check_names(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Modalities = None,
    groups: str | None = None,
    ids: str | None = None,
    symbols: Sequence[str] = (),
    only_csd: Mapping[str, str | None] | None = None,
) -> list[str]:
    """Check that a file has what `read` would read, and that every choice has an effect.

    Only names are read, but of a pickle everything.

    Returns
    -------
    list of str
        The modalities.

    Raises
    ------
    DataError
        If a name is unknown or in two roles, the file is missing or of another format, or a choice is not
        one of its format.
    """
    file = Path(path)
    form = format_of(file)
    only_of_csd(file, only_csd)
    if form == TABLE:
        known: Sequence[str] = list(choose_columns(file, target, modalities, groups, ids).modalities)
    elif form == ARRAYS:
        known = list(choose_keys(file, open_arrays(file), target, modalities, groups, ids).modalities)
    elif form == PICKLE:
        known = pickle_roles(file, target, modalities, groups, ids)
    else:
        known = csd_roles(file, target, modalities, groups, ids)
    check_symbols(file, symbols, known)
    return list(known)


def only_of_csd(file: Path, only_csd: Mapping[str, str | None] | None) -> dict[str, Any]:
    """Return the choices of csd folders that were made; refuse them for other formats.

    Raises
    ------
    DataError
        If one was made for a file of another format.
    """
    given = {name: choice for name, choice in (only_csd or {}).items() if choice is not None}
    if given and format_of(file) != CSD:
        name, choice = next(iter(given.items()))
        raise DataError(
            f"{file}: {name} is {choice!r}, but has an effect on folders of .csd files only, expected "
            "nothing; leave it out."
        )
    return given
