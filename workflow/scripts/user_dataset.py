"""Read, check, split and standardise a dataset of the user's."""

from mmfusion.files import write_text
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.data.user_summary import user_summary
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    dataset = user_dataset(snakemake.wildcards.user, snakemake.params.settings)
    dataset.save(snakemake.output.dataset)
    write_text(snakemake.output.summary, user_summary(dataset, snakemake.params.max_order) + "\n")
    write_checksum(snakemake.output.summary)
