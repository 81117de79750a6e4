"""Copy the tables and figures of the target `full` that the documentation shows."""

import json

from mmfusion.files import write_bytes, write_text
from mmfusion.study.evidence.evidence_files import read_evidence
from mmfusion.study.intermediates import checked, load_text
from mmfusion.study.logs import logged
from mmfusion.study.pages.evidence import evidence_markdown

with logged(snakemake.log[0]):
    found = snakemake.input
    evidence = read_evidence(found.answers, found.motifs, found.lp_family, found.sensitivity)
    page = evidence_markdown(json.loads(load_text(found.provenance)), *evidence)
    write_text(snakemake.output.page, page)
    for source, target in zip(found.figures, snakemake.output.figures, strict=True):
        write_bytes(target, checked(source).read_bytes())
