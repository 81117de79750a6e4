"""The paper study, cut down to one small experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def config() -> dict[str, Any]:
    """The paper study with one small experiment."""
    content: dict[str, Any] = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    content["experiments"] = {"toy": {"datasets": ["XRel"], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}
    return content
