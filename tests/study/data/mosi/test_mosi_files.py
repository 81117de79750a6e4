import re

import pytest

from mmfusion.errors import DataError
from mmfusion.study.data.mosi.mosi_files import (
    MOSI_FILES,
    check_mosi_bytes,
    find_mosi,
    mosi_directory,
    mosi_registry,
)
from mmfusion.study.data.mosi.mosi_join import MOSI_MODALITIES, read_mosi

DAMAGES = {
    "empty": lambda content: b"",
    "cut within a row": lambda content: content[:-3],
    "cut between rows": lambda content: content[: content[:-2].rindex(b"\r\n") + 2],
    "one row more": lambda content: content + content[content[:-2].rindex(b"\r\n") + 2 :],
    "one digit": lambda content: content[:-4] + bytes([content[-4] ^ 1]) + content[-3:],
    "other line breaks": lambda content: content.replace(b"\r\n", b"\n"),
}


def failure(folder):
    with pytest.raises(DataError) as caught:
        read_mosi(folder.path, registry=folder.registry)
    message = str(caught.value)
    assert message.startswith(f"{folder.path}: ")
    assert "\n" not in message
    for part in ("expected", "snakemake --cores 1 mosi_data", "MMFUSION_MOSI_DIR", "mosi.dir"):
        assert part in message
    return message


class TestFind:
    def test_all_files(self, mosi_folder):
        assert find_mosi(mosi_folder.path, "auto") == mosi_folder.path
        assert find_mosi(str(mosi_folder.path), "required") == mosi_folder.path

    def test_off_never_looks(self, mosi_folder):
        assert find_mosi(mosi_folder.path, "off") is None

    def test_auto_without_files(self, mosi_folder, tmp_path):
        assert find_mosi(tmp_path / "nowhere", "auto") is None

    def test_required_without_files_names_all_and_the_remedy(self, mosi_folder, tmp_path):
        with pytest.raises(DataError, match=r"10 of the 10 .* missing") as caught:
            find_mosi(tmp_path / "nowhere", "required")
        for part in (*MOSI_FILES, "-- mosi_data`", "MMFUSION_MOSI_DIR", "mosi.dir", "nowhere"):
            assert part in str(caught.value)

    @pytest.mark.parametrize("mode", ["auto", "required"])
    def test_some_files_are_an_error(self, mosi_folder, mode):
        (mosi_folder.path / "audio_test0.csv").unlink()
        (mosi_folder.path / "transcripts.csv").unlink()
        with pytest.raises(DataError, match=r"2 of the 10 .*\(audio_test0\.csv, transcripts\.csv\)"):
            find_mosi(mosi_folder.path, mode)

    def test_the_variable_overrides_the_folder(self, mosi_folder, tmp_path, monkeypatch):
        monkeypatch.setenv("MMFUSION_MOSI_DIR", str(mosi_folder.path))
        assert find_mosi(tmp_path / "nowhere", "required") == mosi_folder.path
        assert mosi_directory("nowhere") == mosi_folder.path
        monkeypatch.setenv("MMFUSION_MOSI_DIR", str(tmp_path / "nowhere"))
        assert find_mosi(mosi_folder.path, "auto") is None
        monkeypatch.setenv("MMFUSION_MOSI_DIR", "")
        assert find_mosi(mosi_folder.path, "auto") == mosi_folder.path


class TestBytes:
    def test_the_right_bytes_pass(self, mosi_folder):
        check_mosi_bytes(mosi_folder.path, mosi_folder.registry)

    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_missing(self, mosi_folder, name):
        (mosi_folder.path / name).unlink()
        message = failure(mosi_folder)
        assert f"1 of the 10 CMU-MOSI files differs from the published ones ({name}: missing)" in message

    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_damaged(self, mosi_folder, name, damage):
        path = mosi_folder.path / name
        before = path.read_bytes()
        path.write_bytes(DAMAGES[damage](before))
        assert path.read_bytes() != before
        message = failure(mosi_folder)
        assert f"1 of the 10 CMU-MOSI files differs from the published ones ({name}: other bytes)" in message

    def test_unreadable(self, mosi_folder):
        (mosi_folder.path / "audio_train0.csv").unlink()
        (mosi_folder.path / "audio_train0.csv").mkdir()
        assert "(audio_train0.csv: cannot be read (Is a directory))" in failure(mosi_folder)

    def test_all_files_are_reported_together(self, mosi_folder):
        (mosi_folder.path / "audio_test0.csv").unlink()
        mosi_folder.set("video_train0.csv", 3, 2, "words")
        mosi_folder.change("transcripts.csv", lambda rows: rows[5].pop())
        message = failure(mosi_folder)
        assert "3 of the 10 CMU-MOSI files differ from the published ones" in message
        for part in ("audio_test0.csv: missing", "video_train0.csv: other bytes", "transcripts.csv: other"):
            assert part in message

    def test_without_a_registry_only_the_published_files_pass(self, mosi_folder):
        with pytest.raises(
            DataError, match=r"10 of the 10 .* expected the SHA-256 in registry\.txt for each"
        ):
            read_mosi(mosi_folder.path)

    def test_the_published_files_pass(self, published_folder):
        check_mosi_bytes(published_folder)


class TestRegistry:
    def test_it_names_the_files_that_are_read(self):
        names = {f"{modality}_{part}0.csv" for modality in MOSI_MODALITIES for part in ("train", "test")}
        names |= {"text_train.csv", "text_test.csv", "transcripts.csv", "OpinionLevelSentiment.csv"}
        assert set(MOSI_FILES) == names
        assert len(MOSI_FILES) == 10

    @pytest.mark.parametrize("name", MOSI_FILES)
    def test_a_file_is_pinned_by_hash_and_commit(self, tmp_path, name):
        files = mosi_registry(tmp_path)
        assert re.fullmatch("sha256:[0-9a-f]{64}", files.registry[name])
        # a commit, not a branch
        address = r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/(data/(\w+/)?)?" + name
        assert re.fullmatch(address, files.urls[name])
