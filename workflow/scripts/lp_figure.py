"""Draw relevance against p under the three conventions of the exponent q."""

import pandas as pd

from mmfusion.files import write_table
from mmfusion.plotting.layout import figure_of
from mmfusion.plotting.style import figure_style, save_figure
from mmfusion.study.figures.relevance_against_p import conventions_against_p
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    out = snakemake.output
    table = pd.concat(map(load_table, snakemake.input), ignore_index=True)
    write_table(out.table, table)
    write_checksum(out.table)
    with figure_style():
        figure = figure_of(conventions_against_p(table, presence=snakemake.params.presence))
    for path in (out.png, out.pdf):
        save_figure(figure, path)
