"""Put the tables of all jobs together."""

from mmfusion.study.intermediates import load_table
from mmfusion.study.logs import logged
from mmfusion.study.tables.collect import collect, in_order, write_forms

with logged(snakemake.log[0]):
    for index, name in enumerate(snakemake.params.names):
        table = in_order(collect(name, map(load_table, snakemake.input[name])), snakemake.params.cells)
        if name == "runs":
            table = collect(name, [table, *map(load_table, snakemake.input.baselines)])
        if name == "eigen_projections":
            table = table[table["seed"] == snakemake.params.first_seed]
        write_forms(table, name, [snakemake.output.parquet[index], snakemake.output.csv[index]])
