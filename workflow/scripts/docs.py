"""Copy the tables and figures that the README shows, with their origin."""

import json
from pathlib import Path

import pandas as pd

from mmfusion.files import write_bytes, write_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.overview import results_markdown

with logged(snakemake.log[0]):
    page = results_markdown(
        json.loads(Path(snakemake.input.provenance).read_text(encoding="utf-8")),
        Path(snakemake.input.toy_table).read_text(encoding="utf-8"),
        pd.read_parquet(snakemake.input.predictions),
        pd.read_parquet(snakemake.input.runs),
    )
    write_text(snakemake.output.results, page)
    write_bytes(snakemake.output.columns, Path(snakemake.input.columns).read_bytes())
    for source, target in zip(snakemake.input.figures, snakemake.output.figures, strict=True):
        write_bytes(target, Path(source).read_bytes())
