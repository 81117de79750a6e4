"""Copy the tables and figures that the documentation shows, with their origin."""

import json

from mmfusion.files import write_bytes, write_text
from mmfusion.study.intermediates import checked, load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.overview import results_markdown

with logged(snakemake.log[0]):
    page = results_markdown(
        json.loads(load_text(snakemake.input.provenance)),
        load_text(snakemake.input.toy_table),
        load_table(snakemake.input.predictions),
        load_table(snakemake.input.runs),
    )
    write_text(snakemake.output.results, page)
    write_bytes(snakemake.output.columns, checked(snakemake.input.columns).read_bytes())
    for source, target in zip(snakemake.input.figures, snakemake.output.figures, strict=True):
        write_bytes(target, checked(source).read_bytes())
