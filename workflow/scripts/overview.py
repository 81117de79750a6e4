"""Write the page that says what was run and what came out."""

import json
from pathlib import Path

from mmfusion.files import write_text
from mmfusion.study.intermediates import load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.overview import overview_html

with logged(snakemake.log[0]):
    page = overview_html(
        json.loads(load_text(snakemake.input.provenance)),
        load_table(snakemake.input.runs),
        load_table(snakemake.input.toy_table, dtype=str, keep_default_na=False),
        load_table(snakemake.input.predictions),
        [load_text(path) for path in snakemake.input.read],
        load_table(snakemake.input.summary),
        {Path(path).parent.name: load_text(path) for path in snakemake.input.answers},
    )
    write_text(snakemake.output[0], page)
