"""The exceptions that a user of mmfusion can meet, one class per cause.

Every message is one sentence that says what is wrong, where (file, row, key), what was expected and what to
do. Scripts and commands print such a message without a traceback. The estimators also raise `TypeError` and
scikit-learn's `NotFittedError` where scikit-learn's conventions ask for them; anything else is a defect.
"""

from __future__ import annotations

from collections.abc import Sequence


class MmfusionError(Exception):
    """Base class of all errors that are caused by a user's input."""


class ConfigError(MmfusionError):
    """A study configuration that cannot be run.

    Parameters
    ----------
    problems : sequence of str
        All mistakes found, one sentence each.
    source : str
        Name of the file (or other origin) of the configuration.
    """

    def __init__(self, problems: Sequence[str], source: str = "config") -> None:
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{source}: {count} mistake{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


class DataError(MmfusionError):
    """A data file that is missing, damaged or contradicts itself."""


class DownloadError(MmfusionError):
    """A file that could not be downloaded or whose bytes are not the expected ones."""


class FusionError(MmfusionError, ValueError):
    """Arguments of the fusion layer that do not fit together (also a `ValueError`)."""


class InputError(MmfusionError, ValueError):
    """Data or arguments of an estimator that cannot be used (also a `ValueError`)."""


class TrainingError(InputError):
    """Training that diverged: what is not finite, after which epoch, and what to lower."""
