"""The device of a setting is what torch finds."""

from __future__ import annotations

import pytest
import torch

from mmfusion.errors import ConfigError
from mmfusion.training.device import device_of


@pytest.mark.parametrize(
    ("name", "available", "device"),
    [
        ("cpu", False, "cpu"),
        ("cpu", True, "cpu"),
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cuda", True, "cuda"),
    ],
)
def test_device(name: str, available: bool, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert device_of(name) == torch.device(device)


def test_cuda_that_torch_does_not_find_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ConfigError, match=r"training\.device: cuda is not available to torch here; write auto"
    ):
        device_of("cuda")
