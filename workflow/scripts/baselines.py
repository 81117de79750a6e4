"""Rows of the constant predictor, the linear floor and the Bayes accuracy for one dataset."""

from mmfusion.files import write_table
from mmfusion.study.baselines.baseline_table import baseline_table
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    datasets = load_by_seed(snakemake.input, snakemake.params.seeds)
    write_table(snakemake.output[0], baseline_table(datasets))
