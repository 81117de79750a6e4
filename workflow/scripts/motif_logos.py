"""Draw the motifs that were found beside the planted ones."""

import numpy as np
import pandas as pd

from mmfusion.files import write_table
from mmfusion.plotting.style import save_figure
from mmfusion.study.evidence.motif_logos import motif_logos
from mmfusion.study.intermediates import load_table, write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    out = snakemake.output
    recovered, logos = (
        pd.concat(map(load_table, paths), ignore_index=True)
        for paths in (snakemake.input.recovered, snakemake.input.logos)
    )
    write_table(out.recovered, recovered)
    write_checksum(out.recovered)
    figure = motif_logos(recovered, logos, np.array(snakemake.params.motifs))
    for path in (out.png, out.pdf):
        save_figure(figure, path)
