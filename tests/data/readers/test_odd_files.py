"""Files that are none, and names that nobody can see the difference of: refused at once, in a sentence."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmfusion import FusionClassifier, read
from mmfusion.cli.contents import list_contents
from mmfusion.errors import DataError, InputError

ENDINGS = ("csv", "parquet", "npz", "safetensors", "pkl")


@pytest.mark.parametrize("ending", ENDINGS)
def test_pipes_and_devices_are_refused_by_their_kind(ending: str, tmp_path: Path) -> None:
    pipe, device = tmp_path / f"pipe.{ending}", tmp_path / f"zero.{ending}"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path, kind in ((pipe, "a pipe"), (device, "a device")):
        for access in (list_contents, lambda file: read(file, "y", {"x": "x"})):
            with pytest.raises(
                DataError, match=rf"{path.name}: this is {kind}, which may never end, expected a file"
            ):
                access(path)


def test_also_in_a_folder(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.arange(6) % 2)
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(DataError, match=r"a\.npy: this is a pipe"):
        read(tmp_path, "y")


def archive(path: Path, members: list[tuple[str, list[float]]]) -> Path:
    """Write members of an npz file, whatever their names."""
    with zipfile.ZipFile(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zipfile, about the same name twice
        for name, values in members:
            content = io.BytesIO()
            np.save(content, np.array(values))
            file.writestr(name, content.getvalue())
    return path


def test_every_member_of_an_archive_is_an_array_of_its_own_name(tmp_path: Path) -> None:
    y, x = ("y.npy", [0, 1, 0, 1]), ("x.npy", [1.0, 2.0, 3.0, 4.0])
    assert len(read(archive(tmp_path / "good.npz", [y, x]), "y")) == 4
    with pytest.raises(DataError, match=r"the member 'z' is not an array \(\.npy\)"):
        read(archive(tmp_path / "bare.npz", [y, x, ("z", [1.0, 2.0, 3.0, 4.0])]), "y")
    with pytest.raises(DataError, match="the key 'y' occurs 2 times, expected it once"):
        read(archive(tmp_path / "twice.npz", [y, x, ("y.npy", [1, 0, 1, 0])]), "y")


def test_a_version_of_zip_that_nobody_knows(tmp_path: Path) -> None:
    path = archive(tmp_path / "good.npz", [("y.npy", [0, 1]), ("x.npy", [1.0, 2.0])])
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 173  # the version that is needed
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"good\.npz: not a readable \.npz \(zip file version 17\.3\)"):
        read(path, "y")


def table(path: Path, columns: Mapping[str, list[object]]) -> Path:
    """Write a table of four rows."""
    frame = pd.DataFrame(columns)
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_that_differ_by_spaces(ending: str, tmp_path: Path) -> None:
    path = table(tmp_path / f"t.{ending}", {"y": [0, 1, 0, 1], "x 1": [1, 2, 3, 4], "x 1 ": [4, 3, 2, 1]})
    with pytest.raises(DataError, match="the column names 'x 1' and 'x 1 ' differ only by spaces"):
        read(path, "y", {"x": "x*"})


def test_classes_that_differ_by_spaces(tmp_path: Path) -> None:
    labels = ["no", "yes", "no ", "yes"]
    path = table(tmp_path / "t.csv", {"y": labels, "x": [1, 2, 3, 4]})
    with pytest.raises(DataError, match="the target 'y': the values 'no' and 'no ' differ only by spaces"):
        read(path, "y", {"x": "x"})
    with pytest.raises(InputError, match="y: the classes 'no' and 'no ' differ by spaces only"):
        FusionClassifier().fit({"x": np.arange(4.0)[:, np.newaxis]}, labels)
