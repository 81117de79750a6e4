"""Networks on disk: one safetensors file with a JSON description, never a pickle.

The weights of the network with the name NAME are the tensors ``NAME/<parameter>``; the description is the
metadata ``mmfusion``, with a checksum of the file. The caller chooses its contents, which must suffice to
rebuild the networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mmfusion.checksum import BLANK, CHECKSUM, check_content, with_checksum
from mmfusion.errors import DataError, MmfusionError
from mmfusion.files import write_bytes
from mmfusion.training.network import MultimodalNetwork

METADATA = "mmfusion"
"""The one key of the metadata: safetensors writes several keys in no fixed order."""


def save_networks(
    path: str | Path, networks: Mapping[str, MultimodalNetwork], description: Mapping[str, Any], kind: str
) -> None:
    """Write networks into one file, whole or not at all; the same networks give the same bytes.

    Parameters
    ----------
    path : str or Path
    networks : mapping of str to MultimodalNetwork
        By name.
    description : mapping
        JSON values; NumPy arrays and numbers are written as lists and numbers.
    kind : str
        Name and version of the format, compared when the file is read.

    Raises
    ------
    TypeError
        If the description holds something else.
    """
    tensors = {
        f"{name}/{key}": value.contiguous()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    header = json.dumps({"format": kind, CHECKSUM: BLANK, **description}, default=_as_json)
    write_bytes(path, with_checksum(save(tensors, metadata={METADATA: header})))


def load_networks(
    path: str | Path,
    build: Callable[[Mapping[str, Any]], Mapping[str, MultimodalNetwork]],
    kind: str,
    remedy: str,
) -> tuple[dict[str, Any], dict[str, MultimodalNetwork]]:
    """Read what `save_networks` wrote.

    Parameters
    ----------
    path : str or Path
    build : function of mapping to mapping of str to MultimodalNetwork
        Builds the untrained networks of a description, by their names in the file.
    kind : str
        The format that is expected.
    remedy : str
        What the user can do about a file that cannot be read.

    Returns
    -------
    tuple of (dict, dict of str to MultimodalNetwork)
        The description, and the networks in eval mode.

    Raises
    ------
    DataError
        If the file is missing, damaged, in another format, its description does not fit its weights, or a
        weight is not finite.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: there is no such file, expected networks; {remedy}.")
    try:
        with safe_open(str(path), framework="pt") as file:
            description = json.loads((file.metadata() or {}).get(METADATA, "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{path}: not readable as networks ({error}); {remedy}.") from None
    written = description.get("format") if isinstance(description, dict) else type(description).__name__
    if written != kind:
        raise DataError(f"{path}: the format is {written!r}, expected {kind!r}; {remedy}.")
    check_content(path, remedy)
    try:
        networks = dict(build(description))
        unread = [key for key in tensors if not key.startswith(tuple(f"{name}/" for name in networks))]
        if unread:
            raise ValueError(f"{unread[0]} belongs to none of its networks")
        for name, network in networks.items():
            start = f"{name}/"
            weights = {key.removeprefix(start): x for key, x in tensors.items() if key.startswith(start)}
            if weights["fusion.weight"].dtype == torch.float64:
                network.fusion.double()
            _fill(network, weights)
            network.eval()
            for key, parameter in network.named_parameters():
                if not torch.isfinite(parameter).all():
                    raise DataError(f"{path}: {start}{key} holds numbers that are not finite; {remedy}.")
    except MmfusionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise DataError(f"{path}: the weights do not match the description ({error}); {remedy}.") from None
    return description, networks


def _fill(network: MultimodalNetwork, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a network the weights of a file, and say which one does not fit it."""
    here = {key: f"of shape {tuple(value.shape)}" for key, value in network.state_dict().items()}
    there = {key: f"of shape {tuple(value.shape)}" for key, value in weights.items()}
    for key in sorted(here.keys() | there.keys()):
        found, expected = there.get(key, "missing"), here.get(key, "none")
        if found != expected:
            raise ValueError(
                f"{key} is {found} in the file, expected {expected}; build modules of your own as the "
                "trained ones were built"
            )
    network.load_state_dict(weights)


def _as_json(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}")
