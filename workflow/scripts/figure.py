"""Draw one figure as PNG and PDF."""

from mmfusion.analysis.collect import named
from mmfusion.logs import logged
from mmfusion.plotting.figures import draw
from mmfusion.plotting.style import save

with logged(snakemake.log[0]):
    figure = draw(snakemake.wildcards.figure, named(snakemake.input), **snakemake.params.options)
    save(figure, snakemake.output.png)
    save(figure, snakemake.output.pdf)
