"""Write what the study was run with."""

from mmfusion.files import write_json
from mmfusion.provenance import provenance
from mmfusion.study import Study
from mmfusion.workflow import logged

with logged(snakemake.log[0]):
    study = Study.from_mapping(snakemake.params.config)
    write_json(snakemake.output[0], provenance(study, snakemake.params.root))
