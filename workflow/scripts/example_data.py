"""Draw the example dataset of config/mine.yaml."""

from mmfusion.data.example import example_table
from mmfusion.files import write_table
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    write_table(snakemake.output[0], example_table())
