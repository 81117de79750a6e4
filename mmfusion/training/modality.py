"""A modality as a network sees it: its kind, its size, and the encoder that is built for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from mmfusion.encoders import Encoder, ModuleEncoder, encoder_of
from mmfusion.encoders.lent_generator import with_new_weights
from mmfusion.errors import InputError, MmfusionError

MODULE = "module"
"""Kind of a modality whose encoder is the user's module; also the name of the argument that holds it."""


@dataclass(frozen=True)
class Modality:
    """One modality of a network.

    Parameters
    ----------
    name : str
    kind : str
        A key of `mmfusion.encoders.ENCODERS`, or ``module`` for the user's module.
    size : int
        Number of columns, or of symbols.
    arguments : mapping
        Arguments of the encoder; for a module ``module`` and ``dim``.
    axes : int, default 2
        Axes of its arrays.
    standardised : bool, default False
        Whether the network standardises its columns by the training samples.
    alphabet : str, default ""
        The letters of a sequence of letters, in the order of their symbols; empty for all other modalities.
    lengths : bool, default False
        Whether its sequences had lengths in training.
    """

    name: str
    kind: str
    size: int
    arguments: Mapping[str, Any]
    axes: int = 2
    standardised: bool = False
    alphabet: str = ""
    lengths: bool = False

    def build(self, generator: torch.Generator | None = None) -> Encoder:
        """Build the encoder with new weights.

        Parameters
        ----------
        generator : torch.Generator, optional
            Source of the weights. Default: torch's global generator.

        Returns
        -------
        Encoder

        Raises
        ------
        InputError
            With the modality, if the encoder cannot be made.
        """
        try:
            if self.kind == MODULE:
                return ModuleEncoder(
                    with_new_weights(self.arguments[MODULE], generator), self.arguments["dim"]
                )
            return encoder_of(self.kind, self.size, self.arguments, generator)
        except MmfusionError as error:
            raise InputError(f"encoders[{self.name!r}]: {error}") from None
        except Exception as error:  # of torch, or of the user's module
            raise InputError(f"encoders[{self.name!r}]: {self._not_built(error)}") from error

    def _not_built(self, error: Exception) -> str:
        if self.kind == MODULE:
            return (
                f"the module {self.module_name} cannot be copied with new weights ({one_line(error)}), "
                "expected that copy.deepcopy and reset_parameters work; change the module."
            )
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return (
            f"the encoder {self.kind!r} cannot be made with {arguments} ({one_line(error)}); correct its "
            "arguments."
        )

    @property
    def module_name(self) -> str:
        """Class of the user's module."""
        return type(self.arguments[MODULE]).__name__

    def as_json(self) -> dict[str, Any]:
        """Describe the modality by JSON values; of a module, only its weights are ever written."""
        return {**vars(self), "arguments": {k: x for k, x in self.arguments.items() if k != MODULE}}


def one_line(error: Exception) -> str:
    r"""Write type and text of an error in one line.

    Examples
    --------
    >>> one_line(ValueError("too\nlong."))
    'ValueError: too long'
    """
    return f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
