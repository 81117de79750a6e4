"""Write the LaTeX files of an article, and the figures at the size they are printed at."""

import json
import shutil
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
    given = snakemake.input
    files = {*given.texts, *given.tables}
    tables = {Path(path).stem: load_table(path) for path in sorted(files)}
    captions = {}
    for path, (name, options) in zip(snakemake.output.figures, snakemake.params.options.items(), strict=True):
        figure = draw_figure(name, tables, **options)
        if figure.axes:  # else its file says why it is not drawn, and the article leaves it out
            captions[name] = caption_of(figure)
            print_size(figure)
        save_figure(figure, path)
    for path, copy in zip(given.pictures, snakemake.output.pictures, strict=True):
        shutil.copyfile(path, copy)
    provenance = json.loads(load_text(given.provenance))
    read = [load_text(path) for path in given.read]
    answers = {Path(path).parent.name: load_text(path) for path in given.answers}
    texts = paper_texts(load_config(snakemake.params.config), provenance, tables, captions, read, answers)
    for path, text in zip(snakemake.output.texts, texts.values(), strict=True):
        write_text(path, text)
