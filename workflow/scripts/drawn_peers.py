"""Ask all peers about drawn data sets of one design."""

from mmfusion.files import write_table
from mmfusion.study.evidence.peer_comparison import compare_peers
from mmfusion.study.evidence.peer_designs import drawn_set
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    sets = [drawn_set(snakemake.wildcards.design, seed) for seed in snakemake.params.seeds]
    write_table(snakemake.output[0], compare_peers(sets))
