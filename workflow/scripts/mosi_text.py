"""Embed the transcripts of CMU-MOSI by a sentence encoder that has not seen its labels."""

from pathlib import Path

from mmfusion.files import write_table
from mmfusion.study.data.mosi.clean_text import clean_text
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    write_table(snakemake.output[0], clean_text(Path(snakemake.input[0]).parent))
