"""Generate one planted dataset."""

from mmfusion.data.sequences import SequenceSettings, generate
from mmfusion.logs import logged

with logged(snakemake.log[0]):
    settings = SequenceSettings(**snakemake.params.settings)
    name, seed = snakemake.wildcards.synthetic, int(snakemake.wildcards.seed)
    generate(name, seed, settings).save(snakemake.output[0])
