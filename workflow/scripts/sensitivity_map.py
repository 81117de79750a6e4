"""Put the settings of the sensitivity map together, as a table and a figure."""

import pandas as pd

from mmfusion.files import write_table
from mmfusion.plotting.layout import figure_of
from mmfusion.plotting.style import figure_style, save_figure
from mmfusion.study.evidence.sensitivity_figure import sensitivity_figure
from mmfusion.study.evidence.sensitivity_map import sensitivity_map
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    out = snakemake.output
    table = pd.concat(map(load_table, snakemake.input), ignore_index=True)
    write_table(out.table, table)
    write_table(out.map, sensitivity_map(table))
    write_checksum(out.map)
    with figure_style():
        figure = figure_of(sensitivity_figure(table, snakemake.params.own))
    for path in (out.png, out.pdf):
        save_figure(figure, path)
