"""Train networks at every p under one convention of the exponent q."""

from mmfusion.files import write_table
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.evidence.lp_family import lp_family
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    datasets = load_by_seed(snakemake.input.data, snakemake.params.seeds)
    table = lp_family(datasets, snakemake.params.settings, snakemake.wildcards.convention)
    write_table(snakemake.output[0], table)
