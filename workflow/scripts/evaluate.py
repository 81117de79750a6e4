"""Compute metrics and relevance of all networks of a block."""

from mmfusion.analysis.evaluate import evaluate_block
from mmfusion.data.seeds import load_by_seed
from mmfusion.files import write_table
from mmfusion.logs import logged
from mmfusion.training.checkpoint import TrainedBlock

with logged(snakemake.log[0]):
    block = TrainedBlock.load(snakemake.input.weights, snakemake.input.description)
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    evaluation = evaluate_block(block, datasets, snakemake.params.halves_seed)
    write_table(snakemake.output.runs, evaluation.runs)
    write_table(snakemake.output.subsets, evaluation.subsets)
    write_table(snakemake.output.seconds, evaluation.seconds)
