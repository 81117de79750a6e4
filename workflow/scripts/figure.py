"""Draw one figure as PNG and PDF."""

from mmfusion.plotting.style import save_figure
from mmfusion.study.figures.registry import FIGURES
from mmfusion.study.logs import logged
from mmfusion.study.tables.collect import tables_by_name

with logged(snakemake.log[0]):
    tables = tables_by_name(snakemake.input)
    figure = FIGURES[snakemake.wildcards.figure].draw(tables, **snakemake.params.options)
    save_figure(figure, snakemake.output.png)
    save_figure(figure, snakemake.output.pdf)
