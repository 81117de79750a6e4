"""Ask all peers about the sequences of one planted dataset, as features of the study's networks."""

from mmfusion.files import write_table
from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.evidence.peer_comparison import compare_peers
from mmfusion.study.evidence.peer_designs import encoded_set
from mmfusion.study.logs import logged
from mmfusion.study.training.checkpoint import load_cells

with logged(snakemake.log[0]):
    cell = information_cell(snakemake.wildcards.synthetic)
    trained = next(one for one in load_cells(snakemake.input.networks) if one.cell == cell)
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    sets = [encoded_set(trained, datasets[seed], seed) for seed in trained.networks]
    write_table(snakemake.output[0], compare_peers(sets))
