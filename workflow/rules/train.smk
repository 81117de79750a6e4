# Training: one job per cell and block of seeds, on one thread.


rule train:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.dataset, int(wildcards.block)),
        # No training starts before CMU-MOSI has been checked; a new check alone does not train again.
        checked=ancient(expand("results/data/{mosi}.txt", mosi=STUDY.mosi_datasets)),
    output:
        weights=f"results/train/{BLOCK}/weights.safetensors",
        description=f"results/train/{BLOCK}/description.json",
        history=f"results/train/{BLOCK}/history.parquet",
        seconds=f"results/timings/train/{BLOCK}.parquet",
    log:
        f"results/logs/train/{BLOCK}.log",
    benchmark:
        f"results/benchmarks/train/{BLOCK}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seeds=lambda wildcards: STUDY.blocks[int(wildcards.block)],
        settings=lambda wildcards: STUDY.training_settings(wildcards.dataset),
        code=CODE["train"],
    script:
        "../scripts/train.py"
