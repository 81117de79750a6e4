"""The products that a network was trained without."""

from __future__ import annotations

import torch

from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.estimators.jobs import Material, Trained, trained_of
from mmfusion.fusion.subsets import subsets
from mmfusion.training.loop import Fit
from mmfusion.training.network import build_network
from mmfusion.training.samples import NetworkSamples


def with_all_products(trained: Trained, settings: FitSettings, material: Material) -> Trained:
    """Add the products that a network was trained without, their weights zero: it predicts the same.

    Parameters
    ----------
    trained : Trained
        It has all modalities.
    settings : FitSettings
    material : Material

    Returns
    -------
    Trained
    """
    job, without = trained.job, trained.network
    if without.fusion.subsets == subsets(without.fusion.dims, settings.fusion["max_order"]):
        return trained
    modalities = settings.variants[job.candidate.encoder].modalities
    network = build_network(modalities, settings.fusion, torch.Generator())
    for layers, given in (
        (network.encoders, without.encoders),
        (network.standardisers, without.standardisers),
    ):
        layers.load_state_dict(given.state_dict())
    blocks = network.fusion.blocks()
    with torch.no_grad():
        network.fusion.weight.zero_()
        network.fusion.bias.copy_(without.fusion.bias)
        for subset, block in without.fusion.blocks().items():
            blocks[subset].copy_(block)
    rows = torch.from_numpy(material.folds[job.fold].train)
    features = network.fit_statistics(NetworkSamples.of_rows(material.samples, [rows]).part(0))
    network.fusion.double()
    return trained_of(job, network, Fit(trained.fit.epochs, trained.fit.subsets, features), material)
