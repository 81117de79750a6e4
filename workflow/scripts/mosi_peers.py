"""Ask all peers about CMU-MOSI, cut into other folds in every repetition."""

from mmfusion.files import write_table
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.evidence.peer_comparison import compare_peers
from mmfusion.study.evidence.peer_designs import mosi_set
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    dataset = MultimodalDataset.load(snakemake.input[0])
    sets = [mosi_set(dataset, seed) for seed in snakemake.params.seeds]
    write_table(snakemake.output[0], compare_peers(sets))
