"""Draw one figure as PNG and PDF."""

from mmfusion.plotting.style import save
from mmfusion.study.figures.registry import draw
from mmfusion.study.logs import logged
from mmfusion.study.tables.collect import named

with logged(snakemake.log[0]):
    figure = draw(snakemake.wildcards.figure, named(snakemake.input), **snakemake.params.options)
    save(figure, snakemake.output.png)
    save(figure, snakemake.output.pdf)
