"""Scores that are not finite: which value of which sample is to blame, or that training diverged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples
from mmfusion.training.standardiser import Standardiser

EXTREME = 1e18
"""Its square is about the largest float32: scores beyond it have no finite loss in the precision of the
network, and
values fewer standard deviations from the training mean do not make a score infinite."""


class _Value(NamedTuple):
    """A number of a sample: where it is, what it is, and its distance from the training mean."""

    modality: str
    place: tuple[int, ...]
    value: float
    distance: float
    standardised: bool


def not_finite(scores: NDArray[Any]) -> NDArray[np.bool_]:
    """Say for scores (n, ...) which samples have one whose square is not finite in float32."""
    return np.asarray(~(np.abs(scores) <= EXTREME).all(axis=tuple(range(1, scores.ndim))))


def check_scores(
    scores: Iterable[NDArray[Any]], network: MultimodalNetwork, samples: Samples, *, blame: bool = True
) -> None:
    """Check that scores, or the parts that they are the sum of, are finite in float32.

    Parameters
    ----------
    scores : iterable of array, shape (n, outputs)
    network : MultimodalNetwork
        Its standardisers are those of the networks that gave the scores.
    samples : Samples
        Whose scores they are, with their location.
    blame : bool, default True
        Whether to raise, too, where no value is extreme.

    Raises
    ------
    InputError
        With modality, row and column of the value that is furthest from the training mean, in the first
        sample with a score that is not finite.
    """
    wrong = np.zeros(len(samples), dtype=bool)
    for part in scores:
        wrong |= not_finite(part)
    if not wrong.any():
        return
    row, location = int(np.flatnonzero(wrong)[0]), samples.location or Location()
    furthest = _furthest(network, samples, row)
    if furthest is not None and furthest.distance >= EXTREME:
        raise location.error(_sentence(furthest, row, location))
    if blame:
        raise location.error(
            f"{location.whole}, {location.row(row)}: the scores of the network are not finite although no "
            "value is extreme, as its training diverged; lower learning_rate and fit again."
        )


def _furthest(network: MultimodalNetwork, samples: Samples, row: int) -> _Value | None:
    """Find the number of a sample that is furthest from its training mean; raw where none is known."""
    found = None
    for name, layer in zip(network.modalities, network.standardisers, strict=True):
        values = samples.inputs[name][row]
        if not values.is_floating_point() or (name in samples.present and not samples.present[name][row]):
            continue
        exact, standardised = values.double(), isinstance(layer, Standardiser)
        distance = (exact - layer.mean) / layer.deviation if isinstance(layer, Standardiser) else layer(exact)
        flat = distance.abs().nan_to_num(0.0, posinf=torch.inf).flatten()
        index = int(flat.argmax())
        if found is None or float(flat[index]) > found.distance:
            place = tuple(int(axis) for axis in np.unravel_index(index, tuple(exact.shape)))
            found = _Value(name, place, float(exact.flatten()[index]), float(flat[index]), standardised)
    return found


def _sentence(found: _Value, row: int, location: Location) -> str:
    *steps, column = found.place
    where = f"{location.modality(found.modality)}, {location.row(row)}"
    if steps:
        where += f", step {steps[0] if len(steps) == 1 else tuple(steps)}"
    far = f"is {found.distance:.2g} standard deviations from the training mean, which overflows"
    return (
        f"{where}, {location.column(found.modality, column)}: the value {found.value:g} "
        f"{far if found.standardised else 'overflows'} float32 in the network, expected values like those "
        "of training; correct it or leave the sample out."
    )
