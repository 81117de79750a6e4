"""Read, check, split and standardise a dataset of the user's own."""

from mmfusion.files import write_text
from mmfusion.study.data.own_dataset import own_dataset, own_summary
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    dataset = own_dataset(snakemake.wildcards.own, snakemake.params.settings)
    dataset.save(snakemake.output.dataset)
    write_text(snakemake.output.summary, own_summary(dataset, snakemake.params.max_order) + "\n")
