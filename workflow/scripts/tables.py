"""Put the tables of all jobs together."""

from mmfusion.analysis.collect import collect, in_order, read_tables, write_forms
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    for index, name in enumerate(snakemake.params.names):
        table = in_order(collect(name, read_tables(snakemake.input[name])), snakemake.params.cells)
        if name == "runs":
            table = collect(name, [table, *read_tables(snakemake.input.baselines)])
        if name == "eigen_projections":
            table = table[table["seed"] == snakemake.params.first_seed]
        write_forms(table, name, [snakemake.output.parquet[index], snakemake.output.csv[index]])
