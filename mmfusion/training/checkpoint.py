"""Trained networks on disk: safetensors with a JSON description, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mmfusion.config_numbers import number
from mmfusion.errors import DataError
from mmfusion.files import write_bytes, write_json
from mmfusion.training.network import MultimodalNetwork, build_network

FORMAT = "mmfusion-networks-1"


@dataclass(frozen=True)
class TrainedBlock:
    """The networks of one block of seeds.

    Parameters
    ----------
    description : mapping
        JSON values: ``format``, ``cell``, ``task``, ``modalities`` (pairs of name and width),
        ``encoder``, ``fusion`` (arguments of `TensorFusion`), ``settings`` and per seed ``target`` (mean and
        standard deviation with which a regression target was standardised; 0 and 1 otherwise).
    networks : mapping of int to MultimodalNetwork
        By seed, in eval mode.
    """

    description: Mapping[str, Any]
    networks: Mapping[int, MultimodalNetwork]

    def save(self, weights: str | Path, description: str | Path) -> None:
        """Write weights (safetensors, keys ``<seed>/<parameter>``) and description (JSON)."""
        tensors = {
            f"{seed}/{name}": value.contiguous()
            for seed, network in self.networks.items()
            for name, value in network.state_dict().items()
        }
        write_bytes(weights, save(tensors))
        write_json(description, dict(self.description))

    @classmethod
    def load(cls, weights: str | Path, description: str | Path) -> TrainedBlock:
        """Read what `save` wrote.

        Raises
        ------
        DataError
            If a file is missing, damaged or in another format.
        """
        try:
            facts = json.loads(Path(description).read_text(encoding="utf-8"))
            tensors = load_file(str(weights))
        except (OSError, ValueError, SafetensorError) as error:
            raise DataError(f"{weights}: not readable ({error}); train the cell again.") from None
        found = facts.get("format") if isinstance(facts, dict) else type(facts).__name__
        if found != FORMAT:
            raise DataError(f"{description}: format is {found!r}, expected {FORMAT!r}; train the cell again.")
        try:
            networks = {int(seed): _rebuilt(facts, tensors, seed) for seed in facts["target"]}
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise DataError(
                f"{weights}: the weights are not those that {description} describes ({error}); "
                "train the cell again."
            ) from None
        return cls(facts, networks)


def _rebuilt(facts: Mapping[str, Any], tensors: Mapping[str, Tensor], seed: str) -> MultimodalNetwork:
    network = network_from(facts)
    prefix = f"{seed}/"
    network.load_state_dict(
        {key.removeprefix(prefix): x for key, x in tensors.items() if key.startswith(prefix)}
    )
    return network.eval()


def network_from(description: Mapping[str, Any]) -> MultimodalNetwork:
    """Build the untrained network that a description describes."""
    fusion = {**description["fusion"], "p": number(description["fusion"]["p"])}
    scale = number(description["scale"])
    return build_network(dict(description["modalities"]), description["encoder"], scale, **fusion)
