"""Compute metrics and relevance of all networks of a dataset and a batch of seeds."""

from mmfusion.files import write_table
from mmfusion.study.data.seeds import load_by_seed
from mmfusion.study.logs import logged
from mmfusion.study.tables.evaluate import evaluate_blocks
from mmfusion.study.training.checkpoint import load_blocks

with logged(snakemake.log[0]):
    files = zip(snakemake.input.weights, snakemake.input.description, strict=True)
    blocks = [block for weights, description in files for block in load_blocks(weights, description)]
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    evaluation = evaluate_blocks(blocks, datasets, snakemake.params.halves_seed)
    write_table(snakemake.output.runs, evaluation.runs)
    write_table(snakemake.output.subsets, evaluation.subsets)
    write_table(snakemake.output.seconds, evaluation.seconds)
