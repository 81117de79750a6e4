"""Saving and loading a fitted estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted
from torch import nn

from mmfusion.errors import DataError
from mmfusion.estimators.fitting import Fitted
from mmfusion.estimators.modalities import OWN, Modality
from mmfusion.estimators.saving import layout_state, load_fitted, save_fitted, table_state

TABLES = ("relevance_", "penalties_", "history_")
ARRAYS = ("classes_", "feature_names_in_")
VALUES = (*ARRAYS, "penalty_", "n_features_in_", "several_")
"""Fitted attributes by how they are written."""


class SavingMixin:
    """Writes and reads fitted estimators."""

    get_params: Callable[..., dict[str, Any]]
    set_params: Callable[..., Any]
    encoders: Mapping[str, Any] | None
    fitted_: Fitted
    layout_: tuple[Modality, ...]
    modalities_: tuple[str, ...]

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator as one safetensors file, from which nothing is ever executed.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            If a parameter is no plain value.
        """
        check_is_fitted(self, "fitted_")
        fusion = self.fitted_.networks[0].fusion
        names = ("outputs", "p", "max_order", "convention")
        state = {
            "layout": layout_state(self.layout_),
            "fusion": {name: getattr(fusion, name) for name in names} | {"norm": fusion.norm.name},
            "tables": {name: table_state(getattr(self, name)) for name in TABLES},
            "values": {name: _listed(getattr(self, name)) for name in VALUES if hasattr(self, name)},
        }
        parameters = self.get_params(deep=False)
        if parameters["encoders"]:
            kept = {m.name for m in self.layout_ if m.kind != OWN}
            parameters["encoders"] = {k: x for k, x in parameters["encoders"].items() if k in kept}
        save_fitted(path, type(self).__name__, parameters, self.fitted_, state)

    @classmethod
    def load(cls, path: str | Path, modules: Mapping[str, nn.Module] | None = None) -> Self:
        """Read an estimator that `save` wrote.

        Parameters
        ----------
        path : str or Path
        modules : mapping of str to nn.Module, optional
            Encoders of one's own by modality: their weights are in the file, their code is not.

        Returns
        -------
        FusionClassifier or FusionRegressor

        Raises
        ------
        DataError
            If the file is missing, damaged, or holds another estimator.
        """
        own = dict(modules or {})
        header, layout, fitted = load_fitted(path, own)
        if header["class"] != cls.__name__:
            raise DataError(
                f"{path}: holds a {header['class']}, expected a {cls.__name__}; load it with that."
            )
        estimator = cls(**header["parameters"])
        if own:
            estimator.set_params(encoders={**(estimator.encoders or {}), **own})
        state = header["state"]
        estimator.fitted_ = fitted
        estimator.layout_ = layout
        estimator.modalities_ = tuple(modality.name for modality in estimator.layout_)
        for name, columns in state["tables"].items():
            setattr(estimator, name, pd.DataFrame(columns))
        for name, value in state["values"].items():
            setattr(estimator, name, np.asarray(value) if name in ARRAYS else value)
        return estimator


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
