"""Train all cells of a dataset and a normalisation for a batch of seeds."""

from mmfusion.files import write_table
from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.logs import logged
from mmfusion.study.training.cell_training import train_cells
from mmfusion.study.training.checkpoint import save_cells

with logged(snakemake.log[0]):
    p, out = snakemake.params, snakemake.output
    datasets = load_by_seed(snakemake.input.data, p.seeds)
    cells = [Cell(**cell) for cell in p.cells]
    trained, history, seconds = train_cells(cells, datasets, p.settings, progress=True)
    save_cells(trained, out.networks)
    write_table(out.history, history)
    write_table(out.seconds, seconds)
