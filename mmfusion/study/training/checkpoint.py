"""Trained networks on disk: safetensors with a JSON description, never a pickle.

A *block* holds the networks of one cell for a block of seeds. A pair of files holds several blocks: the JSON
file describes them in their order, and the weights of the block at place i are named
``<i>/<seed>/<parameter>``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mmfusion.errors import DataError
from mmfusion.files import write_bytes, write_json
from mmfusion.study.cells import Cell
from mmfusion.study.config.numbers import number
from mmfusion.training.network import MultimodalNetwork, build_network

FORMAT = "mmfusion-networks-3"


@dataclass(frozen=True)
class TrainedBlock:
    """The networks of one cell for one block of seeds.

    Parameters
    ----------
    description : mapping
        JSON values: ``cell``, ``task``, ``modalities`` (lists of name, kind and size), ``encoders``
        (arguments by kind), ``fusion`` (arguments of `TensorFusion`), ``settings`` and per seed
        ``target`` (mean and standard deviation with which a regression target was standardised; 0 and 1
        otherwise).
    networks : mapping of int to MultimodalNetwork
        By seed, in eval mode.
    """

    description: Mapping[str, Any]
    networks: Mapping[int, MultimodalNetwork]

    @property
    def cell(self) -> Cell:
        """The cell whose networks these are."""
        return Cell(**self.description["cell"])


def save_blocks(blocks: Sequence[TrainedBlock], weights: str | Path, description: str | Path) -> None:
    """Write blocks into one pair of files; the same networks give the same bytes.

    Parameters
    ----------
    blocks : sequence of TrainedBlock
    weights : str or Path
        Target of all weights (safetensors, keys ``<index>/<seed>/<parameter>``).
    description : str or Path
        Target of what describes them (JSON: ``format`` and the list ``blocks``).
    """
    tensors = {
        f"{index}/{seed}/{name}": value.contiguous()
        for index, block in enumerate(blocks)
        for seed, network in block.networks.items()
        for name, value in network.state_dict().items()
    }
    write_bytes(weights, save(tensors))
    write_json(description, {"format": FORMAT, "blocks": [dict(block.description) for block in blocks]})


def load_blocks(weights: str | Path, description: str | Path) -> list[TrainedBlock]:
    """Read what `save_blocks` wrote.

    Parameters
    ----------
    weights, description : str or Path
        The two files.

    Returns
    -------
    list of TrainedBlock

    Raises
    ------
    DataError
        If a file is missing, damaged or in another format.
    """
    try:
        facts = json.loads(Path(description).read_text(encoding="utf-8"))
        tensors = load_file(str(weights))
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{weights}: not readable ({error}); train the networks again.") from None
    found = facts.get("format") if isinstance(facts, dict) else type(facts).__name__
    if found != FORMAT:
        raise DataError(f"{description}: format is {found!r}, expected {FORMAT!r}; train the networks again.")
    try:
        return [_rebuilt(block, tensors, f"{index}/") for index, block in enumerate(facts["blocks"])]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{weights}: the weights are not those that {description} describes ({error}); "
            "train the networks again."
        ) from None


def _rebuilt(facts: Mapping[str, Any], tensors: Mapping[str, Tensor], prefix: str) -> TrainedBlock:
    networks: dict[int, MultimodalNetwork] = {}
    for seed in facts["target"]:
        start = f"{prefix}{seed}/"
        own = {key.removeprefix(start): x for key, x in tensors.items() if key.startswith(start)}
        networks[int(seed)] = network_from(facts)
        networks[int(seed)].load_state_dict(own)
        networks[int(seed)].eval()
    return TrainedBlock(facts, networks)


def network_from(description: Mapping[str, Any]) -> MultimodalNetwork:
    """Build the untrained network that a description describes."""
    fusion = {**description["fusion"], "p": number(description["fusion"]["p"])}
    scale = number(description["scale"])
    return build_network(description["modalities"], description["encoders"], scale, **fusion)
