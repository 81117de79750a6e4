"""Copy the tables and figures of the target `full` that the documentation shows."""

import json
from pathlib import Path

import pandas as pd

from mmfusion.files import write_bytes, write_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.evidence import evidence_markdown

with logged(snakemake.log[0]):
    found = snakemake.input
    answers = {
        Path(path).parent.name: (
            Path(path).read_text(encoding="utf-8"),
            pd.read_csv(Path(path).with_name("test_scores.csv")),
            pd.read_csv(Path(path).with_name("grid.csv"), dtype={"p": str}, keep_default_na=False),
        )
        for path in found.answers
    }
    page = evidence_markdown(
        json.loads(Path(found.provenance).read_text(encoding="utf-8")),
        answers,
        pd.read_csv(found.motifs, dtype={"modality": str}),
        pd.read_csv(found.lp_family, dtype={"p": str}),
        pd.read_csv(found.sensitivity, dtype={"value": str}),
    )
    write_text(snakemake.output.page, page)
    for source, target in zip(found.figures, snakemake.output.figures, strict=True):
        write_bytes(target, Path(source).read_bytes())
