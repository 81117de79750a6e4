# Training: one job per dataset, normalisation and batch of seeds, on one thread.


rule train:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.dataset, int(wildcards.batch)),
        # No training starts before data from outside have been checked; a new check alone does not train again.
        checked=ancient(expand("results/data/{name}.txt", name=STUDY.mosi_datasets + STUDY.user_datasets)),
    output:
        networks=f"results/train/{JOB}/networks.safetensors",
        history=f"results/train/{JOB}/history.parquet",
        seconds=f"results/timings/train/{JOB}.parquet",
    log:
        f"results/logs/train/{JOB}.log",
    benchmark:
        f"results/benchmarks/train/{JOB}.tsv"
    # The longest job first, and all of them before what only one core would be left for.
    priority: lambda wildcards: 1 + STUDY.length_of_training(wildcards.dataset)
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        cells=lambda wildcards: STUDY.cells_of(wildcards.dataset, wildcards.norm),
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        settings=lambda wildcards: STUDY.training_settings(wildcards.dataset),
        code=CODE["train"],
    script:
        "../scripts/train.py"
