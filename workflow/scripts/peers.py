"""Put the answers of all peers together, as tables and a figure."""

from mmfusion.files import write_table
from mmfusion.plotting.layout import figure_of
from mmfusion.plotting.style import figure_style, save_figure
from mmfusion.study.evidence.peer_figure import peer_figure
from mmfusion.study.evidence.peer_tables import peer_rates, peer_scores, peer_seconds, read_answers
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    out = snakemake.output
    answers = read_answers(snakemake.input)
    rates = peer_rates(answers)
    write_table(out.answers, answers.drop(columns="seconds"))
    write_table(out.rates, rates)
    write_table(out.scores, peer_scores(answers))
    write_table(out.seconds, peer_seconds(answers))
    for path in (out.rates, out.scores, out.seconds):
        write_checksum(path)
    with figure_style():
        figure = figure_of(peer_figure(rates))
    for path in (out.png, out.pdf):
        save_figure(figure, path)
