"""Train coalitions of modalities of a dataset, and measure what they say."""

from mmfusion.files import write_table
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.logs import logged
from mmfusion.study.tables.information_tables import information_tables

with logged(snakemake.log[0]):
    p = snakemake.params
    datasets = load_by_seed(snakemake.input, p.seeds)
    for name, table in information_tables(datasets, p.settings, p.networks, progress=True).items():
        write_table(snakemake.output[name], table)
