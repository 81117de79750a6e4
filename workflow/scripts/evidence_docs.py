"""Copy the tables and figures of the target `full` that the documentation shows."""

import json
from pathlib import Path

from mmfusion.files import write_bytes, write_text
from mmfusion.study.intermediates import checked, load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.evidence import evidence_markdown

with logged(snakemake.log[0]):
    found = snakemake.input
    answers = {
        Path(path).parent.name: (
            load_text(path),
            load_table(Path(path).with_name("test_scores.csv")),
            load_table(Path(path).with_name("grid.csv"), dtype={"p": str}, keep_default_na=False),
        )
        for path in found.answers
    }
    page = evidence_markdown(
        json.loads(load_text(found.provenance)),
        answers,
        load_table(found.motifs, dtype={"modality": str}),
        load_table(found.lp_family, dtype={"p": str}),
        load_table(found.sensitivity, dtype={"value": str}),
    )
    write_text(snakemake.output.page, page)
    for source, target in zip(found.figures, snakemake.output.figures, strict=True):
        write_bytes(target, checked(source).read_bytes())
