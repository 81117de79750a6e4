"""Put the timings of all jobs together."""

from mmfusion.study.logs import logged
from mmfusion.study.tables.collect import collect, in_order, read_tables, write_forms

with logged(snakemake.log[0]):
    parts = [collect("seconds", read_tables(snakemake.input[stage])) for stage in ("train", "evaluate")]
    ordered = [in_order(part, snakemake.params.cells) for part in parts]
    write_forms(collect("seconds", ordered), "seconds", snakemake.output)
