"""Choose on the training videos of CMU-MOSI, answer in words and tables, and judge on its test part."""

from mmfusion.files import write_table, write_text
from mmfusion.plotting.style import save_figure
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.evidence.mosi_answer import mosi_answer
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    out, params = snakemake.output, snakemake.params
    dataset = MultimodalDataset.load(snakemake.input[0])
    answer = mosi_answer(dataset, params.choices, params.resamples, params.seed)
    print(answer.text)
    write_text(out.answer, answer.text)
    for name, table in answer.tables.items():
        write_table(out[name], table)
    for path in (out.answer, out.grid, out.test_scores):
        write_checksum(path)
    for path in (out.png, out.pdf):
        save_figure(answer.figure, path)
