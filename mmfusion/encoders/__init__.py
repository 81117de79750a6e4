"""Encoders by name: from the raw values of a modality to its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray

from mmfusion.encoders.encoder import Encoder
from mmfusion.encoders.linear_encoder import LinearEncoder
from mmfusion.encoders.module_encoder import ModuleEncoder
from mmfusion.encoders.motif_scanner import MotifScanner
from mmfusion.encoders.sequence_encoder import SequenceEncoder
from mmfusion.encoders.vector_encoder import VectorEncoder

__all__ = [
    "ENCODERS",
    "Encoder",
    "LinearEncoder",
    "ModuleEncoder",
    "MotifScanner",
    "SequenceEncoder",
    "VectorEncoder",
    "encoder_of",
    "kind_of",
]

ENCODERS: dict[str, type[Encoder]] = {
    "symbols": MotifScanner,
    "vector": VectorEncoder,
    "linear": LinearEncoder,
    "sequence": SequenceEncoder,
}
"""Encoders by kind of modality; their first argument is the size: the number of columns, or of symbols.
"""


def kind_of(values: NDArray[Any]) -> str:
    """Return the kind of an array of numbers by its axes: ``sequence`` for (n, length, d), else ``vector``.

    Symbols are named as such: whole numbers are numbers.

    Examples
    --------
    >>> import numpy as np
    >>> kind_of(np.zeros((4, 2))), kind_of(np.zeros((4, 2, 3), dtype=int))
    ('vector', 'sequence')
    """
    numbers = [kind for kind, encoder in ENCODERS.items() if not encoder.whole]
    return next((kind for kind in numbers if ENCODERS[kind].axes == values.ndim), numbers[0])


def encoder_of(
    kind: str, size: int, arguments: Mapping[str, Any], generator: torch.Generator | None = None
) -> Encoder:
    """Build the encoder of a modality.

    Parameters
    ----------
    kind : str
        A key of `ENCODERS`.
    size : int
        Number of columns, or of symbols.
    arguments : mapping
        Further arguments of the encoder.
    generator : torch.Generator, optional
        The only source of the initial weights. Default: torch's global generator.

    Returns
    -------
    Encoder
    """
    build: Callable[..., Encoder] = ENCODERS[kind]
    return build(size, **arguments, generator=generator)
