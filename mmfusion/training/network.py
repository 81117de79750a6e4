"""The network of the study: one encoder per modality, then the fusion layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmfusion.encoders import Encoder, encoder_of
from mmfusion.encoders.encoder import ROWS_AT_ONCE
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.fusion.wick import Blocks
from mmfusion.training.mean_features import mean_of_present, with_replaced
from mmfusion.training.samples import Samples
from mmfusion.training.standardiser import Standardiser


class MultimodalNetwork(nn.Module):
    """Encoders, a common factor on their outputs, and a `TensorFusion` layer.

    Parameters
    ----------
    encoders : mapping of str to Encoder
        One per modality, in modality order.
    scale : float, default 1.0
        Factor of all encoder outputs, to see how much the relevance depends on the scale of the features.
    standardised : mapping of str to int, optional
        Number of columns of the modalities whose inputs are standardised first, by constants that are set
        before training. Default: none.
    **fusion
        Arguments of `TensorFusion` beside `dims`.

    Attributes
    ----------
    feature_mean : Tensor, shape (sum of d_m,)
        Mean features of the training split, which stand for those of a missing modality in prediction.
    """

    feature_mean: Tensor

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        scale: float = 1.0,
        standardised: Mapping[str, int] | None = None,
        **fusion: Any,
    ) -> None:
        super().__init__()
        self.modalities = tuple(encoders)
        self.encoders = nn.ModuleList(encoders.values())
        self.scale = scale
        widths = standardised or {}
        self.standardisers = nn.ModuleList(
            Standardiser(widths[name]) if name in widths else nn.Identity() for name in encoders
        )
        self.fusion = TensorFusion({name: encoder.dim for name, encoder in encoders.items()}, **fusion)
        self.register_buffer("feature_mean", torch.zeros(sum(self.fusion.dims.values())))

    def standardise(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Standardise prepared inputs where the network does so."""
        pairs = zip(self.modalities, self.standardisers, strict=True)
        return {name: standardiser(inputs[name]) for name, standardiser in pairs}

    def encode(
        self, inputs: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Encode prepared inputs (B, ...) as features (B, d_m).

        Parameters
        ----------
        inputs : mapping of str to Tensor, shape (B, ...)
        present : mapping of str to Tensor of bool, shape (B,), optional
            Which samples have a modality; without an entry all have it. The features of a missing one are
            `feature_mean`.
        """
        given = self.standardise(inputs)
        pairs = zip(self.modalities, self.encoders, strict=True)
        outputs = {name: encoder(given[name]) for name, encoder in pairs}
        if self.scale != 1.0:
            outputs = {name: self.scale * x for name, x in outputs.items()}
        means = torch.split(self.feature_mean, list(self.fusion.dims.values()))
        return with_replaced(outputs, present or {}, dict(zip(self.modalities, means, strict=True)))

    def forward(self, inputs: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None) -> Tensor:
        """Return the scores (B, outputs) of prepared inputs, see `encode`."""
        scores: Tensor = self.fusion(self.encode(inputs, present))
        return scores

    @torch.no_grad()
    def encode_all(
        self, inputs: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Encode any number of rows in the current mode for dropout and batch norm, some rows at a time."""
        rows, masks = len(next(iter(inputs.values()))), present or {}
        parts = [
            self.encode(
                {name: x[start : start + ROWS_AT_ONCE] for name, x in inputs.items()},
                {name: x[start : start + ROWS_AT_ONCE] for name, x in masks.items()},
            )
            for start in range(0, rows, ROWS_AT_ONCE)
        ]
        return {name: torch.cat([part[name] for part in parts]) for name in self.modalities}

    @torch.no_grad()
    def fit_statistics(self, samples: Samples) -> None:
        """Set all constants of prediction from the training split and switch to eval mode.

        First the moments of the encoders' batch norm, then, with these fixed, those of the fusion layer. The
        weights of the samples weight every mean, and samples without a modality do not count in its means.

        Parameters
        ----------
        samples : Samples
            The whole training split.
        """
        self.eval()
        features, means = {}, {}
        for place, name in enumerate(self.modalities):
            encoder, standardiser = self.encoders[place], self.standardisers[place]
            weight = samples.weight_of(name)
            values = self.scale * encoder.fit_statistics(samples.inputs[name], weight, standardiser)  # type: ignore[operator]  # an Encoder
            features[name], means[name] = values, mean_of_present(values, weight)
        self.feature_mean.copy_(torch.cat(list(means.values())))
        self.fusion.fit_statistics(with_replaced(features, samples.present, means), samples.weight)

    @torch.no_grad()
    def contributions(self, inputs: Mapping[str, Tensor]) -> Blocks:
        """Return <phi_I(x), W_I> per subset, shape (n, outputs), for prepared inputs."""
        return self.fusion.contributions(self.encode_all(inputs))


def build_network(
    modalities: Sequence[tuple[str, str, int]],
    encoders: Mapping[str, Mapping[str, Any]],
    scale: float,
    standardised: Sequence[str] = (),
    **fusion: Any,
) -> MultimodalNetwork:
    """Build a network from plain settings.

    Parameters
    ----------
    modalities : sequence of (str, str, int)
        Name, kind (a key of `mmfusion.encoders.ENCODERS`) and size of each modality in modality order: the
        number of columns, or of symbols.
    encoders : mapping of str to mapping
        Arguments of the encoders by kind.
    scale : float
        Factor of the encoder outputs.
    standardised : sequence of str, default ()
        Names of the modalities that the network standardises.
    **fusion
        Arguments of `TensorFusion` beside `dims`.

    Returns
    -------
    MultimodalNetwork
    """
    built = {name: encoder_of(kind, size, encoders[kind]) for name, kind, size in modalities}
    widths = {name: size for name, _, size in modalities if name in standardised}
    return MultimodalNetwork(built, scale, widths, **fusion)
