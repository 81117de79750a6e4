"""Estimators on disk: one safetensors file with a JSON description, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from mmfusion.errors import DataError, InputError
from mmfusion.estimators.fitting import Fitted
from mmfusion.estimators.modalities import OWN, Modality, build_network
from mmfusion.files import write_bytes
from mmfusion.fusion.subsets import parse_subset, subset_label

FORMAT = "mmfusion-estimator-1"


def save_fitted(
    path: str | Path, name: str, estimator: Mapping[str, Any], fitted: Fitted, state: Mapping[str, Any]
) -> None:
    """Write a fitted estimator, whole or not at all.

    Parameters
    ----------
    path : str or Path
    name : str
        Name of its class.
    estimator : mapping
        Its parameters; those that are no JSON values raise.
    fitted : Fitted
    state : mapping
        JSON values: fitted attributes and layout.
    """
    tensors = {
        f"{place}/{key}": value.contiguous()
        for place, network in enumerate(fitted.networks)
        for key, value in network.state_dict().items()
    }
    means = [{subset_label(key): x.tolist() for key, x in part.items()} for part in fitted.part_means]
    facts = {"task": fitted.task, "scale": fitted.scale.tolist(), "seed": fitted.seed, "part_means": means}
    header = {
        "format": FORMAT,
        "class": name,
        "parameters": dict(estimator),
        "fitted": facts,
        "state": dict(state),
    }
    try:
        text = json.dumps(header, default=_plain)
    except TypeError as error:
        raise InputError(
            f"{path}: a parameter cannot be written ({error}), expected numbers, text, lists and mappings; "
            "set random_state to a number."
        ) from None
    write_bytes(path, save(tensors, metadata={"mmfusion": text}))


def load_fitted(
    path: str | Path, modules: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Modality, ...], Fitted]:
    """Read what `save_fitted` wrote.

    Returns
    -------
    tuple of (dict, tuple of Modality, Fitted)
        The description, the modalities and the fitted networks.

    Raises
    ------
    DataError
        If the file is missing, damaged or in another format.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file, expected an estimator that was written by its method save.")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("mmfusion", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, ValueError) as error:
        raise DataError(f"{path}: not a readable estimator ({error}); save it again.") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DataError(
            f"{path}: not an estimator of this version, expected the format {FORMAT}; save it again."
        )
    try:
        layout = with_modules(header["state"]["layout"], modules, path)
        return header, layout, _rebuilt(header, layout, tensors)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{path}: weights and description do not fit ({error}); save it again.") from None


def _rebuilt(
    header: Mapping[str, Any], layout: tuple[Modality, ...], tensors: Mapping[str, torch.Tensor]
) -> Fitted:
    facts, state = header["fitted"], header["state"]
    networks = []
    for place in range(len(facts["part_means"])):
        network = build_network(layout, 0, **{**state["fusion"], "p": float(state["fusion"]["p"])})
        network.fusion.double()
        start = f"{place}/"
        network.load_state_dict({k.removeprefix(start): x for k, x in tensors.items() if k.startswith(start)})
        networks.append(network.eval())
    means = [
        {parse_subset(label): np.asarray(values) for label, values in part.items()}
        for part in facts["part_means"]
    ]
    return Fitted(networks, facts["task"], np.asarray(facts["scale"]), means, facts["seed"])


def table_state(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Turn a table into JSON values."""
    return {str(name): table[name].tolist() for name in table.columns}


def layout_state(layout: tuple[Modality, ...]) -> list[dict[str, Any]]:
    """Turn the modalities into JSON values; of a module of the user's own, only the weights are written."""
    return [
        {**vars(modality), "arguments": {k: x for k, x in modality.arguments.items() if k != OWN}}
        for modality in layout
    ]


def with_modules(state: list[dict[str, Any]], modules: Mapping[str, Any], path: Any) -> tuple[Modality, ...]:
    """Rebuild the modalities, with the user's own modules by modality name.

    Raises
    ------
    InputError
        If one is not given.
    """
    layout = []
    for facts in state:
        if facts["kind"] == OWN:
            if facts["name"] not in modules:
                raise InputError(
                    f"{path}: the encoder of {facts['name']!r} is a module of your own, expected it in "
                    f"load(path, modules={{{facts['name']!r}: module}})."
                )
            if not isinstance(modules[facts["name"]], nn.Module):
                raise InputError(
                    f"modules[{facts['name']!r}] is {modules[facts['name']]!r}, expected an instance of the "
                    "module that was trained."
                )
            facts = {**facts, "arguments": {**facts["arguments"], OWN: modules[facts["name"]]}}
        layout.append(Modality(**facts))
    return tuple(layout)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}")
