"""Relevance scores for modalities and their interactions.

The public names are loaded on first use, so that importing the package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmfusion._version import __version__

if TYPE_CHECKING:
    from mmfusion.data.modality_data import ModalityData
    from mmfusion.data.readers.read import read
    from mmfusion.estimators.classifier import FusionClassifier
    from mmfusion.estimators.regressor import FusionRegressor
    from mmfusion.fusion.blocknorm import block_norm_exponent, relevance
    from mmfusion.fusion.subsets import subsets
    from mmfusion.fusion.tensor_fusion import TensorFusion
    from mmfusion.fusion.wick import wick_products

__all__ = [
    "FusionClassifier",
    "FusionRegressor",
    "ModalityData",
    "TensorFusion",
    "__version__",
    "block_norm_exponent",
    "read",
    "relevance",
    "subsets",
    "wick_products",
]

_HOME = {
    "FusionClassifier": "estimators.classifier",
    "FusionRegressor": "estimators.regressor",
    "ModalityData": "data.modality_data",
    "TensorFusion": "fusion.tensor_fusion",
    "block_norm_exponent": "fusion.blocknorm",
    "read": "data.readers.read",
    "relevance": "fusion.blocknorm",
    "subsets": "fusion.subsets",
    "wick_products": "fusion.wick",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"mmfusion.{_HOME[name]}"), name)
    raise AttributeError(f"module 'mmfusion' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
