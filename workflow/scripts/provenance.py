"""Write what the study was run with."""

from mmfusion.files import write_json
from mmfusion.study.config.settings import load_config
from mmfusion.study.intermediates import write_checksum
from mmfusion.study.logs import logged
from mmfusion.study.plan import Study
from mmfusion.study.provenance import provenance

with logged(snakemake.log[0]):
    study = Study(load_config(snakemake.params.config))
    write_json(snakemake.output[0], provenance(study, snakemake.params.root))
    write_checksum(snakemake.output[0])
