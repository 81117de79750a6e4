# Data: planted sequences per block of seeds, and CMU-MOSI from its CSV files.


# One rule per block, not one for all: more seeds then leave the data of the other blocks as they are.
for block, seeds in enumerate(STUDY.blocks):

    rule:
        name:
            f"synthetic_data_{block}"
        output:
            expand("results/data/{{synthetic}}/seed-{seed}.safetensors", seed=seeds),
        log:
            f"results/logs/data/{{synthetic}}/block-{block}.log",
        benchmark:
            f"results/benchmarks/data/{{synthetic}}/block-{block}.tsv"
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
        STUDY.mosi_files,
    output:
        dataset="results/data/{mosi}.safetensors",
        summary="results/data/{mosi}.txt",
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


rule own_dataset:
    input:
        lambda wildcards: STUDY.own[wildcards.own].path,
    output:
        dataset="results/data/{own}.safetensors",
        summary="results/data/{own}.txt",
    log:
        "results/logs/data/{own}.log",
    benchmark:
        "results/benchmarks/data/{own}.tsv"
    priority: 10**9
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=lambda wildcards: STUDY.own_settings(wildcards.own),
        max_order=lambda wildcards: STUDY.own[wildcards.own].max_order,
        code=CODE["own_dataset"],
    script:
        "../scripts/own_dataset.py"


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
