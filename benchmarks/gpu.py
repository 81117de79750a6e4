"""Compare training on a graphics processor with training on the processor: speed, and what is found.

``python benchmarks/gpu.py`` trains a cell of the study with more and more seeds in one stack, on both devices
and by the plain loop in turn, and prints the time of an epoch per network and the ratios. Before, it trains
networks of ten seeds on both devices as the study does, and compares all relevances. It exits with 1 if
some relevance differs by more than the seeds do, and with 2 where torch finds no graphics processor. (A file
``cuda.py`` here would hide the package ``cuda`` from torch.)
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from cells import Sample, per_epoch, sample_of_study
from measure import Work, in_turn, spread
from parts.throughput import PLAIN_SEEDS, plain_training
from results import Row, markdown, row, tidy

from mmfusion.files import write_table
from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.measures.subset_measures import weights_of_subsets
from mmfusion.study.cells import Cell
from mmfusion.study.training.cell_training import train_cell

DATASET = "XRelIrrXOR"
NORMS = ("none", "ibn")
COUNTS = (10, 100)
"""Seeds in a stack; the data of the first ten are used again and again."""
DEVICES = ("cpu", "cuda")
EPOCHS = (1, 11)
"""The two numbers of epochs that are compared: their difference is the time of epochs alone."""
SMALLEST = 1e-3
"""Of a difference of relevance: smaller ones are rounding."""


def with_seeds(sample: Sample, count: int) -> Sample:
    """Return so many seeds, the datasets of a sample in turn."""
    drawn = list(sample.datasets.values())
    return Sample(sample.name, {seed: drawn[seed % len(drawn)] for seed in range(count)}, sample.settings)


def on(sample: Sample, device: str) -> Sample:
    """Return the sample, to be trained on a device."""
    return Sample(sample.name, sample.datasets, {**sample.settings, "device": device})


def finished(work: Work) -> Work:
    """Wait for the graphics processor before the clock stops."""

    def waited() -> None:
        work()
        torch.cuda.synchronize()

    return waited


def speed(sample: Sample, counts: tuple[int, ...], budget: float) -> list[Row]:
    """Time both devices and the plain loop in turn; the processor trains ten networks, the plain loop two."""
    rows: list[Row] = []
    for count in counts:
        stack, work = with_seeds(sample, count), dict[Any, Work]()
        for norm in NORMS:
            for epochs in EPOCHS:
                work[(f"cuda {norm}", epochs)] = finished(on(stack, "cuda").training(norm, epochs))
                few = on(sample, "cpu")
                work[(f"cpu {norm}", epochs)] = few.training(norm, epochs)
                plain = on(sample.first_seeds(PLAIN_SEEDS), "cpu")
                work[(f"plain {norm}", epochs)] = plain_training(plain, norm, epochs)
        seconds = in_turn(work, budget)
        for norm in NORMS:
            keys = {"case": f"networks = {count}", "norm": norm, "modalities": 3, "dim": 8}
            each = {
                "cuda": per_epoch(seconds, f"cuda {norm}", EPOCHS) / count,
                "cpu": per_epoch(seconds, f"cpu {norm}", EPOCHS) / len(sample.datasets),
                "plain": per_epoch(seconds, f"plain {norm}", EPOCHS) / PLAIN_SEEDS,
            }
            rows += [
                row("cuda", f"an epoch per network, {name}", spread(1000 * values), "ms", **keys)
                for name, values in each.items()
            ]
            rows.append(row("cuda", "speed, cuda / cpu", spread(each["cpu"] / each["cuda"]), "x cpu", **keys))
            rows.append(
                row("cuda", "speed, cuda / plain", spread(each["plain"] / each["cuda"]), "x plain", **keys)
            )
    return rows


def agreement(sample: Sample, epochs: int) -> pd.DataFrame:
    """Compare the relevance of every subset after training on both devices.

    Returns
    -------
    DataFrame
        By normalisation and subset: mean beta on both devices, the mean of their differences over the seeds
        with its 95 % interval (Student's t), the largest difference of a seed, and whether they agree: the
        interval holds 0, or the mean is below `SMALLEST`.
    """
    rows = []
    for norm in NORMS:
        cell, found = Cell(sample.name, norm, "1", "1"), {}
        for device in DEVICES:
            settings = {**sample.settings, "epochs": epochs, "device": device}
            networks = train_cell(cell, sample.datasets, settings, progress=False)[0].networks
            tables = [
                weights_of_subsets(network.fusion).set_index("subset")["beta"]
                for network in networks.values()
            ]
            found[device] = pd.concat(tables, axis=1)
        for subset in found["cpu"].index:
            cpu, cuda = (found[device].loc[subset].to_numpy(float) for device in DEVICES)
            test = mean_and_test(cuda - cpu)
            agrees = abs(test.mean) < SMALLEST or test.low <= 0 <= test.high
            means = float(cpu.mean()), float(cuda.mean())
            largest = float(abs(cuda - cpu).max())
            rows.append((norm, subset, *means, test.mean, test.low, test.high, largest, agrees))
    columns = ["norm", "subset", "cpu", "cuda", "difference", "low", "high", "largest", "agree"]
    return pd.DataFrame(rows, columns=columns)


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="networks in a stack")
    parser.add_argument("--seconds", type=float, default=120.0, help="for the repetitions of every count")
    parser.add_argument("--output", type=Path, default=Path("results/cuda"), help="folder of the tables")
    chosen = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print("torch finds no graphics processor with CUDA here: nothing was measured.", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    sample = sample_of_study(DATASET, 10, 4000)
    compared = agreement(sample, int(sample.settings["epochs"]))
    table = tidy(speed(sample, tuple(chosen.counts), chosen.seconds))
    chosen.output.mkdir(parents=True, exist_ok=True)
    write_table(chosen.output / "speed.csv", table)
    write_table(chosen.output / "agreement.csv", compared)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; one thread of the processor\n")
    print(markdown(table), "\n\n## relevance on both devices\n")
    print(compared.to_markdown(index=False, floatfmt=".4f"))
    return 0 if compared["agree"].all() else 1


if __name__ == "__main__":
    raise SystemExit(main())
