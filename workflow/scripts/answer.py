"""Answer which modalities of a user's dataset carry its prediction, in words, tables and a figure."""

from mmfusion.files import write_table, write_text
from mmfusion.plotting.style import save_figure
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged
from mmfusion.study.tables.answer import user_answer

with logged(snakemake.log[0]):
    out = snakemake.output
    answer = user_answer(snakemake.wildcards.user, snakemake.params.settings, progress=True)
    write_text(out.answer, answer.text)
    write_checksum(out.answer)
    for name, table in answer.tables.items():
        write_table(out[name], table)
    for path in (out.png, out.pdf):
        save_figure(answer.figure, path)
