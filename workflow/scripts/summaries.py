"""Summarise the tables over seeds: the toy table, the scale study, the predictions."""

from mmfusion.files import write_table, write_text
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged
from mmfusion.study.pages.overview import predictions_html
from mmfusion.study.tables.collect import write_forms
from mmfusion.study.tables.predictions import predictions_table
from mmfusion.study.tables.summaries import scale_study_table, summary_table
from mmfusion.study.tables.toy_table import (
    load_references,
    toy_table,
    toy_table_latex,
    toy_table_markdown,
    wide_toy_table,
)

with logged(snakemake.log[0]):
    runs, subsets = (load_table(path) for path in snakemake.input)
    p, out, references = snakemake.params, snakemake.output, load_references()
    write_forms(summary_table(subsets, p.resamples, p.seed), "summary", out.summary)
    write_forms(scale_study_table(subsets, p.resamples, p.seed), "scale_study", out.scale_study)
    predictions = predictions_table(runs, subsets)
    write_forms(predictions, "predictions", out.predictions)
    write_text(out.predictions_text, predictions_html(predictions))
    toy = toy_table(subsets, references)
    write_forms(toy, "toy_table", out.toy_table)
    write_table(out.toy_table_wide, wide_toy_table(toy, references))
    write_checksum(out.toy_table_wide)
    write_text(out.toy_table_text[0], toy_table_markdown(toy, references))
    write_checksum(out.toy_table_text[0])
    write_text(out.toy_table_text[1], toy_table_latex(toy, references))
