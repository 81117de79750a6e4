"""The network of the study: one encoder per modality, then the fusion layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmfusion.encoders import Encoder, MotifScanner, VectorEncoder
from mmfusion.encoders.base import ROWS_AT_ONCE
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.fusion.wick import Blocks


class MultimodalNetwork(nn.Module):
    """Encoders, a common factor on their outputs, and a `TensorFusion` layer.

    Parameters
    ----------
    encoders : mapping of str to Encoder
        One per modality, in modality order.
    scale : float, default 1.0
        Factor of all encoder outputs, to see how much the relevance depends on the scale of the features.
    **fusion
        Arguments of `TensorFusion` beside `dims`.
    """

    def __init__(self, encoders: Mapping[str, Encoder], scale: float = 1.0, **fusion: Any) -> None:
        super().__init__()
        self.modalities = tuple(encoders)
        self.encoders = nn.ModuleList(encoders.values())
        self.scale = scale
        self.fusion = TensorFusion({name: encoder.dim for name, encoder in encoders.items()}, **fusion)

    def encode(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encode prepared inputs (B, ...) as features (B, d_m)."""
        outputs = {
            name: encoder(inputs[name]) for name, encoder in zip(self.modalities, self.encoders, strict=True)
        }
        return outputs if self.scale == 1.0 else {name: self.scale * x for name, x in outputs.items()}

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the scores (B, outputs) of prepared inputs."""
        scores: Tensor = self.fusion(self.encode(inputs))
        return scores

    @torch.no_grad()
    def encode_all(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Encode any number of rows in the current mode for dropout and batch norm, some rows at a time."""
        rows = len(next(iter(inputs.values())))
        parts = [
            self.encode({name: x[start : start + ROWS_AT_ONCE] for name, x in inputs.items()})
            for start in range(0, rows, ROWS_AT_ONCE)
        ]
        return {name: torch.cat([part[name] for part in parts]) for name in self.modalities}

    @torch.no_grad()
    def fit_statistics(self, inputs: Mapping[str, Tensor]) -> None:
        """Set all constants of prediction from the training split and switch to eval mode.

        First the moments of the encoders' batch norm, then, with these fixed, those of the fusion layer.

        Parameters
        ----------
        inputs : mapping of str to Tensor, shape (n, ...)
            Prepared inputs of the whole training split.
        """
        self.eval()
        features = {
            name: self.scale * encoder.fit_statistics(inputs[name])  # type: ignore[operator]  # an Encoder
            for name, encoder in zip(self.modalities, self.encoders, strict=True)
        }
        self.fusion.fit_statistics(features)

    @torch.no_grad()
    def contributions(self, inputs: Mapping[str, Tensor]) -> Blocks:
        """Return <phi_I(x), W_I> per subset, shape (n, outputs), for prepared inputs."""
        return self.fusion.contributions(self.encode_all(inputs))


def build_network(
    modalities: Mapping[str, int], settings: Mapping[str, Any], scale: float, **fusion: Any
) -> MultimodalNetwork:
    """Build a network from plain settings.

    Parameters
    ----------
    modalities : mapping of str to int
        Width of each vector modality, in modality order; ignored for symbols.
    settings : mapping
        ``kind`` (``symbols`` or ``vector``) and the arguments of that encoder.
    scale : float
        Factor of the encoder outputs.
    **fusion
        Arguments of `TensorFusion` beside `dims`.

    Returns
    -------
    MultimodalNetwork
    """
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    encoders: dict[str, Encoder] = {}
    for name, width in modalities.items():
        if settings["kind"] == "symbols":
            encoders[name] = MotifScanner(**arguments)
        else:
            encoders[name] = VectorEncoder(width, **arguments)
    return MultimodalNetwork(encoders, scale, **fusion)
