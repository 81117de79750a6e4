"""Put the timings of all jobs together."""

from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged
from mmfusion.study.tables.collect import collect, in_order, write_forms

with logged(snakemake.log[0]):
    stages = [map(load_table, snakemake.input[stage]) for stage in ("train", "evaluate")]
    ordered = [in_order(collect("seconds", parts), snakemake.params.cells) for parts in stages]
    write_forms(collect("seconds", ordered), "seconds", snakemake.output[:1])
    write_checksum(snakemake.output[0])
