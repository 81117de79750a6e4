"""The base class of all settings, and the values that they are made of."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of all settings: unknown keys are mistakes, and nothing is changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


LONGEST_NAME = 100
"""Letters of a name: file systems take 255 for a file, which has more around the name."""
_RESERVED = re.compile("con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)
"""Names that Windows does not give to files."""


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("expected a name of letters, digits, _ and -; rename it")
    if text.startswith("-"):
        raise ValueError("expected a name that begins with a letter, a digit or _; rename it")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"expected a name of at most {LONGEST_NAME} letters, not {len(text)}; shorten it")
    if _RESERVED.fullmatch(text):
        raise ValueError("expected a name that is not reserved by an operating system; rename it")
    return text


Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Samples = Annotated[int, Field(ge=2)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, AfterValidator(_name)]
"""A name that can be part of a path."""

MaxOrder = Annotated[
    Positive | None,
    Field(
        description="largest number of modalities in a subset; without it, or above their number, all subsets"
    ),
]
