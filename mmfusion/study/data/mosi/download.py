"""Download of the CMU-MOSI files from their repositories, each file pinned by commit and SHA-256.

Neither repository states a licence for the data: whoever downloads them has to decide whether their use is
permitted. The files are for the local study only and never become part of this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch
from requests import Response, exceptions

from mmfusion.errors import DownloadError
from mmfusion.study.data.mosi.mosi_files import DIRECTORY_VARIABLE

FEATURES = "soujanyaporia/contextual-utterance-level-multimodal-sentiment-analysis"
OPINIONS = "ASA-MOSI/Audio-Sentiment-Analysis"
BASE_URLS = {
    FEATURES: f"https://raw.githubusercontent.com/{FEATURES}/f1199e608b42f13878f724d82b6b2adaed8f42fe",
    OPINIONS: f"https://raw.githubusercontent.com/{OPINIONS}/c482dd2d939b1a7835d90e4a88ef7cbc4e73f76d",
}


@dataclass(frozen=True)
class RemoteFile:
    """A file and the bytes that it must have.

    Parameters
    ----------
    repository : str
        Key of the base URL.
    path : str
        Path below the base URL; its last part is the local file name.
    sha256 : str
        Hexadecimal SHA-256 of the content.
    """

    repository: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Local file name."""
        return self.path.rpartition("/")[2]


REGISTRY = (
    RemoteFile(
        FEATURES,
        "data/text/text_train0.csv",
        "cc327045db6cc361a08b4037b97bb24de4ddb5efb381468c4835cc4a60674668",
    ),
    RemoteFile(
        FEATURES,
        "data/text/text_test0.csv",
        "a343e22272919d1384c2075dbcdd5fef5aa9f9366b0552a83f7c3147b64b047a",
    ),
    RemoteFile(
        FEATURES,
        "data/audio/audio_train0.csv",
        "5435398a54664e7b00304587dc59ae84a438852be033c2a2fba779588624a2a1",
    ),
    RemoteFile(
        FEATURES,
        "data/audio/audio_test0.csv",
        "ddd17eeefd3d951d51d4e2ef8a0d132652d8161e1886f71eb7262b7a14bffff6",
    ),
    RemoteFile(
        FEATURES,
        "data/video/video_train0.csv",
        "b6efc0413132d627efd06f67f1706830e775e90af9a75696f535c48dbc73f12f",
    ),
    RemoteFile(
        FEATURES,
        "data/video/video_test0.csv",
        "cab836253d81100f59d533fa2ff65cd53c486be3ec9fd82203c5e25a7a77265f",
    ),
    RemoteFile(
        FEATURES,
        "data/text_train.csv",
        "73770b6302ad0f7a51f4eddcae6788efde4d0b6802e09f78249d5b538d1c1d67",
    ),
    RemoteFile(
        FEATURES,
        "data/text_test.csv",
        "f3b735070bf07ceff7a6ef6c8f4c32757e988de484e35bd6d38b2aecef851a59",
    ),
    RemoteFile(
        FEATURES,
        "data/transcripts.csv",
        "e7689e6d70720addd2a6b316419d245a68839c32b014ff426c406063ee777466",
    ),
    RemoteFile(
        OPINIONS,
        "OpinionLevelSentiment.csv",
        "5af5525f6c2c70a24c2fb8bda6c67dee37183f6f588955e753f0bd4fd6f9523a",
    ),
)


def download_mosi(
    directory: str | Path,
    base_urls: Mapping[str, str] | None = None,
    *,
    registry: tuple[RemoteFile, ...] = REGISTRY,
    retries: int = 2,
    timeout: float = 30.0,
    progressbar: bool = False,
) -> Path:
    """Download the CMU-MOSI files; files that are there with the right bytes are kept and not asked for.

    Neither repository states a licence for the data. Every file is written under a temporary name, compared
    with its SHA-256 and renamed only if it agrees; a file of that name with other bytes is then replaced.

    Parameters
    ----------
    directory : str or Path
        Folder of the files; created where it is missing.
    base_urls : mapping of str to str, optional
        Where the commits of the repositories are found, for a mirror; None takes `BASE_URLS`. A repository
        that is left out keeps its own.
    registry : tuple of RemoteFile
        The files.
    retries : int, default 2
        How often a file is asked for again after a failure, after pauses of 1, 2, ... seconds.
    timeout : float, default 30
        Seconds without an answer after which a connection counts as failed.
    progressbar : bool, default False
        Show a progress bar per file on standard error.

    Returns
    -------
    Path
        The folder, with all files.

    Raises
    ------
    DownloadError
        If a file cannot be had or has the wrong bytes; files that arrived whole before it stay.
    """
    folder = Path(directory)
    bases = {**BASE_URLS, **(base_urls or {})}
    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={file.name: f"sha256:{file.sha256}" for file in registry},
        urls={file.name: f"{bases[file.repository].rstrip('/')}/{file.path}" for file in registry},
        retry_if_failed=retries,
    )
    get = _Get(progressbar, timeout)
    for file in registry:
        try:
            fetcher.fetch(file.name, downloader=get)
        except (OSError, ValueError) as error:
            raise DownloadError(_explain(file, fetcher.get_url(file.name), folder, error)) from error
    return folder


class _Get:
    """A pooch downloader that closes its connection after a failure too and leaves a file all may read."""

    def __init__(self, progressbar: bool, timeout: float) -> None:
        self.options: dict[str, Any] = {"progressbar": progressbar, "timeout": timeout}

    def __call__(self, url: str, output: str, source: Any) -> None:
        responses: list[Response] = []
        hooks = {"response": lambda response, *_, **__: responses.append(response)}
        try:
            pooch.HTTPDownloader(hooks=hooks, **self.options)(url, output, source)
            Path(output).chmod(0o644)  # temporary files are private to their owner
        finally:
            for response in responses:
                response.close()


def _explain(file: RemoteFile, url: str, folder: Path, error: Exception) -> str:
    """Say in one sentence which file failed, why, what was expected and what to do."""
    remedy = (
        f"try again later, or copy the file to {folder} by hand, or set {DIRECTORY_VARIABLE} to a "
        "folder that has all files"
    )
    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        happened = f"the server answered {error.response.status_code} {error.response.reason}"
    elif isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        happened = "the connection was cut before the file was complete"
    elif isinstance(error, exceptions.Timeout):
        happened = "the server did not answer in time"
    elif isinstance(error, exceptions.ConnectionError):
        happened = "the server cannot be reached or closed the connection"
    elif isinstance(error, exceptions.RequestException):
        happened = f"the request failed ({error})"
    elif isinstance(error, OSError):
        happened = f"the system refused ({error.strerror or error})"
    else:
        happened = "the bytes that came are not the expected ones"
    return (
        f"{file.name}: not downloaded from {url} because {happened}, expected the file with "
        f"SHA-256 {file.sha256}; {remedy}."
    )
