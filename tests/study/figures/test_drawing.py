import subprocess
import sys
from types import SimpleNamespace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmfusion.plotting.style import figure_style, save_figure
from mmfusion.study.figures.drawing import draw_figure
from mmfusion.study.figures.figure_definitions import FIGURES


def figure_texts(figure: Figure) -> list:
    """Every text that is drawn: heading, titles, axis and tick labels, notes, legends."""
    texts = [*figure.texts]
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    for legend in legends:
        texts += [legend.get_title(), *legend.get_texts()]
    for ax in figure.axes:
        texts += [*ax.texts, ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            texts += [
                tick.label1 for tick in ticks if low <= tick.get_loc() <= high and tick.label1.get_visible()
            ]
    return [text for text in texts if text.get_visible() and text.get_text()]


def by_gid(figure: Figure, gid: str) -> str:
    return next(text.get_text().replace("\n", " ") for text in figure.texts if text.get_gid() == gid)


def test_registry_names_its_files_and_tables():
    known = {"runs", "subsets", "history", "eigen", "eigen_spectrum", "eigen_projections"}
    known |= {"modality_information", "synergy"}
    for stem, definition in FIGURES.items():
        assert definition.stem == stem
        assert set(definition.tables) <= known
        assert definition.requires or stem == "own_relevance"
    assert [stem for stem in FIGURES if stem.startswith("figure")] == sorted(FIGURES)[:6]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(("seeds", "norms"), [(3, ("none", "vbn", "ibn")), (1, ("none", "ibn"))])
def test_nothing_is_clipped_and_everything_is_labelled(make_tables, name, seeds, norms):
    figure = draw_figure(name, make_tables(seeds, norms))
    with figure_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        heading = figure.texts[1].get_window_extent()
        for text in figure_texts(figure):
            box = text.get_window_extent()
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y1 <= height + 1, text
        for ax in figure.axes:
            assert ax.title.get_window_extent().y1 <= heading.y0
    assert by_gid(figure, "title") == FIGURES[name].title or "eigen" in name
    subtitle = by_gid(figure, "subtitle")
    if name == "predictive_information":
        assert "95 % interval over the test samples" in subtitle
    else:
        assert ("One seed: no interval" if seeds == 1 else "95 % bootstrap interval over 3 seeds") in subtitle
    last_row = figure.axes[-1]
    assert last_row.get_xlabel()
    assert figure.axes[0].get_ylabel()


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("columns", [True, False])
def test_missing_runs_give_one_sentence(tables, name, columns):
    empty = {key: table.iloc[:0] if columns else table.iloc[:0, :0] for key, table in tables.items()}
    figure = draw_figure(name, empty)
    assert not figure.axes
    assert by_gid(figure, "title") == FIGURES[name].title
    sentence = by_gid(figure, "subtitle")
    assert sentence.startswith(f"Not drawn: table {FIGURES[name].tables[0]}: no row with ")
    assert "config" in sentence


def test_missing_mosi_says_how_to_get_it(tables):
    rows = tables["subsets"]
    figure = draw_figure("figure6_mosi_relevance", {"subsets": rows[~rows["dataset"].str.startswith("MOSI")]})
    assert "dataset MOSIBinary or MOSIReal" in by_gid(figure, "subtitle")
    assert "mosi_data" in by_gid(figure, "subtitle")


@pytest.mark.parametrize("name", FIGURES)
def test_same_tables_give_same_bytes(make_tables, tmp_path, name):
    few = ["ConditionallyIndependent", "XRel", "XRelIrrXOR", "MOSIReal", "MOSICleanReal", "mine"]
    tables = {key: table[table["dataset"].isin(few)] for key, table in make_tables(2, ("none",)).items()}
    kinds = {"figure3": ".pdf", "figure4": ".png"}  # one each of the slow ones, the fast one for the rest
    suffix = kinds.get(name[:7], ".svg")
    paths = [tmp_path / f"{at}{suffix}" for at in range(2)]
    for path in paths:
        save_figure(draw_figure(name, tables), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_options_reach_the_figure(tables):
    figure = draw_figure("figure1_relevance_against_p", tables, presence=[0.2, 0.4, 0.5, 0.6, 1.0])
    assert figure.legends[0].get_texts()[4].get_text() == "view 5 (1)"


def test_options_come_from_the_configuration():
    config = SimpleNamespace(sequences=SimpleNamespace(presence=[0.2, 1.0]))
    given = {stem: definition.options(config) for stem, definition in FIGURES.items()}
    assert given.pop("figure1_relevance_against_p") == {"presence": [0.2, 1.0]}
    assert not any(given.values())


def test_every_figure_has_a_caption_of_sentences():
    config = SimpleNamespace(seeds=[4, 7, 1])
    for name, definition in FIGURES.items():
        told = definition.caption_of(config)
        assert told.startswith(definition.caption + " ")
        over = "the test samples" if name == "predictive_information" else "3 seeds"
        assert told.endswith(f"over {over}.")
        assert definition.caption[0].isupper()
        assert definition.caption.endswith(".")
        assert "  " not in definition.caption


def test_drawing_does_not_import_torch_or_pyplot():
    code = (
        "import sys, mmfusion.study.figures.drawing; print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
