"""Write the page of the study."""

import json
from pathlib import Path

from mmfusion.files import write_text
from mmfusion.study.intermediates import checked, load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.index_page import answers_of, index_html, pictures_of, table_files

with logged(snakemake.log[0]):
    found = snakemake.input
    tables = {Path(path).stem: load_table(path) for path in found.tables}
    tables["toy_table_wide"] = load_table(found.toy_table, dtype=str, keep_default_na=False)
    tables["seconds"] = load_table(found.seconds)
    for path in [*found.figures, *found.answers, *found.pictures]:
        if not path.endswith(".pdf"):  # the page only links to those
            checked(path)
    page = index_html(
        json.loads(load_text(found.provenance)),
        tables,
        pictures_of(found.figures, snakemake.params.texts),
        table_files(found.tables),
        [load_text(path) for path in found.read],
        answers_of(found.answers),
    )
    write_text(snakemake.output[0], page)
