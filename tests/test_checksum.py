"""Any byte that changes in a file of data is noticed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmfusion.checksum import CHECKSUM, with_checksum
from mmfusion.errors import DataError
from mmfusion.study.data.dataset import MultimodalDataset, Split

SPLIT = Split({"a": np.arange(6.0).reshape(3, 2)}, np.array([0, 1, 0]))
# Names and facts that look like the checksum do not take its place.
DATA = MultimodalDataset(
    "data", "binary", ("a",), {"train": SPLIT, "test": SPLIT}, parameters={f'"{CHECKSUM}": "': "0" * 64}
)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("checksum") / "data"
    DATA.save(path)
    assert MultimodalDataset.load(path).parameters == DATA.parameters
    return path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_every_changed_byte_ends_in_a_sentence(
    content: bytes, place: int, change: int, tmp_path: Path
) -> None:
    changed = bytearray(content)
    changed[place % len(content)] ^= change
    path = tmp_path / "data"
    path.write_bytes(changed)
    with pytest.raises(DataError, match="run the same snakemake command again"):
        MultimodalDataset.load(path)


def test_computing_it_again_changes_nothing(content: bytes) -> None:
    assert with_checksum(content) == content


def test_a_description_without_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"another_number".join(content.rsplit(CHECKSUM.encode(), 1)))
    with pytest.raises(DataError, match="does not fit its checksum"):
        MultimodalDataset.load(path)
    with pytest.raises(ValueError, match=CHECKSUM):
        with_checksum(path.read_bytes())
