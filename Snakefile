# The study of config/config.yaml: `snakemake --cores all`; see README.md and config/README.md.
include: "workflow/Snakefile"


# What is included does not say what runs without a target.
rule study:
    default_target: True
    input:
        rules.all.input,
