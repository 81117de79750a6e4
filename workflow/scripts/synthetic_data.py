"""Generate a planted dataset for a batch of seeds."""

from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.logs import logged

with logged(snakemake.log[0]):
    settings = PlantedSettings(**snakemake.params.settings)
    for seed, path in zip(snakemake.params.seeds, snakemake.output, strict=True):
        generate(snakemake.wildcards.synthetic, seed, settings).save(path)
