"""Draw one figure as PNG, PDF and SVG."""

from pathlib import Path

import pandas as pd

from mmfusion.plotting.style import save_figure
from mmfusion.study.figures.registry import FIGURES
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    tables = {Path(path).stem: pd.read_parquet(path) for path in snakemake.input}
    figure = FIGURES[snakemake.wildcards.figure].draw(tables, **snakemake.params.options)
    save_figure(figure, snakemake.output.png)
    save_figure(figure, snakemake.output.pdf)
    save_figure(figure, snakemake.output.svg)
