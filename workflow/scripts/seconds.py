"""Put the timings of all jobs together."""

from mmfusion.analysis.collect import collect, in_order, read_tables, write_forms
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    parts = [collect("seconds", read_tables(snakemake.input[stage])) for stage in ("train", "evaluate")]
    ordered = [in_order(part, snakemake.params.cells) for part in parts]
    write_forms(collect("seconds", ordered), "seconds", snakemake.output)
