"""Train all seeds of a block."""

from mmfusion.cells import cell_from_path
from mmfusion.data.seeds import load_by_seed
from mmfusion.files import write_table
from mmfusion.logs import logged
from mmfusion.training.cell import train_block

with logged(snakemake.log[0]):
    w = snakemake.wildcards
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    cell = cell_from_path(w.dataset, w.norm, w.p, w.scale)
    block, history, seconds = train_block(cell, datasets, snakemake.params.settings, progress=True)
    block.save(snakemake.output.weights, snakemake.output.description)
    write_table(snakemake.output.history, history)
    write_table(snakemake.output.seconds, seconds)
