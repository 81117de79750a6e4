"""Compare the CMU-MOSI files with their SHA-256, join and standardise them for one task."""

from pathlib import Path

from mmfusion.files import write_text
from mmfusion.study.data.mosi.mosi_dataset import leakage_notice, mosi_dataset, mosi_summary
from mmfusion.study.data.mosi.mosi_join import read_mosi, with_clean_text
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    tables = read_mosi(Path(snakemake.input.files[0]).parent)
    for text in snakemake.input.clean_text:
        tables = with_clean_text(tables, load_table(text))
    dataset = mosi_dataset(tables, snakemake.params.task, snakemake.params.split)
    notice = leakage_notice(dataset)
    if notice:
        print(notice)
    dataset.save(snakemake.output.dataset)
    write_text(snakemake.output.summary, "\n".join(filter(None, [mosi_summary(dataset), notice])) + "\n")
    write_checksum(snakemake.output.summary)
