import subprocess
import sys

import pytest

from mmfusion.study.names import DATASET_NAMES, joined, order_norms, order_subsets, ordered


@pytest.mark.parametrize(
    "norms", [["ibn", "none", "vbn", "bn", "dbn"], ["vbn", "dbn", "ibn", "none", "bn", "bn"]]
)
def test_norms_have_one_order(norms):
    assert order_norms(norms) == ["none", "bn", "vbn", "dbn", "ibn"]


def test_datasets_have_one_order():
    names = ["mine", "MOSIReal", "Parity", "XRel"]
    assert ordered(names, DATASET_NAMES) == ["XRel", "Parity", "MOSIReal", "mine"]


def test_subsets_follow_size_then_modality_order_never_the_alphabet():
    labels = ["text", "audio", "text+audio", "video", "audio+video", "text+video", "text+audio+video"]
    expected = ["text", "audio", "video", "text+audio", "text+video", "audio+video", "text+audio+video"]
    assert order_subsets(labels) == expected
    assert order_subsets(expected[::1] * 2) == expected


def test_joined_reads_as_a_sentence():
    assert [joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_importing_names_colours_and_settings_does_not_import_torch():
    modules = (
        "mmfusion.study.names, mmfusion.plotting.style, mmfusion.study.config.settings, mmfusion.study.plan"
    )
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
