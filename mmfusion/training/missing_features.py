"""Missing modalities: the mean feature stands in their place.

A sample without a modality m gets the mean of f^m over the samples that have it. Its centred feature is then
zero, so that what the modality adds to the score alone is the same as on average, and it does not move any
mean of m.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def mean_of_present(features: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of features (..., B, d) over samples of weights (..., B), shape (..., d)."""
    if weight is None:
        return features.mean(-2)
    exact = weight.to(features)
    total = exact.sum(-1, keepdim=True).clamp(min=torch.finfo(features.dtype).tiny)
    return (features * (exact / total).unsqueeze(-1)).sum(-2)


def with_replaced(
    features: Mapping[str, Tensor], present: Mapping[str, Tensor], means: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Put the means in the place of missing features.

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
