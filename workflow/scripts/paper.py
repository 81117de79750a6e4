"""Write the LaTeX files of an article, and the figures at the size they are printed at."""

import json
from pathlib import Path

from mmfusion.files import write_text
from mmfusion.plotting.print_size import caption_of, print_size
from mmfusion.plotting.style import save_figure
from mmfusion.study.config.settings import load_config
from mmfusion.study.figures.drawing import draw_figure
from mmfusion.study.intermediates import load_table, load_text
from mmfusion.study.logs import logged
from mmfusion.study.paper.paper import paper_texts

with logged(snakemake.log[0]):
    files = {*snakemake.input.texts, *snakemake.input.tables}
    tables = {Path(path).stem: load_table(path) for path in sorted(files)}
    captions = {}
    for path, (name, options) in zip(snakemake.output.figures, snakemake.params.options.items(), strict=True):
        figure = draw_figure(name, tables, **options)
        captions[name] = caption_of(figure)
        save_figure(print_size(figure), path)
    provenance = json.loads(load_text(snakemake.input.provenance))
    texts = paper_texts(load_config(snakemake.params.config), provenance, tables, captions)
    for path, text in zip(snakemake.output.texts, texts.values(), strict=True):
        write_text(path, text)
