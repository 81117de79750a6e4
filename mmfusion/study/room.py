"""Whether the jobs of a study fit into the memory of a machine, by its configuration alone.

Only the large arrays are counted, each at its smallest, so that a study that is refused could not run; one
that is accepted may still need more. All memory of this machine is compared, not what is free now: jobs begin
later, and beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import psutil

from mmfusion.errors import ConfigError, InputError
from mmfusion.fusion.subsets import FEW, chosen_order
from mmfusion.sentences import gibibytes
from mmfusion.study.config.problems import Path, Problem, sentences
from mmfusion.study.config.settings import StudyConfig
from mmfusion.study.config.user_settings import ModalityColumns, UserDataset
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.data.planted_settings import SYMBOLS
from mmfusion.study.names import MOSI_CLEAN, MOSI_TASKS
from mmfusion.training.fusion_memory import COPIES, check_fusion_memory, fusion_bytes, products

MOST_NETWORKS, MOST_JOBS, MOST_VIEWS = 1_000_000, 10_000, 1000
"""Bounds of what is listed before anything is trained: networks, jobs that train, views that are drawn."""
FLOAT, LATENTS = 4, 17
"""Bytes of a number that is trained; of the latents of a view that are kept per sample."""
HISTORY = 64
"""Bytes of a row of the history: eight columns, per epoch and subset."""
RESAMPLE = 16
"""Bytes per value of a resample: its index, and the value itself."""


class _Needs(NamedTuple):
    """A dataset as its training sees it; what only its file shows is as small as it can be."""

    path: Path
    widths: list[int]
    order: int
    epochs: int
    batch: int
    samples: int
    networks: int


def check_room(config: StudyConfig, modalities: Mapping[str, int] | None = None) -> None:
    """Check that nothing of a study is larger than the machine.

    Parameters
    ----------
    config : StudyConfig
    modalities : mapping of str to int, optional
        Number of modalities of the user's datasets, where their files show it. Default: as written in the
        configuration.

    Raises
    ------
    ConfigError
        With one sentence for every key that is too large.
    """
    problems = list(_too_many(config)) or [
        *_weights(config),
        *_datasets(config, modalities or {}),
        *_resamples(config),
    ]
    first = {problem.path: problem for problem in reversed(problems)}  # one sentence about one key
    if problems:
        raise ConfigError(sentences(first.values(), config.model_dump()))


def _too_many(config: StudyConfig) -> Iterator[Problem]:
    """Compare numbers of what is listed; cells of several experiments count in each."""
    grids = config.experiments.values()
    pairs = [len(grid.datasets) * len(grid.norms) for grid in grids]
    cells = [count * len(grid.p) * len(grid.scales) for count, grid in zip(pairs, grids, strict=True)]
    batches = -(-len(config.seeds) // _seeds_per_job(config))
    if (networks := sum(cells) * len(config.seeds)) > MOST_NETWORKS:
        text = (
            f"they have {networks:,} networks (cells times seeds), expected at most {MOST_NETWORKS:,}; "
            "shorten their lists, or seeds."
        )
        yield Problem(("experiments",), text)
    if (jobs := sum(pairs) * batches) > MOST_JOBS:
        key, remedy = ("seeds_per_job", "raise it") if batches > 1 else ("experiments", "shorten their lists")
        text = f"{jobs:,} jobs would train, expected at most {MOST_JOBS:,}; {remedy}."
        yield Problem((key,), text)
    if (views := len(config.sequences.presence)) > MOST_VIEWS:
        text = f"it has {views:,} views, expected at most {MOST_VIEWS:,}; shorten it."
        yield Problem(("sequences", "presence"), text)


def _seeds_per_job(config: StudyConfig) -> int:
    count = len(config.seeds)
    return count if config.seeds_per_job == "all" else min(config.seeds_per_job, count)


def _too_large(path: Path, what: str, needed: int, remedy: str = "lower it") -> Iterator[Problem]:
    total = psutil.virtual_memory().total
    if needed > total:
        text = f"{what} about {gibibytes(needed)} of memory, expected at most the {gibibytes(total)} "
        yield Problem(path, f"{text}of this machine; {remedy}.")


def _weights(config: StudyConfig) -> Iterator[Problem]:
    """Compare the encoders of one modality with one column."""
    symbols, vector, sequence = (getattr(config.encoders, kind) for kind in ("symbols", "vector", "sequence"))
    weights = {
        "symbols": symbols.channels * (SYMBOLS * symbols.width + symbols.dim),
        "vector": vector.hidden * (1 + vector.dim),
        "sequence": sequence.channels * (sequence.width + sequence.dim),
    }
    for kind, count in weights.items():
        what = "the weights of one such encoder need"
        yield from _too_large(
            ("encoders", kind), what, FLOAT * COPIES * count, "lower the largest of its numbers"
        )


def _resamples(config: StudyConfig) -> Iterator[Problem]:
    count, seeds = config.analysis.resamples, len(config.seeds)
    what = f"so many resamples of {seeds} seeds need"
    yield from _too_large(("analysis", "resamples"), what, RESAMPLE * count * seeds)


def _datasets(config: StudyConfig, modalities: Mapping[str, int]) -> Iterator[Problem]:
    """Compare data and training of every dataset of the experiments."""
    for name, networks in _networks_per_job(config).items():
        if name in config.synthetic:
            yield from (problems := list(_data(config, name)))
            needs = None if problems else _of_synthetic(config, name, networks)
        elif name in MOSI_TASKS:
            needs = _of_mosi(config, name, networks)
        else:
            needs = _of_user(config, name, networks, modalities.get(name))
        if needs:
            problems = list(_training(needs))
            yield from problems or (_information(config, needs) if name in config.synthetic else ())


def _networks_per_job(config: StudyConfig) -> dict[str, int]:
    """Count the networks of the largest job that trains a dataset."""
    pairs: dict[str, dict[str, set[tuple[str, str]]]] = {}
    for grid in config.experiments.values():
        added = {(p, scale) for p in grid.p for scale in grid.scales}
        for dataset in grid.datasets:
            for norm in grid.norms:
                pairs.setdefault(dataset, {}).setdefault(norm, set()).update(added)
    seeds = _seeds_per_job(config)
    return {dataset: seeds * max(map(len, norms.values())) for dataset, norms in pairs.items()}


def _data(config: StudyConfig, name: str) -> Iterator[Problem]:
    sizes, length, seeds = config.synthetic[name].sizes, config.sequences.length, _seeds_per_job(config)
    samples, views = sizes.train + sizes.validation + sizes.test, _views(config, name)
    path = ("sequences", "length") if length > samples else ("datasets", name, "sizes")
    what = f"data of {name} for {seeds} seeds, which one job reads, need"
    needed = seeds * samples * views * (length + LATENTS)
    yield from _too_large(path, what, needed, "lower it, or seeds_per_job")


def _views(config: StudyConfig, name: str) -> int:
    spec = PLANTED_DATASETS[name]
    return len(spec.drawn(config.sequences.presence)) + spec.relabelled


def _of_synthetic(config: StudyConfig, name: str, networks: int) -> _Needs:
    settings, views = config.synthetic[name], _views(config, name)
    sizes = settings.sizes
    return _Needs(
        ("datasets", name),
        [config.encoders.symbols.dim] * views,
        settings.max_order or views,
        settings.epochs,
        min(config.training.batch_size, sizes.train),
        max(sizes.train, sizes.validation, sizes.test),
        networks,
    )


def _of_mosi(config: StudyConfig, name: str, networks: int) -> _Needs:
    widths = [config.encoders.vector.dim] * (2 if name in MOSI_CLEAN else 3)
    mosi = config.mosi
    return _Needs(("mosi",), widths, mosi.max_order or len(widths), mosi.epochs, 2, 0, networks)


def _of_user(config: StudyConfig, name: str, networks: int, modalities: int | None) -> _Needs:
    settings = config.user[name]
    count = modalities or len(settings.modalities or "?")
    order = chosen_order(settings.max_order, count) or count
    widths = [_width(config, settings)] * count
    return _Needs(("datasets", name), widths, order, settings.epochs, 2, 0, networks)


def _width(config: StudyConfig, settings: UserDataset) -> int:
    """Return the smallest width that a modality of a user's dataset can have."""
    encoders = config.encoders
    given = (settings.modalities or {}).values()
    if given and all(isinstance(entry, ModalityColumns) for entry in given):
        return encoders.symbols.dim
    return min(encoders.symbols.dim, encoders.vector.dim, encoders.sequence.dim)


def _training(needs: _Needs) -> Iterator[Problem]:
    """Compare the tensor products of the networks of one job, and what is written about their epochs."""
    try:
        check_fusion_memory(needs.widths, needs.order, needs.networks, needs.batch, needs.samples, whole=True)
    except InputError as error:
        what, _, advice = str(error).rpartition("; ")
        text = f"{needs.networks} networks in one job: {what}, expected fewer; {advice}"
        yield Problem((*needs.path, "max_order"), text)
        return
    subsets = products([1] * len(needs.widths), min(needs.order, len(needs.widths)))
    rows = needs.epochs * needs.networks * subsets
    what = f"the history of {needs.networks} networks over so many epochs needs"
    yield from _too_large((*needs.path, "epochs"), what, HISTORY * rows)


def _information(config: StudyConfig, needs: _Needs) -> Iterator[Problem]:
    """Compare the networks of all coalitions, which one job trains."""
    views = len(needs.widths)
    seeds = len(config.seeds[: config.information.seeds])
    networks = seeds * config.information.networks * count_coalitions(views)
    needed = fusion_bytes(needs.widths, min(needs.order, views), networks, needs.batch, needs.samples)
    what = f"{networks} networks of coalitions of the modalities of {needs.path[-1]} need"
    if networks:
        yield from _too_large(
            ("information", "networks"), what, needed, "lower it or information.seeds (0: not measured)"
        )


def count_coalitions(modalities: int) -> int:
    """Count the coalitions that `mmfusion.measures.information.coalitions_of` lists.

    Examples
    --------
    >>> count_coalitions(3), count_coalitions(5)
    (7, 11)
    """
    return 2**modalities - 1 if modalities <= FEW else 2 * modalities + 1
