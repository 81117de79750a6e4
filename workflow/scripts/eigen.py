"""Analyse the covariance of the blocks of features of all networks of one cell and a batch of seeds."""

from mmfusion.files import write_table
from mmfusion.study.cells import EIGEN_CELL
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.logs import logged
from mmfusion.study.tables.eigen_cells import eigen_cell
from mmfusion.study.training.checkpoint import load_cells

with logged(snakemake.log[0]):
    trained = next(cell for cell in load_cells(snakemake.input.networks) if cell.cell == EIGEN_CELL)
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    tables = eigen_cell(trained, datasets)
    for path, table in zip(snakemake.output, tables, strict=True):
        write_table(path, table)
