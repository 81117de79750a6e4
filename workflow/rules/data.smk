# Data: planted sequences per seed, and CMU-MOSI from its CSV files.


rule synthetic_data:
    output:
        "results/data/{synthetic}/seed-{seed}.safetensors",
    log:
        "results/logs/data/{synthetic}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/data/{synthetic}/seed-{seed}.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
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


rule mosi_data:
    log:
        "results/logs/mosi_data.log",
    benchmark:
        "results/benchmarks/mosi_data.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=30,
    params:
        folder=STUDY.config.mosi.dir,
    script:
        "../scripts/mosi_data.py"
