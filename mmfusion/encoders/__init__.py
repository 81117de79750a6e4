"""Encoders of one modality: from its raw array to features of width d."""

from mmfusion.encoders.base import Encoder
from mmfusion.encoders.motif_scanner import MotifScanner
from mmfusion.encoders.vector import VectorEncoder

__all__ = ["Encoder", "MotifScanner", "VectorEncoder"]
