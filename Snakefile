# The study of config/config.yaml: `snakemake --cores all`; see README.md and config/README.md.
from mmfusion.study.designs.drawn_cases import PEER_CASES
from mmfusion.study.digests import script_digests
from mmfusion.study.evidence.recipe_settings import FACTORS, MAPPED, RECIPE
from mmfusion.study.figures.registry import FIGURES
from mmfusion.study.figures.relevance_against_p import EXPONENTS
from mmfusion.study.interrupted_run import begin_run, record_run
from mmfusion.study.names import MOSI_CLEAN, MOSI_TASKS
from mmfusion.pages.rendering import templates_digest
from mmfusion.study.provenance import commit_of
from mmfusion.study.workflow import failed_job_messages, figures_of, load_study


configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


begin_run(workflow.is_main_process)
STUDY = load_study(config, workflow.configfiles)
FIGURE_NAMES = figures_of(STUDY)
# A digest per script of the package modules that it uses: a change in one of them runs its rules again.
CODE = script_digests(f"{workflow.basedir}/workflow/scripts")
# Folder of a training job: all cells of a dataset and a normalisation, for a batch of seeds.
JOB = "{dataset}/{norm}/batch-{batch}"


wildcard_constraints:
    dataset="|".join(STUDY.datasets),
    synthetic="|".join(STUDY.synthetic) or "-",
    mosi="|".join(STUDY.mosi_datasets) or "-",
    user="|".join(STUDY.user_datasets) or "-",
    norm="|".join(STUDY.norms),
    seed=r"\d+",
    batch=r"\d+",
    figure="|".join(FIGURE_NAMES),
    convention="|".join(EXPONENTS),
    factor="|".join([RECIPE, *FACTORS]),
    design="|".join(PEER_CASES),


onstart:
    record_run(workflow.local_exec)
    print(STUDY.mosi_status, STUDY.peer_status)


onsuccess:
    print(STUDY.mosi_status)


onerror:
    print(failed_job_messages(log))


rule all:
    default_target: True
    input:
        "results/index.html",
        "results/columns.md",
        "results/provenance.json",
        "results/timings/seconds.csv",
        expand("results/figures/{figure}.{form}", figure=FIGURE_NAMES, form=["png", "pdf", "svg"]),


include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/information.smk"
include: "workflow/rules/answers.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/peers.smk"
include: "workflow/rules/evidence.smk"
