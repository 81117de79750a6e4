"""Saving and loading a fitted estimator: one file of networks with a JSON description, never a pickle."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import nn

from mmfusion.errors import DataError, InputError
from mmfusion.estimators.ensemble import Ensemble
from mmfusion.estimators.summary import Answer
from mmfusion.files import file_to_replace
from mmfusion.fusion.subsets import parse_subset, subset_label
from mmfusion.measures.array_losses import TASKS
from mmfusion.training.modality import MODULE, Modality, one_line
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.network_file import load_networks, save_networks
from mmfusion.training.target_moments import TargetMoments

FORMAT = "mmfusion-estimator-6"
TABLES = ("relevance_", "penalties_", "history_")
INFORMATION = ("information_", "modality_information_", "synergy_")
"""Tables that are None where nothing was asked for."""
ARRAYS = ("classes_", "one_hot_", "feature_names_in_")
VALUES = ("penalty_", "n_features_in_", "several_")
"""Fitted attributes by how they are written."""


TABLES_OF_ANSWER = {"relevance": "relevance_", **{name.rstrip("_"): name for name in INFORMATION}}
FACTS = tuple(field.name for field in fields(Answer) if field.name not in TABLES_OF_ANSWER)
"""Fields of the answer in words: those that are tables of the estimator, and the others."""


class SavingMixin:
    """Writes and reads fitted estimators."""

    get_params: Callable[..., dict[str, Any]]
    set_params: Callable[..., Any]
    encoders: Mapping[str, Any] | None
    ensemble_: Ensemble
    layout_: tuple[Modality, ...]
    modalities_: tuple[str, ...]
    columns_: dict[str, tuple[Any, ...]]
    summary_: Answer

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator as one safetensors file; loading it never executes code.

        A file of this name is replaced, whole or not at all, and a warning says so. What a link points to is
        replaced, the link stays.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            If a parameter is not a plain value, or `path` is a folder, a pipe or a device.
        """
        check_is_fitted(self, "ensemble_")
        replaced = file_to_replace(path).exists()
        ensemble = self.ensemble_
        parameters = self.get_params(deep=False)
        if parameters["encoders"]:
            plain = {modality.name for modality in self.layout_ if modality.kind != MODULE}
            parameters["encoders"] = {k: x for k, x in parameters["encoders"].items() if k in plain}
        fusion = ensemble.networks[0].fusion
        names = ("outputs", "p", "max_order", "convention")
        description = {
            "class": type(self).__name__,
            "parameters": parameters,
            "modalities": [modality.as_json() for modality in self.layout_],
            "fusion": {name: getattr(fusion, name) for name in names} | {"norm": fusion.norm.name},
            "task": ensemble.task,
            "target": ensemble.moments.as_json(),
            "part_means": [
                {subset_label(subset): mean.tolist() for subset, mean in means.items()}
                for means in ensemble.part_means
            ],
            "constants": [constant.tolist() for constant in ensemble.constants],
            "seed": ensemble.seed,
            "answer": {name: getattr(self.summary_, name) for name in FACTS},
            "floor": ensemble.floor,
            "tables": {
                name: None if table is None else table.to_dict("list")
                for name, table in ((name, getattr(self, name)) for name in (*TABLES, *INFORMATION))
            },
            "values": {name: getattr(self, name) for name in VALUES if hasattr(self, name)},
            "arrays": {name: _as_json(getattr(self, name)) for name in ARRAYS if hasattr(self, name)},
            "columns": {name: list(columns) for name, columns in self.columns_.items()},
        }
        networks = {str(index): network for index, network in enumerate(ensemble.networks)}
        try:
            save_networks(path, networks, description, FORMAT)
        except TypeError as error:
            raise InputError(
                f"{path}: a parameter cannot be written ({error}), expected numbers, text, lists and "
                "mappings; set random_state and cv to numbers by set_params, and rename columns or classes "
                "that are dates."
            ) from None
        if replaced:
            warnings.warn(f"{path}: the file that was there is replaced.", UserWarning, stacklevel=2)

    @classmethod
    def load(cls, path: str | Path, modules: Mapping[str, nn.Module] | None = None) -> Self:
        """Read an estimator that `save` wrote.

        Parameters
        ----------
        path : str or Path
        modules : mapping of str to nn.Module, optional
            Your own encoders by modality: their weights are in the file, their code is not.

        Returns
        -------
        FusionClassifier or FusionRegressor

        Raises
        ------
        DataError
            If the file is missing, damaged, or holds another estimator.
        """
        given = dict(modules or {})
        layout: list[Modality] = []

        def build(description: Mapping[str, Any]) -> dict[str, MultimodalNetwork]:
            if description["class"] != cls.__name__:
                raise DataError(
                    f"{path}: holds a {description['class']}, expected a {cls.__name__}; load it with that."
                )
            layout.extend(_modality(facts, given, path) for facts in description["modalities"])
            count = max(1, len(description["part_means"]))
            fusion = description["fusion"] | {"p": float(description["fusion"]["p"])}
            return {str(index): build_network(layout, fusion, torch.Generator()) for index in range(count)}

        remedy = "check the modules, or save the estimator again" if given else "save the estimator again"
        description, networks = load_networks(path, build, FORMAT, remedy)
        try:
            return cls._restored(description, list(networks.values()), tuple(layout), given)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"{path}: the description of the estimator is damaged ({one_line(error)}); save it again."
            ) from None

    @classmethod
    def _restored(
        cls,
        description: Mapping[str, Any],
        networks: list[MultimodalNetwork],
        layout: tuple[Modality, ...],
        given: Mapping[str, nn.Module],
    ) -> Self:
        """Make a fitted estimator of its description and its networks."""
        estimator = cls(**description["parameters"])
        if given:
            estimator.set_params(encoders={**(estimator.encoders or {}), **given})
        part_means = [
            {parse_subset(label): np.asarray(mean) for label, mean in means.items()}
            for means in description["part_means"]
        ]
        task, subsets = description["task"], set(networks[0].fusion.subsets)
        if task not in TASKS or any(set(means) != subsets for means in part_means):
            raise ValueError("the task or the means of the subsets do not fit the networks")
        moments = TargetMoments.from_json(description["target"])
        constants = [np.asarray(constant, dtype=float) for constant in description["constants"]]
        estimator.ensemble_ = Ensemble(
            networks,
            task,
            moments,
            part_means,
            constants,
            int(description["seed"]),
            float(description["floor"]),
        )
        estimator.layout_ = layout
        estimator.modalities_ = tuple(modality.name for modality in layout)
        for name, columns in description["tables"].items():
            setattr(estimator, name, None if columns is None else pd.DataFrame(columns))
        tables = {key: getattr(estimator, name) for key, name in TABLES_OF_ANSWER.items()}
        estimator.summary_ = Answer(**description["answer"], **tables)
        estimator.columns_ = {
            name: tuple(tuple(column) if isinstance(column, list) else column for column in columns)
            for name, columns in description["columns"].items()
        }
        for name, value in description["values"].items():
            setattr(estimator, name, value)
        for name, array in description["arrays"].items():
            setattr(estimator, name, array and np.asarray(array["values"], dtype=array["dtype"]))
        return estimator


def _as_json(array: NDArray[Any] | None) -> dict[str, Any] | None:
    """Describe an array of classes or names by its values and their type, which JSON does not keep."""
    return None if array is None else {"values": array.tolist(), "dtype": array.dtype.str}


def _modality(facts: dict[str, Any], modules: Mapping[str, Any], path: str | Path) -> Modality:
    """Rebuild a modality, with the user's module where it has one."""
    name = facts["name"]
    if facts["kind"] != MODULE:
        return Modality(**facts)
    if name not in modules:
        raise InputError(
            f"{path}: the encoder of {name!r} is your own module, expected it in load(path, "
            f"modules={{{name!r}: module}})."
        )
    if not isinstance(modules[name], nn.Module):
        raise InputError(
            f"modules[{name!r}] is {modules[name]!r}, expected an instance of the module that was trained."
        )
    return Modality(**{**facts, "arguments": {**facts["arguments"], MODULE: modules[name]}})
