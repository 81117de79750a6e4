"""Draw one figure as PNG, PDF and SVG."""

from pathlib import Path

from mmfusion.plotting.style import save_figure
from mmfusion.study.figures.drawing import draw_figure
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    tables = {Path(path).stem: load_table(path) for path in snakemake.input}
    figure = draw_figure(snakemake.wildcards.figure, tables, **snakemake.params.options)
    save_figure(figure, snakemake.output.png)
    save_figure(figure, snakemake.output.pdf)
    save_figure(figure, snakemake.output.svg)
    write_checksum(snakemake.output.svg)
