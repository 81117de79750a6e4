"""Write the dictionary of the columns of all tables."""

from mmfusion.analysis.columns import markdown
from mmfusion.files import write_text
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    write_text(snakemake.output[0], markdown())
