"""Write the page of the study."""

import json
from pathlib import Path

import pandas as pd

from mmfusion.files import write_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.index_page import answers_of, index_html, pictures_of, table_files

with logged(snakemake.log[0]):
    found = snakemake.input
    tables = {Path(path).stem: pd.read_parquet(path) for path in found.tables}
    tables["toy_table_wide"] = pd.read_csv(found.toy_table, dtype=str, keep_default_na=False)
    tables["seconds"] = pd.read_csv(found.seconds)
    page = index_html(
        json.loads(Path(found.provenance).read_text(encoding="utf-8")),
        tables,
        pictures_of(found.figures, snakemake.params.texts),
        table_files(found.tables),
        [Path(path).read_text(encoding="utf-8") for path in found.read],
        answers_of(found.answers),
    )
    write_text(snakemake.output[0], page)
