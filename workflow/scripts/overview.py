"""Write the page that says what was run and what came out."""

import json
from pathlib import Path

import pandas as pd

from mmfusion.files import write_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.overview import overview_html

with logged(snakemake.log[0]):
    page = overview_html(
        json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8")),
        pd.read_parquet(snakemake.input.runs),
        pd.read_csv(snakemake.input.toy_table, dtype=str, keep_default_na=False),
        pd.read_parquet(snakemake.input.predictions),
        [Path(path).read_text(encoding="utf-8") for path in snakemake.input.read],
        pd.read_parquet(snakemake.input.summary),
        {Path(path).parent.name: Path(path).read_text(encoding="utf-8") for path in snakemake.input.answers},
    )
    write_text(snakemake.output[0], page)
