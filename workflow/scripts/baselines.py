"""Rows of the constant predictor, the linear floor and the Bayes accuracy for one dataset."""

from mmfusion.baselines.table import baseline_table
from mmfusion.data.seeds import load_by_seed
from mmfusion.files import write_table
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    datasets = load_by_seed(snakemake.input, snakemake.params.seeds)
    write_table(snakemake.output[0], baseline_table(datasets))
