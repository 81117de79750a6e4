# Predictive information: what networks say that are given only some of the views of a synthetic dataset.


rule information:
    input:
        lambda wildcards: STUDY.files_of_seeds(wildcards.synthetic, STUDY.information_seeds),
    output:
        information="results/information/{synthetic}/information.parquet",
        modality_information="results/information/{synthetic}/modality_information.parquet",
        synergy="results/information/{synthetic}/synergy.parquet",
    log:
        "results/logs/information/{synthetic}.log",
    benchmark:
        "results/benchmarks/information/{synthetic}.tsv"
    # Beside the trainings of the dataset: as long as one of them.
    priority: lambda wildcards: 1 + STUDY.length_of_training(wildcards.synthetic)
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seeds=STUDY.information_seeds,
        networks=STUDY.config.information.networks,
        settings=lambda wildcards: STUDY.training_settings(wildcards.synthetic),
        code=CODE["information"],
    script:
        "../scripts/information.py"
