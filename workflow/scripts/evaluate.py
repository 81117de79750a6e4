"""Compute metrics and relevance of all networks of a dataset and a batch of seeds."""

from mmfusion.files import write_table
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.logs import logged
from mmfusion.study.tables.evaluate import evaluate_cells
from mmfusion.study.training.checkpoint import load_cells

with logged(snakemake.log[0]):
    trained = [cell for path in snakemake.input.networks for cell in load_cells(path)]
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    for name, table in evaluate_cells(trained, datasets, snakemake.params.halves_seed).items():
        write_table(snakemake.output[name], table)
