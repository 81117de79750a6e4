"""A network: one encoder per modality, then the fusion layer.

Where a sample lacks a modality m, the mean of f^m over the samples that have it replaces f^m. Its
centred feature is then zero, so that what the modality adds to the score alone is the same as on average, and
it does not move any mean of m.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders import Encoder
from mmfusion.encoders.encoder import ROWS_AT_ONCE
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.training.column_holder import ColumnHolder
from mmfusion.training.modality import MODULE, Modality
from mmfusion.training.samples import Samples
from mmfusion.training.standardiser import Standardiser


def mean_of_present(features: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of features (..., B, d) over samples of weights (..., B), shape (..., d)."""
    if weight is None:
        return features.mean(-2)
    exact = weight.to(features)
    total = exact.sum(-1, keepdim=True).clamp(min=torch.finfo(features.dtype).tiny)
    return (features * (exact / total).unsqueeze(-1)).sum(-2)


def mean_within_range(features: Tensor, weight: Tensor | None) -> Tensor:
    """Return `mean_of_present` of features (n, d), constant ones exactly in spite of rounding.

    Samples of weight zero may have infinite features.
    """
    if weight is None:
        return mean_of_present(features, None).clamp(*torch.aminmax(features, dim=0))
    used = weight > 0
    mean = mean_of_present(torch.where(used.unsqueeze(-1), features, 0.0), weight)
    return mean.clamp(*torch.aminmax(features[used], dim=0)) if bool(used.any()) else mean


def with_replaced(
    features: Mapping[str, Tensor], present: Mapping[str, Tensor], means: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Replace missing features by the means.

    Parameters
    ----------
    features : mapping of str to Tensor, shape (..., B, d_m)
    present : mapping of str to Tensor of bool, shape (..., B)
        Which samples have a modality; modalities without an entry stay as they are.
    means : mapping of str to Tensor, shape (..., d_m)

    Returns
    -------
    dict of str to Tensor, shape (..., B, d_m)
    """
    return {
        name: torch.where(present[name].unsqueeze(-1), values, means[name].unsqueeze(-2))
        if name in present
        else values
        for name, values in features.items()
    }


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
    held : mapping of str to int, optional
        Number of columns of the modalities whose columns that are constant in training keep this value in
        prediction. Default: none.
    absent : collection of str, default ()
        Modalities that the network is not given: their features are zero for all samples, so that no block
        with one of them has variance.
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
        held: Mapping[str, int] | None = None,
        absent: Collection[str] = (),
        **fusion: Any,
    ) -> None:
        super().__init__()
        self.modalities, self.absent = tuple(encoders), frozenset(absent)
        self.encoders = nn.ModuleList(encoders.values())
        self.scale = scale
        layers: dict[str, nn.Module] = {m: Standardiser(width) for m, width in (standardised or {}).items()}
        layers |= {m: ColumnHolder(width) for m, width in (held or {}).items()}
        self.standardisers = nn.ModuleList(layers.get(name) or nn.Identity() for name in encoders)
        self.fusion = TensorFusion({name: encoder.dim for name, encoder in encoders.items()}, **fusion)
        self.register_buffer("feature_mean", torch.zeros(sum(self.fusion.dims.values())))

    @property
    def encoder_of_modality(self) -> dict[str, Encoder]:
        """The encoders by modality, in modality order."""
        return dict(zip(self.modalities, self.encoders, strict=True))  # type: ignore[arg-type]  # Encoders, in a ModuleList

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
        layers = zip(self.modalities, self.standardisers, self.encoders, strict=True)
        outputs = {
            name: torch.zeros(len(inputs[name]), self.fusion.dims[name])
            if name in self.absent
            else encoder(standardiser(inputs[name]))
            for name, standardiser, encoder in layers
        }
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
        parts = [self.encode(*piece) for piece in _pieces(inputs, present or {})]
        return {name: torch.cat([part[name] for part in parts]) for name in self.modalities}

    @torch.no_grad()
    def scores(self, inputs: Mapping[str, Tensor], present: Mapping[str, Tensor] | None = None) -> Tensor:
        """Return the scores (n, outputs) of any number of rows, some rows at a time."""
        return torch.cat([self(*piece) for piece in _pieces(inputs, present or {})])

    @torch.no_grad()
    def parts(self, features: Mapping[str, Tensor]) -> dict[Subset, NDArray[np.float64]]:
        """Return <phi_I(x), W_I> of every subset, shape (n, outputs), in double precision.

        Parameters
        ----------
        features : mapping of str to Tensor, shape (n, d_m)
            From `encode_all`.
        """
        pieces = [self.fusion.contributions(piece) for piece, _ in _pieces(features, {})]
        return {
            subset: torch.cat([piece[subset] for piece in pieces]).double().numpy()
            for subset in self.fusion.subsets
        }

    @property
    def bias(self) -> NDArray[np.float64]:
        """The bias b of the scores, shape (outputs,)."""
        return np.asarray(self.fusion.bias.detach().double().numpy())

    @torch.no_grad()
    def fit_standardisers(self, samples: Samples) -> None:
        """Set the constants of columns that the network standardises or holds, from the training split."""
        for name, standardiser in zip(self.modalities, self.standardisers, strict=True):
            if isinstance(standardiser, Standardiser | ColumnHolder):
                weight = samples.weight_of(name)
                share = None if weight is None else weight.double().numpy()
                standardiser.fit(samples.inputs[name].numpy(), share)

    @torch.no_grad()
    def fit_statistics(self, samples: Samples) -> dict[str, Tensor]:
        """Set all constants of prediction from the training split and switch to eval mode.

        First the moments of the encoders' batch norm, then, with these fixed, those of the fusion layer. The
        weights of the samples weight every mean, and samples without a modality do not count in its means.

        Parameters
        ----------
        samples : Samples
            The whole training split.

        Returns
        -------
        dict of str to Tensor, shape (n, d_m)
            The features of these samples, as `encode_all` would give them.
        """
        self.eval()
        features, means = {}, {}
        for index, name in enumerate(self.modalities):
            encoder, standardiser = self.encoders[index], self.standardisers[index]
            weight, rows = samples.weight_of(name), samples.inputs[name]
            if name in self.absent:
                values = torch.zeros(len(rows), self.fusion.dims[name])
            else:
                values = self.scale * encoder.fit_statistics(rows, weight, standardiser)  # type: ignore[operator]  # an Encoder
            features[name], means[name] = values, mean_within_range(values, weight)
        self.feature_mean.copy_(torch.cat(list(means.values())))
        features = with_replaced(features, samples.present, means)
        self.fusion.fit_statistics(features, samples.weight)
        return features


def _pieces(
    rows: Mapping[str, Tensor], masks: Mapping[str, Tensor]
) -> list[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """Cut rows, and masks of them, into pieces that are computed at once; views on the same memory."""
    starts = range(0, len(next(iter(rows.values()))), ROWS_AT_ONCE)
    slices = [slice(start, start + ROWS_AT_ONCE) for start in starts] or [slice(0)]
    first, second = (
        [{name: x[rows] for name, x in group.items()} for rows in slices] for group in (rows, masks)
    )
    return list(zip(first, second, strict=True))


def build_network(
    modalities: Sequence[Modality],
    fusion: Mapping[str, Any],
    generator: torch.Generator | None = None,
    scale: float = 1.0,
    absent: Collection[str] = (),
) -> MultimodalNetwork:
    """Build an untrained network, whose weights are drawn from a generator and nothing else.

    Parameters
    ----------
    modalities : sequence of Modality
        In modality order.
    fusion : mapping
        Arguments of `TensorFusion` beside `dims`.
    generator : torch.Generator, optional
        Default: torch's global generator.
    scale : float, default 1.0
        Factor of the encoders' outputs.
    absent : collection of str, default ()
        Modalities that the network is not given.

    Returns
    -------
    MultimodalNetwork
    """
    encoders = {modality.name: modality.build(generator) for modality in modalities}
    widths = {modality.name: modality.size for modality in modalities if modality.standardised}
    held = {modality.name: modality.size for modality in modalities if modality.kind == MODULE}
    return MultimodalNetwork(encoders, scale, widths, held, absent, generator=generator, **fusion)
