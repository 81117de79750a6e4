"""Compare what drives the planted block of the networks of one dataset with its planted motifs."""

from mmfusion.files import write_table
from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.evidence.planted_motifs import planted_motifs
from mmfusion.study.logs import logged
from mmfusion.study.training.checkpoint import load_cells

with logged(snakemake.log[0]):
    cell = information_cell(snakemake.wildcards.synthetic)
    trained = next(one for one in load_cells(snakemake.input.networks) if one.cell == cell)
    tables = planted_motifs(trained, load_by_seed(snakemake.input.data, snakemake.params.seeds))
    for path, table in zip(snakemake.output, tables, strict=True):
        write_table(path, table)
