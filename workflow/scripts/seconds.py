"""Put the timings of all blocks together."""

from mmfusion.analysis.collect import collect, read_tables, write_forms
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    write_forms(collect("seconds", read_tables(snakemake.input)), "seconds", snakemake.output)
