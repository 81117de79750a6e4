"""Networks of one architecture in one stack: parameters with a leading axis that counts networks.

A step of a small network is mostly the cost of calling many small operations. Stacked, the networks of all
seeds share each call, and so do the encoders of modalities that have one architecture; every network is
trained as it would be alone.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from mmfusion.encoders import Encoder
from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.module_encoder import ModuleEncoder, StackedModules
from mmfusion.fusion.blocknorm import block_norm_penalty, block_norms
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.training.network import MultimodalNetwork, mean_of_present, with_replaced
from mmfusion.training.samples import Samples
from mmfusion.training.standardiser import Standardiser

Module = TypeVar("Module", bound=nn.Module)


class NetworkStack(nn.Module):
    """Networks of one architecture that are trained together.

    In training mode all networks share each operation. In eval mode the scores are those that every network
    gives in eval mode, by its constants of prediction, with the present parameters of the stack.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
        They are left as they are until `write_back`. p and scale may differ.
    noise : sequence of torch.Generator, optional
        Source of the dropout of every network. Default: torch's global generator for all.
    shapes : mapping of str to tuple of int, optional
        Shape of a sample of every modality; encoders of unequal shapes are computed one by one. Default: all
        alike.
    """

    scales: Tensor | None

    def __init__(
        self,
        networks: Sequence[MultimodalNetwork],
        noise: Sequence[torch.Generator] = (),
        shapes: Mapping[str, tuple[int, ...]] | None = None,
    ) -> None:
        super().__init__()
        # A tuple is not a submodule: only the parameters of the stack are trained.
        self.networks = tuple(networks)
        first = self.networks[0]
        self.modalities = first.modalities
        scales = torch.tensor([network.scale for network in self.networks]).view(-1, 1, 1)
        self.register_buffer("scales", None if bool((scales == 1).all()) else scales)
        self.standardisers = nn.ModuleList(
            _stacked_constants([network.standardisers[index] for network in self.networks])
            for index in range(len(self.modalities))
        )
        # A modality that a network is not given takes no part in the stack of encoders.
        self.owners = {
            name: [index for index, network in enumerate(self.networks) if name not in network.absent]
            for name in self.modalities
        }
        # Groups are those of all modalities, so that the order of the noise does not depend on who is absent.
        alike = _group_by_architecture(first.encoder_of_modality, shapes or {})
        used = (tuple(name for name in names if self.owners[name]) for names in alike)
        self.groups = [names for names in used if names]
        self.encoders = nn.ModuleList(_stacked_encoders(self._members(names)) for names in self.groups)
        self.fusion: TensorFusion = _stacked([network.fusion for network in self.networks])
        exponents = [network.fusion.q for network in self.networks]
        self.networks_of_q = {
            q: [index for index, other in enumerate(exponents) if other == q]
            for q in dict.fromkeys(exponents)
        }
        for names, encoder in zip(self.groups, self.encoders, strict=True):
            if isinstance(encoder, StackedModules):
                encoder.noise = tuple(noise[owner] for owner in self.owners[names[0]]) if noise else ()
                continue
            for module in encoder.modules():
                if isinstance(module, Dropout):
                    module.generators = tuple(noise)
                    module.owners = [owner for name in names for owner in self.owners[name]]

    def _members(self, names: Sequence[str]) -> list[nn.Module]:
        """Return the encoders of a group, modality by modality, each of all networks that are given it."""
        pairs = [(name, self.networks[owner]) for name in names for owner in self.owners[name]]
        return [network.encoders[network.modalities.index(name)] for name, network in pairs]

    def forward(self, samples: Samples) -> Tensor:
        """Return the scores (networks, B, outputs) of samples (networks, B, ...)."""
        if not self.training:
            return torch.stack([self._predict(index, samples) for index in range(len(self.networks))])
        weights, pairs = self._weights(samples), zip(self.modalities, self.standardisers, strict=True)
        inputs = {name: standardiser(samples.inputs[name]) for name, standardiser in pairs}
        encoded: dict[str, Tensor] = {}
        for names, encoder in zip(self.groups, self.encoders, strict=True):
            joined = torch.cat([self._owned(name, inputs[name]) for name in names])
            weight = None
            if names[0] in weights:
                weight = torch.cat([self._owned(name, weights[name]) for name in names])
            counts = [len(self.owners[name]) for name in names]
            encoded |= zip(names, torch.split(encoder(joined, weight), counts), strict=True)
        features = {name: self._of_all(name, encoded.get(name), samples) for name in self.modalities}
        if self.scales is not None:
            features = {name: self.scales * values for name, values in features.items()}
        if samples.present:
            means = {name: mean_of_present(features[name], weights[name]) for name in samples.present}
            features = with_replaced(features, samples.present, means)
        scores: Tensor = self.fusion(features, samples.weight)
        return scores

    def penalty(self) -> Tensor:
        """Return [sum over I of ||W_I||^q]^(2/q) of every network, each with its own q, shape (networks,)."""
        layer = self.fusion
        norms = block_norms(layer.weight, layer.norm.block_of, len(layer.subsets))
        if len(self.networks_of_q) == 1:
            return block_norm_penalty(norms, layer.q)
        parts = [block_norm_penalty(norms[owners], q) for q, owners in self.networks_of_q.items()]
        order = torch.tensor([index for owners in self.networks_of_q.values() for index in owners])
        return torch.cat(parts)[order.argsort().to(norms.device)]

    def _owned(self, name: str, values: Tensor) -> Tensor:
        """Select the networks that are given a modality."""
        owners = self.owners[name]
        return values if len(owners) == len(self.networks) else values[owners]

    def _of_all(self, name: str, values: Tensor | None, samples: Samples) -> Tensor:
        """Return features (networks, B, d_m), zero for the networks that are not given the modality."""
        owners = self.owners[name]
        if values is not None and len(owners) == len(self.networks):
            return values
        shape = (*samples.target.shape[:2], self.fusion.dims[name])
        none = torch.zeros(shape, device=samples.target.device)
        if values is None:
            return none
        return none.index_copy(0, torch.tensor(owners, device=none.device), values)

    def _predict(self, index: int, samples: Samples) -> Tensor:
        """Return the scores (B, outputs) of one network in eval mode, with its parameters in the stack."""
        network = copy.deepcopy(self.networks[index]).eval()
        parameters = {f"fusion.{name}": x[index] for name, x in self.fusion.named_parameters()}
        for names, encoder in zip(self.groups, self.encoders, strict=True):
            for member, name in enumerate(names):
                if index not in self.owners[name]:
                    continue
                start = f"encoders.{self.modalities.index(name)}."
                before = sum(len(self.owners[other]) for other in names[:member])
                position = before + self.owners[name].index(index)
                parameters |= {start + key: x for key, x in _parameters_of(encoder, position).items()}
        inputs, present = (
            {name: x[index] for name, x in group.items()} for group in (samples.inputs, samples.present)
        )
        scores: Tensor = torch.func.functional_call(network, parameters, (inputs, present))
        return scores

    def _weights(self, samples: Samples) -> dict[str, Tensor]:
        """Return the weights of the samples in the means of every modality, empty where all are one."""
        if samples.weight is None and not samples.present:
            return {}
        ones = samples.target.new_ones(samples.target.shape[:2], dtype=torch.float32)
        by_modality = {name: samples.weight_of(name) for name in samples.inputs}
        return {name: ones if weight is None else weight for name, weight in by_modality.items()}

    def decayed_weights(self) -> list[Tensor]:
        """Return the weight matrices of all encoders, the only ones under weight decay."""
        return [weight for encoder in self.encoders for weight in encoder.weights()]  # type: ignore[operator]  # an Encoder

    @torch.no_grad()
    def write_back(self) -> None:
        """Copy the parameters of the stack into the networks that it was made of."""
        for names, encoder in zip(self.groups, self.encoders, strict=True):
            if isinstance(encoder, StackedModules):
                encoder.write_back()
            else:
                _copy(encoder, self._members(names))
        _copy(self.fusion, [network.fusion for network in self.networks])


def _group_by_architecture(
    encoders: Mapping[str, Encoder], sample_shapes: Mapping[str, tuple[int, ...]]
) -> list[tuple[str, ...]]:
    """Group modalities whose encoders have one architecture and whose samples have one shape."""
    groups: dict[str, list[str]] = {}
    for name, encoder in encoders.items():
        shapes = [(key, tuple(x.shape), x.requires_grad) for key, x in encoder.named_parameters()]
        # What a user's module does is not known: each is a separate group.
        alone = name if isinstance(encoder, ModuleEncoder) else ""
        groups.setdefault(f"{alone} {encoder} {shapes} {sample_shapes.get(name)}", []).append(name)
    return [tuple(names) for names in groups.values()]


def _stacked_encoders(encoders: Sequence[nn.Module]) -> nn.Module:
    modules = [encoder for encoder in encoders if isinstance(encoder, ModuleEncoder)]
    return StackedModules(modules) if modules else _stacked(encoders)


def _parameters_of(encoder: nn.Module, position: int) -> dict[str, Tensor]:
    """Return the parameters of one of the encoders in a stack."""
    if isinstance(encoder, StackedModules):
        return dict(encoder.copies[position].named_parameters())
    return {name: x[position] for name, x in encoder.named_parameters()}


def _stacked(modules: Sequence[Module]) -> Module:
    stack = copy.deepcopy(modules[0])
    for name, values in list(stack.named_parameters()):
        owner, _, key = name.rpartition(".")
        stacked = torch.stack([module.get_parameter(name).detach() for module in modules])
        setattr(stack.get_submodule(owner), key, nn.Parameter(stacked, values.requires_grad))
    return stack


def _stacked_constants(layers: Sequence[nn.Module]) -> nn.Module:
    """Stack the constants of standardisers, unless they are the same in all networks."""
    stack = copy.deepcopy(layers[0])
    for name, values in list(stack.named_buffers()):
        every = [layer.get_buffer(name) for layer in layers]
        if isinstance(stack, Standardiser) and not all(torch.equal(values, other) for other in every):
            stack.register_buffer(name, torch.stack(every))
    return stack


def _copy(stack: nn.Module, modules: Sequence[nn.Module]) -> None:
    for name, stacked in stack.named_parameters():
        for module, values in zip(modules, stacked, strict=True):
            module.get_parameter(name).copy_(values)
