"""Encoders by name: from the raw values of a modality to its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmfusion.encoders.encoder import Encoder
from mmfusion.encoders.module_encoder import ModuleEncoder
from mmfusion.encoders.motif_scanner import MotifScanner
from mmfusion.encoders.sequence_encoder import SequenceEncoder
from mmfusion.encoders.vector_encoder import VectorEncoder

__all__ = [
    "ENCODERS",
    "Encoder",
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
    "sequence": SequenceEncoder,
}
"""Encoders by kind of modality; their first argument is the size: the number of columns, or of symbols.

An array gets the first kind that takes it.
"""


def kind_of(values: NDArray[Any]) -> str:
    """Return the kind of a modality: ``symbols``, ``sequence`` for numbers (n, length, d), or ``vector``.

    Examples
    --------
    >>> kind_of(np.zeros((4, 2))), kind_of(np.zeros((4, 2), dtype=int))
    ('vector', 'symbols')
    """
    whole = np.issubdtype(values.dtype, np.integer)
    fitting = [kind for kind, encoder in ENCODERS.items() if encoder.axes == values.ndim] or list(ENCODERS)
    return next(kind for kind in fitting if whole or not ENCODERS[kind].whole)


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
