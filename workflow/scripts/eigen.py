"""Analyse the covariance of the blocks of features of all networks of a block of seeds."""

from mmfusion.analysis.eigen_block import eigen_block
from mmfusion.data.seeds import load_by_seed
from mmfusion.files import write_table
from mmfusion.logs import logged
from mmfusion.training.checkpoint import TrainedBlock

with logged(snakemake.log[0]):
    block = TrainedBlock.load(snakemake.input.weights, snakemake.input.description)
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    tables = eigen_block(block, datasets, snakemake.params.permutations, snakemake.params.seed)
    for path, table in zip(snakemake.output, tables, strict=True):
        write_table(path, table)
