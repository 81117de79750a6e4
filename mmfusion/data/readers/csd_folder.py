"""A folder of computational sequences: one ``.csd`` file per modality and one of the labels.

A file is named by its *stem*, its name without the ending. Files whose names begin with a dot are not looked
at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mmfusion.data.readers.columns import in_roles
from mmfusion.data.readers.csd import read_csd
from mmfusion.data.readers.csd_file import SequenceSize, sequence_size
from mmfusion.data.readers.file_kind import check_exists
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, similar

ENDING = ".csd"
USUAL_WORDS = "text"
"""The modality that holds the words where it is not said which one does."""


def read_csd_folder(
    path: str | Path,
    target: str,
    modalities: Mapping[str, str] | Sequence[str] | None = None,
    *,
    words: str | None = None,
    missing_frames: Literal["error", "zero"] = "error",
    labels_without_words: Literal["error", "leave_out"] = "error",
    nonfinite: Literal["error", "zero", "missing"] = "error",
) -> Source:
    """Read a folder of computational sequences, such as those of CMU-MOSEI, and align them to words.

    Parameters
    ----------
    path : str or Path
        The folder.
    target : str
        Stem or name of the file of the labels. Several columns, such as the sentiment and the emotions of
        CMU-MOSEI, are several outputs.
    modalities : mapping of str to str, or sequence of str, optional
        In modality order: the stem or name of the file of every modality, or a sequence of stems that are
        the names of the modalities too. Default: all other ``.csd`` files, in the order of their names.
    words : str, optional
        The modality whose intervals are the words. Default: the only modality, or ``text``.
    missing_frames, labels_without_words, nonfinite : str, default "error"
        As in `mmfusion.data.readers.read_csd`.

    Returns
    -------
    Source
        As of `mmfusion.data.readers.read_csd`, without splits; the groups are the videos.

    Raises
    ------
    DataError
        If a file is not there or in two roles, it is not clear which modality holds the words, or as
        `mmfusion.data.readers.read_csd` does.
    """
    folder = Path(path)
    files = _files(folder)
    labels, chosen = _choose(folder, files, target, modalities)
    return read_csd(
        {name: files[stem] for name, stem in chosen.items()},
        files[labels],
        words=_words(folder, chosen, words),
        missing_frames=missing_frames,
        labels_without_words=labels_without_words,
        nonfinite=nonfinite,
    )


def csd_roles(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
) -> list[str]:
    """Find which modalities `read_csd_folder` would read; only the names of the files are looked at.

    Parameters
    ----------
    path, modalities
        As of `read_csd_folder`.
    target : str or sequence of str
        Stem or name of the file of the labels, alone or in a list.
    groups, ids : str, optional
        Only None: groups are the videos, and samples are named after them.

    Returns
    -------
    list of str
        Names of the modalities, in modality order.

    Raises
    ------
    DataError
        If a file is not there or in two roles, or groups or ids are given.
    """
    folder = Path(path)
    for role, given in (("groups", groups), ("ids", ids)):
        if given is not None:
            raise DataError(
                f"{folder}: {role} is {given!r}, expected none for a folder of {ENDING} files, whose groups "
                "are the videos and whose samples are named after them; leave it out."
            )
    named = target[0] if isinstance(target, list | tuple) and len(target) == 1 else target
    return list(_choose(folder, _files(folder), named, modalities)[1])


def csd_names(path: str | Path) -> list[str]:
    """List the stems of the computational sequences in a folder.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    list of str
        In alphabetical order.

    Raises
    ------
    DataError
        If there is no such folder, or no ``.csd`` file in it.
    """
    return list(_files(Path(path)))


def csd_sizes(path: str | Path) -> dict[str, SequenceSize]:
    """Count the videos and features of the computational sequences in a folder; no features are read.

    Parameters
    ----------
    path : str or Path
        The folder.

    Returns
    -------
    dict of str to SequenceSize
        By stem, in alphabetical order.

    Raises
    ------
    DataError
        If there is no such folder, no ``.csd`` file in it, or one that is not a computational sequence.
    """
    return {stem: sequence_size(file) for stem, file in _files(Path(path)).items()}


def _files(folder: Path) -> dict[str, Path]:
    """Return the files by stem."""
    check_exists(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: this is a file, expected a folder of {ENDING} files; name its folder.")
    files = {file.stem: file for file in sorted(folder.glob(f"*{ENDING}")) if not file.name.startswith(".")}
    if not files:
        raise DataError(
            f"{folder}: there are no {ENDING} files, expected one per modality and one of the labels; check "
            "the name of the folder."
        )
    return files


def _choose(
    folder: Path,
    files: Iterable[str],
    target: object,
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
) -> tuple[str, dict[str, str]]:
    """Return the stem of the labels, and of every modality."""
    labels = _stem(folder, "target", target)
    stems = _stems(folder, [stem for stem in files if stem != labels] if modalities is None else modalities)
    chosen = in_roles(folder, files, [labels], stems, None, None, "file").modalities
    if not chosen:
        raise DataError(
            f"{folder}: there is no modality beside the labels {labels!r}, expected at least one; add its "
            f"{ENDING} file."
        )
    for name, several in chosen.items():
        if len(several) > 1:
            raise DataError(
                f"{folder}: modalities[{name!r}] fits {joined_names(several)}, expected one file; name it."
            )
    return labels, {name: stem for name, (stem,) in chosen.items()}


def _stems(folder: Path, modalities: Mapping[str, str | Sequence[str]] | Sequence[str]) -> dict[str, str]:
    """Return the stem of every modality as it was named, in modality order."""
    if isinstance(modalities, Mapping):
        return {name: _stem(folder, f"modalities[{name!r}]", stem) for name, stem in modalities.items()}
    listed = [modalities] if isinstance(modalities, str) else modalities
    return {stem: stem for stem in (_stem(folder, "a modality", name) for name in listed)}


def _stem(folder: Path, role: str, name: object) -> str:
    if not isinstance(name, str):
        raise DataError(f"{folder}: {role} is {name!r}, expected the name of one {ENDING} file.")
    return name.removesuffix(ENDING)


def _words(folder: Path, modalities: Mapping[str, str], words: str | None) -> str:
    """Return the modality whose intervals are the words."""
    if words is not None:
        if words not in modalities:
            raise DataError(f"{folder}: words: there is no modality {words!r}; {similar(words, modalities)}")
        return words
    if len(modalities) == 1:
        return next(iter(modalities))
    if USUAL_WORDS not in modalities:
        raise DataError(
            f"{folder}: nothing says which modality holds the words that the others are aligned to, "
            f"expected one called {USUAL_WORDS!r}; give words as one of {joined_names(modalities)}."
        )
    return USUAL_WORDS
