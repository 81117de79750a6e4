"""Download of the CMU-MOSI files from their repositories, each file pinned by commit and SHA-256.

Neither repository states a licence for the data: whoever downloads them has to decide whether their use is
permitted. The files are for the local study only and never become part of this project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pooch
from requests import exceptions

from mmfusion.errors import DownloadError
from mmfusion.study.data.mosi.mosi_files import DIRECTORY_VARIABLE, REGISTRY, mosi_registry


def download_mosi(
    directory: str | Path, *, registry: str | Path = REGISTRY, retries: int = 2, timeout: float = 30.0
) -> Path:
    """Download the CMU-MOSI files that are missing from a folder or have the wrong bytes there.

    Neither repository states a licence for the data. Every file is written under a temporary name, compared
    with its SHA-256 and renamed only if it agrees: only then does it replace a file with the wrong bytes.
    A progress bar per file goes to standard error.

    Parameters
    ----------
    directory : str or Path
        Folder of the files; created if it does not exist.
    registry : str or Path, default `REGISTRY`
        The files, their hashes and addresses, as `mosi_registry` reads them.
    retries : int, default 2
        How often to ask for a file again after a failure, after pauses of 1, 2, ... seconds.
    timeout : float, default 30
        Seconds without a response after which a connection counts as failed.

    Returns
    -------
    Path
        The folder, with all files.

    Raises
    ------
    DownloadError
        If a file cannot be downloaded or has the wrong bytes; files that arrived whole before it stay.
    """
    files = mosi_registry(directory, registry, retries=retries)
    # Without streaming, requests closes the connection itself, after a failure too.
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=timeout, stream=False)
    for name in files.registry:
        try:
            files.fetch(name, downloader=downloader, processor=_make_readable)
        except (OSError, ValueError) as error:
            raise DownloadError(_explain(files, name, error)) from error
    return Path(directory)


def _make_readable(path: str, action: str, _: Any) -> str:
    """Let all users read a new file; pooch leaves it private, as its temporary file was."""
    if action != "fetch":  # "fetch": the right file was there already
        Path(path).chmod(0o644)
    return path


def _explain(files: pooch.Pooch, name: str, error: Exception) -> str:
    """Say in one sentence which file failed, why, what was expected and what to do."""
    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        reason = f"the server answered {error.response.status_code} {error.response.reason}"
    elif isinstance(error, exceptions.ChunkedEncodingError | exceptions.ContentDecodingError):
        reason = "the connection was cut before the file was complete"
    elif isinstance(error, exceptions.Timeout):
        reason = "the server did not answer in time"
    elif isinstance(error, exceptions.ConnectionError):
        reason = "the server cannot be reached or closed the connection"
    elif isinstance(error, exceptions.RequestException):
        reason = f"the request failed ({error})"
    elif isinstance(error, OSError):
        reason = f"the system refused ({error.strerror or error})"
    else:
        reason = "the bytes that came are not the expected ones"
    return (
        f"{name}: not downloaded from {files.urls[name]} because {reason}, expected the file with "
        f"{files.registry[name].replace('sha256:', 'SHA-256 ')}; try again later, or copy the file to "
        f"{files.path} by hand, or set {DIRECTORY_VARIABLE} to a folder that has all files."
    )
