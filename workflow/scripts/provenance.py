"""Write what the study was run with."""

from mmfusion.files import write_json
from mmfusion.logs import logged
from mmfusion.provenance import provenance
from mmfusion.study import Study

with logged(snakemake.log[0]):
    study = Study.from_mapping(snakemake.params.config)
    write_json(snakemake.output[0], provenance(study, snakemake.params.root))
