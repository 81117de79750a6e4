"""Ask all peers about drawn data sets of one design."""

import pandas as pd

from mmfusion.files import write_table
from mmfusion.study.evidence.peer_comparison import compare_peers
from mmfusion.study.evidence.peer_designs import drawn_set
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    tables = [compare_peers(drawn_set(snakemake.wildcards.design, seed)) for seed in snakemake.params.seeds]
    write_table(snakemake.output[0], pd.concat(tables, ignore_index=True))
