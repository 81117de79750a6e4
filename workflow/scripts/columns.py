"""Write the dictionary of the columns of all tables."""

from mmfusion.files import write_text
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged
from mmfusion.study.tables.definitions import columns_page

with logged(snakemake.log[0]):
    write_text(snakemake.output[0], columns_page())
    write_checksum(snakemake.output[0])
