"""The CMU-MOSI files as published, in the folder that MMFUSION_MOSI_DIR names."""

import os
from pathlib import Path

import pytest

from mmfusion.study.data.mosi.mosi_join import MosiTables, read_mosi


@pytest.fixture(scope="session")
def published_folder() -> Path:
    directory = os.environ.get("MMFUSION_MOSI_DIR")
    if not directory:
        pytest.skip("MMFUSION_MOSI_DIR is not set: the published CMU-MOSI files are needed")
    if not Path(directory).is_dir():
        pytest.skip(
            f"MMFUSION_MOSI_DIR is {directory}, not a folder: the published CMU-MOSI files are needed"
        )
    return Path(directory)


@pytest.fixture(scope="session")
def published(published_folder: Path) -> MosiTables:
    return read_mosi(published_folder)
