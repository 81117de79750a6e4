"""How every modality will be read, and why; the command `check` and the page of a study say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import MOST_SYMBOLS, row_parts
from mmfusion.data.letters import alphabet_of
from mmfusion.data.padding import padding_mask, real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.data.readers.source import Source
from mmfusion.data.standardisation import column_moments
from mmfusion.sentences import joined_names

RARE = 5
"""Samples below which a letter may be missing in a training split."""


def modality_lines(source: Source, present: Mapping[str, NDArray[np.bool_]]) -> list[str]:
    """Describe every modality: its form, how it is read and why, and what is remarkable.

    Parameters
    ----------
    source : Source
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that some sample lacks.

    Returns
    -------
    list of str
        Lines; those of a modality after its first are indented.
    """
    lines = []
    for name in source.modalities:
        first, *others = _described(source, name, present.get(name))
        lines.append(f"{name}: {first}")
        if name in present:
            gone = int((~present[name]).sum())
            others.append(f"missing for {gone} of {len(source)} samples, which get its mean feature")
        lines += [f"    {line}" for line in others]
    return lines


def one_line_each(lines: Sequence[str]) -> list[str]:
    """Put the indented lines of a modality behind its first.

    Examples
    --------
    >>> one_line_each(["text: numbers (9, 2)", "    missing for 1 of 9 samples", "audio: numbers (9, 4)"])
    ['text: numbers (9, 2); missing for 1 of 9 samples', 'audio: numbers (9, 4)']
    """
    joined: list[str] = []
    for line in lines:
        if line.startswith(" "):
            joined[-1] += f"; {line.strip()}"
        else:
            joined.append(line)
    return joined


def sample_lines(source: Source) -> list[str]:
    """Describe names of samples, groups and splits, as far as there are any."""
    lines = []
    if source.ids:
        repeated = [name for name, times in Counter(source.ids).items() if times > 1]
        again = ", all different"
        if repeated:
            again = f"; {len(repeated)} occur several times: {joined_names(repeated)}"
        lines.append(f"names of the samples: {len(set(source.ids))}{again}")
    if source.groups is not None:
        count = len(np.unique(source.groups))
        alone = " (each is one sample, so that they change nothing)" if count == len(source) else ""
        lines.append(f"groups: {count}, kept together when samples are held out{alone}")
    if source.splits:
        sizes = ", ".join(f"{split} {len(rows)}" for split, rows in source.splits.items())
        lines.append(f"splits in the file: {sizes} samples")
    return lines


def _described(source: Source, name: str, here: NDArray[np.bool_] | None) -> list[str]:
    array, lengths = source.arrays[name], source.lengths.get(name)
    if name in source.letters:
        return _letters(source, name)
    if source.kinds.get(name) == SYMBOLS:
        return [
            f"whole numbers {array.shape}, read as a sequence of symbols per sample, as it is called "
            "symbols: a motif scanner",
            *_steps(array, lengths),
        ]
    if array.ndim == 3:
        what = "read as a sequence of vectors per sample, as there are three axes: a temporal convolution"
        remarks = [*_steps(array, lengths), *_zero_steps(array, lengths), *_constant(array, here)]
        return [f"numbers {array.shape}, {what}", *remarks]
    whole = _is_whole(array)
    kind = "whole numbers" if whole else "numbers"
    what = "read as one vector per sample: a small network; mmfusion relevance also tries a linear model"
    lines = [f"{kind} {array.shape}, {what}"]
    if whole and array.shape[1] > 1:
        lines.append(
            f"if they are a sequence of symbols instead: --symbols {name} (kind: symbols in a "
            f"configuration, encoders={{{name!r}: 'symbols'}} in Python)"
        )
    return [*lines, *_constant(array, here)]


def _letters(source: Source, name: str) -> list[str]:
    array, lengths, here = source.arrays[name], source.lengths[name], source.present.get(name)
    real = real_steps(array, lengths, here)
    alphabet = alphabet_of(array, real)
    lengths = lengths if here is None or not here.any() else lengths[here]
    counts = {letter: int(((array == ord(letter)) & real).any(axis=1).sum()) for letter in alphabet}
    rare = [f"{letter} in {count}" for letter, count in counts.items() if count < RARE]
    lines = [
        f"{len(source)} strings over the letters {alphabet}, read as a sequence of symbols per sample: a "
        "motif scanner",
        f"of {lengths.min()} to {lengths.max()} letters, shorter ones are padded",
        "if they are not sequences: leave the column out, or replace it by numbers",
    ]
    if rare:
        lines.append(
            f"rare letters: {', '.join(rare)} samples; a letter that does not occur in training is an error "
            "later"
        )
    return lines


def _steps(array: NDArray[Any], lengths: NDArray[Any] | None) -> list[str]:
    if lengths is None:
        return []
    counts = lengths if lengths.dtype.kind != "b" else lengths.sum(axis=1)
    low, high = int(counts.min()), int(counts.max())
    return [
        f"of {low if low == high else f'{low} to {high}'} real steps, as its lengths say, the rest is padding"
        + (" behind" if lengths.dtype.kind != "b" else _side(lengths))
    ]


def _side(mask: NDArray[Any]) -> str:
    """Say where a mask has padding."""
    return " in front" if bool((np.diff(mask.astype(int), axis=1) >= 0).all()) else " where its mask says"


def _zero_steps(array: NDArray[Any], lengths: NDArray[Any] | None) -> list[str]:
    """Say how many sequences without lengths begin or end with steps that are zero in all columns, or NaN."""
    if lengths is not None:
        return []
    front = behind = padded = 0
    for _, part in row_parts(array):
        zero = (part == 0).all(axis=2)
        front, behind = front + int(zero[:, 0].sum()), behind + int(zero[:, -1].sum())
        if part.dtype.kind == "f":
            padded += int(padding_mask(part, None).any(axis=1).sum())
    lines = []
    if padded:
        lines.append(f"{padded} sequences have steps that are NaN in all columns, which are padding")
    if front or behind:
        lines.append(
            f"{front} sequences begin and {behind} end with steps that are zero in all columns; there are "
            "no lengths, so that these count as measured: if they are padding, store the lengths"
        )
    return lines


def _constant(array: NDArray[Any], here: NDArray[np.bool_] | None) -> list[str]:
    moments = column_moments(array if here is None else array[here])
    count = int(moments.constant.sum())
    if not count:
        return []
    verbs = "is constant and tells" if count == 1 else "are constant and tell"
    return [f"{count} of its {array.shape[-1]} columns {verbs} nothing"]


def _is_whole(array: NDArray[Any]) -> bool:
    """Whether numbers could be symbols."""
    if array.dtype.kind == "u" or array.dtype.kind == "i":
        return bool(array.min(initial=0) >= 0 and array.max(initial=0) < MOST_SYMBOLS)
    return all(
        bool(((part == np.round(part)) & (part >= 0) & (part < MOST_SYMBOLS)).all())
        for _, part in row_parts(array)
    )
