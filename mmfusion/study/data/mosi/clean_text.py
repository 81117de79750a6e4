"""Text features of CMU-MOSI that know no labels: its transcripts, embedded by a pretrained sentence encoder.

The published text features were learned on the labels of the training part, so that nothing can be chosen on
it. The sentence encoder has never seen these labels: choices on its features are legitimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.errors import DataError
from mmfusion.study.data.mosi.mosi_files import check_mosi_bytes
from mmfusion.study.data.mosi.mosi_join import read_transcripts
from mmfusion.study.data.mosi.sentence_encoder import (
    ENCODER_PACKAGE,
    INSTALL,
    LIBRARY,
    check_encoder,
    find_encoder,
)
from mmfusion.training.device import one_thread

BATCH = 64
"""Sentences that are embedded at once."""


def embed(sentences: Sequence[str], folder: Path) -> NDArray[np.float32]:
    """Embed sentences on one thread, so that the same bytes come out of every run on a machine.

    Parameters
    ----------
    sentences : sequence of str
    folder : Path
        Of `find_encoder`; checked first.

    Returns
    -------
    array of float32, shape (n, 384)

    Raises
    ------
    DataError
        As `check_encoder`.
    """
    check_encoder(folder)
    library: Any = import_module(LIBRARY)
    with one_thread():
        encoder = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        return np.asarray(
            encoder.encode(list(sentences), batch_size=BATCH, show_progress_bar=False), np.float32
        )


def clean_text(directory: Path) -> pd.DataFrame:
    """Embed all transcripts of CMU-MOSI, in lower case.

    Parameters
    ----------
    directory : Path
        Folder of the CMU-MOSI files, which are compared with their SHA-256.

    Returns
    -------
    DataFrame
        Column ``id`` (utterance id) and float32 columns ``text_0`` to ``text_383``, one row per transcript in
        the order of ``transcripts.csv``.

    Raises
    ------
    DataError
        If the encoder is not installed, or files have other bytes.
    """
    folder = find_encoder()
    if folder is None:
        raise DataError(
            f"the sentence encoder for the transcripts of CMU-MOSI is not installed, expected the packages "
            f"{LIBRARY} and {ENCODER_PACKAGE}; {INSTALL}."
        )
    check_mosi_bytes(directory)
    transcripts = read_transcripts(directory)
    numbers = embed(transcripts["words"].str.lower().tolist(), folder)
    columns = [f"text_{column}" for column in range(numbers.shape[1])]
    return pd.concat([transcripts[["id"]], pd.DataFrame(numbers, columns=columns)], axis="columns")
