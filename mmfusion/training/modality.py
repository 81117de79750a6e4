"""A modality as a network sees it: its kind, its size, and the encoder that is built for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from mmfusion.encoders import Encoder, ModuleEncoder, encoder_of
from mmfusion.encoders.own_module import renewed

MODULE = "module"
"""Kind of a modality whose encoder is the user's own module; also the argument that holds the module."""


@dataclass(frozen=True)
class Modality:
    """One modality of a network.

    Parameters
    ----------
    name : str
    kind : str
        A key of `mmfusion.encoders.ENCODERS`, or ``module`` for the user's own module.
    size : int
        Number of columns, or of symbols.
    arguments : mapping
        Arguments of the encoder; for a module ``module`` and ``dim``.
    axes : int, default 2
        Axes of its arrays.
    standardised : bool, default False
        Whether the network standardises its columns by the training samples.
    """

    name: str
    kind: str
    size: int
    arguments: Mapping[str, Any]
    axes: int = 2
    standardised: bool = False

    def build(self, generator: torch.Generator | None = None) -> Encoder:
        """Build the encoder with new weights, drawn from a generator (default: torch's global one)."""
        if self.kind == MODULE:
            return ModuleEncoder(renewed(self.arguments[MODULE], generator), self.arguments["dim"])
        return encoder_of(self.kind, self.size, self.arguments, generator)

    def as_json(self) -> dict[str, Any]:
        """Describe the modality by JSON values; of a module, only its weights are ever written."""
        return {**vars(self), "arguments": {k: x for k, x in self.arguments.items() if k != MODULE}}
