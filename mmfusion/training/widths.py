"""Networks whose vectors have unequal numbers of columns, in one stack.

Columns that are zero in all samples have no effect and no gradient: with weights of zero for them, a network
predicts and learns as it does without them. So networks that read fewer columns are given such columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn.functional import pad

from mmfusion.encoders.linear_encoder import LinearEncoder
from mmfusion.encoders.vector_encoder import VectorEncoder
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.standardiser import Standardiser


@torch.no_grad()
def set_widths(network: MultimodalNetwork, widths: Mapping[str, int]) -> None:
    """Add columns of weight zero to the encoders of vectors, or take such columns away again, in place.

    Parameters
    ----------
    network : MultimodalNetwork
    widths : mapping of str to int
        Numbers of columns by modality; other modalities, and encoders of something else, stay as they are.
    """
    layers = zip(network.modalities, network.standardisers, network.encoders, strict=True)
    for name, standardiser, encoder in layers:
        if name not in widths or not isinstance(encoder, VectorEncoder | LinearEncoder):
            continue
        for layer in encoder.readers:
            missing = widths[name] - layer.in_features
            layer.weight = torch.nn.Parameter(pad(layer.weight.detach(), (0, missing)))
            layer.in_features = widths[name]
        if isinstance(standardiser, Standardiser):
            standardiser.resize(widths[name])
