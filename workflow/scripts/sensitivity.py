"""Train the cells of the sensitivity map with one factor of the recipe changed."""

from mmfusion.files import write_table
from mmfusion.study.evidence.sensitivity import sensitivity
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    chosen, params = snakemake.wildcards, snakemake.params
    table = sensitivity(chosen.factor, chosen.value, params.settings, params.generation, params.seeds)
    write_table(snakemake.output[0], table)
