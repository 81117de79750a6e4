# Data: planted sequences per seed, and CMU-MOSI from its CSV files.


rule synthetic_data:
    output:
        "results/data/{synthetic}/seed-{seed}.safetensors",
    params:
        settings=lambda wildcards: STUDY.generation_settings(wildcards.synthetic),
        code=code_digest("mmfusion.data.sequences"),
    log:
        "results/logs/data/{synthetic}/seed-{seed}.log",
    benchmark:
        "results/benchmarks/data/{synthetic}/seed-{seed}.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/synthetic_data.py"


rule mosi_dataset:
    input:
        STUDY.mosi_files,
    output:
        dataset="results/data/{mosi}.safetensors",
        summary="results/data/{mosi}.txt",
    params:
        folder=str(STUDY.mosi),
        task=lambda wildcards: MOSI_TASKS[wildcards.mosi],
        split=STUDY.config.mosi.split,
        code=code_digest("mmfusion.data.mosi"),
    log:
        "results/logs/data/{mosi}.log",
    benchmark:
        "results/benchmarks/data/{mosi}.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/mosi_dataset.py"


rule mosi_data:
    params:
        folder=STUDY.config.mosi.dir,
    log:
        "results/logs/mosi_data.log",
    benchmark:
        "results/benchmarks/mosi_data.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    script:
        "../scripts/mosi_data.py"
