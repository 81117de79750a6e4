# Data: synthetic datasets per batch of seeds, CMU-MOSI from its CSV files, and the data of the user.


# One rule per batch, not one for all: more seeds then leave the data of the other batches as they are.
for batch, seeds in enumerate(STUDY.batches):

    rule:
        name:
            f"synthetic_data_{batch}"
        output:
            expand("results/data/{{synthetic}}/seed-{seed}.safetensors", seed=seeds),
        log:
            f"results/logs/data/{{synthetic}}/batch-{batch}.log",
        benchmark:
            f"results/benchmarks/data/{{synthetic}}/batch-{batch}.tsv"
        # Data first: the longest training can then start first.
        priority: 10**9
        threads: 1
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            seeds=seeds,
            settings=lambda wildcards: STUDY.generation_settings(wildcards.synthetic),
            code=CODE["synthetic_data"],
        script:
            "../scripts/synthetic_data.py"


rule mosi_dataset:
    input:
        files=STUDY.mosi_files,
        clean_text=lambda wildcards: (
            ["results/data/mosi_text.parquet"] if wildcards.mosi in MOSI_CLEAN else []
        ),
    output:
        dataset="results/data/{mosi}.safetensors",
        summary="results/data/{mosi}.txt",
        checksum="results/data/{mosi}.txt.sha256",
    log:
        "results/logs/data/{mosi}.log",
    benchmark:
        "results/benchmarks/data/{mosi}.tsv"
    priority: 10**9
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        task=lambda wildcards: MOSI_TASKS[wildcards.mosi],
        split=STUDY.config.mosi.split,
        code=CODE["mosi_dataset"],
    script:
        "../scripts/mosi_dataset.py"


rule mosi_text:
    input:
        STUDY.mosi_files,
    output:
        "results/data/mosi_text.parquet",
    log:
        "results/logs/data/mosi_text.log",
    benchmark:
        "results/benchmarks/data/mosi_text.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=CODE["mosi_text"],
    script:
        "../scripts/mosi_text.py"


rule user_dataset:
    input:
        lambda wildcards: STUDY.user[wildcards.user].path,
    output:
        dataset="results/data/{user}.safetensors",
        summary="results/data/{user}.txt",
        checksum="results/data/{user}.txt.sha256",
    log:
        "results/logs/data/{user}.log",
    benchmark:
        "results/benchmarks/data/{user}.tsv"
    priority: 10**9
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=lambda wildcards: STUDY.user_settings(wildcards.user),
        max_order=lambda wildcards: STUDY.user[wildcards.user].max_order,
        code=CODE["user_dataset"],
    script:
        "../scripts/user_dataset.py"


rule example_data:
    output:
        "resources/example/speech.csv",
    log:
        "results/logs/example_data.log",
    benchmark:
        "results/benchmarks/example_data.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        code=CODE["example_data"],
    script:
        "../scripts/example_data.py"


rule mosi_data:
    log:
        "results/logs/mosi_data.log",
    benchmark:
        "results/benchmarks/mosi_data.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=300,
        runtime=30,
    params:
        folder=STUDY.config.mosi.dir,
    script:
        "../scripts/mosi_data.py"
