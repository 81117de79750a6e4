"""Settings of the encoders: one class per kind of modality, as `mmfusion.encoders.ENCODERS` has them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mmfusion.study.config.fields import Positive, Settings

Dropout = Annotated[float, Field(ge=0, lt=1)]
Dim = Annotated[Positive, Field(description="width of the features of a modality")]


class MotifScannerSettings(Settings):
    """Encoder of symbol sequences."""

    width: Positive = Field(description="symbols per window, at most sequences.length")
    channels: Positive = Field(description="filters")
    dim: Dim


class VectorEncoderSettings(Settings):
    """Encoder of feature vectors."""

    hidden: Positive = Field(description="width of the hidden layer")
    dropout: Dropout = Field(description="share of hidden units that are dropped while training")
    dim: Dim


class SequenceEncoderSettings(Settings):
    """Encoder of real-valued sequences."""

    width: Positive = Field(description="steps per window")
    channels: Positive = Field(description="filters")
    dropout: Dropout = Field(description="share of filters that are dropped while training")
    dim: Dim


class Encoders(Settings):
    """The encoders by kind of modality: a field holds the arguments of the encoder of that kind."""

    symbols: MotifScannerSettings = Field(description="motif scanner of symbol sequences")
    vector: VectorEncoderSettings = Field(description="small MLP of feature vectors")
    sequence: SequenceEncoderSettings = Field(description="temporal convolution of real-valued sequences")
