"""Relevance scores for modalities and their interactions.

The public names are loaded on first use, so that importing the package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmfusion._version import __version__

if TYPE_CHECKING:
    from mmfusion.fusion.blocknorm import block_norm_exponent, relevance
    from mmfusion.fusion.subsets import subsets
    from mmfusion.fusion.tensor_fusion import TensorFusion
    from mmfusion.fusion.wick import wick_products

__all__ = ["TensorFusion", "__version__", "block_norm_exponent", "relevance", "subsets", "wick_products"]

_HOME = {
    "TensorFusion": "tensor_fusion",
    "block_norm_exponent": "blocknorm",
    "relevance": "blocknorm",
    "subsets": "subsets",
    "wick_products": "wick",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"mmfusion.fusion.{_HOME[name]}"), name)
    raise AttributeError(f"module 'mmfusion' has no attribute {name!r}")
