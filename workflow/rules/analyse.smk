# Analysis: metrics and relevance per dataset, eigenvectors of one cell, then the tables of the study.

INFORMATION = ["information", "modality_information", "synergy"]
TABLE_NAMES = ["runs", "subsets", "history", "eigen", "eigen_spectrum", "eigen_projections", *INFORMATION]


rule baselines:
    input:
        lambda wildcards: STUDY.data_files(wildcards.dataset),
    output:
        "results/baselines/{dataset}.parquet",
    log:
        "results/logs/baselines/{dataset}.log",
    benchmark:
        "results/benchmarks/baselines/{dataset}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        seeds=STUDY.config.seeds,
        code=CODE["baselines"],
    script:
        "../scripts/baselines.py"


rule evaluate:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.dataset, int(wildcards.batch)),
        networks=lambda wildcards: expand(
            "results/train/{folder}/networks.safetensors",
            folder=STUDY.train_folders(wildcards.dataset, int(wildcards.batch)),
        ),
    output:
        runs="results/evaluate/{dataset}/batch-{batch}/runs.parquet",
        subsets="results/evaluate/{dataset}/batch-{batch}/subsets.parquet",
        seconds="results/timings/evaluate/{dataset}/batch-{batch}.parquet",
    log:
        "results/logs/evaluate/{dataset}/batch-{batch}.log",
    benchmark:
        "results/benchmarks/evaluate/{dataset}/batch-{batch}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        halves_seed=STUDY.config.analysis.seed,
        code=CODE["evaluate"],
    script:
        "../scripts/evaluate.py"


rule eigen:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.dataset, int(wildcards.batch)),
        networks=f"results/train/{JOB}/networks.safetensors",
    output:
        eigen=f"results/eigen/{JOB}/eigen.parquet",
        spectrum=f"results/eigen/{JOB}/eigen_spectrum.parquet",
        projections=f"results/eigen/{JOB}/eigen_projections.parquet",
    log:
        f"results/logs/eigen/{JOB}.log",
    benchmark:
        f"results/benchmarks/eigen/{JOB}.tsv"
    threads: 1
    resources:
        mem_mb=1200,
        runtime=10,
    params:
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        code=CODE["eigen"],
    script:
        "../scripts/eigen.py"


rule tables:
    input:
        runs=expand("results/evaluate/{folder}/runs.parquet", folder=STUDY.evaluate_folders),
        baselines=expand("results/baselines/{dataset}.parquet", dataset=STUDY.datasets),
        subsets=expand("results/evaluate/{folder}/subsets.parquet", folder=STUDY.evaluate_folders),
        history=expand("results/train/{folder}/history.parquet", folder=STUDY.train_folders()),
        eigen=expand("results/eigen/{folder}/eigen.parquet", folder=STUDY.eigen_folders),
        eigen_spectrum=expand("results/eigen/{folder}/eigen_spectrum.parquet", folder=STUDY.eigen_folders),
        eigen_projections=expand(
            "results/eigen/{folder}/eigen_projections.parquet", folder=STUDY.eigen_folders
        ),
        information=expand(
            "results/information/{dataset}/information.parquet", dataset=STUDY.information_datasets
        ),
        modality_information=expand(
            "results/information/{dataset}/modality_information.parquet", dataset=STUDY.information_datasets
        ),
        synergy=expand("results/information/{dataset}/synergy.parquet", dataset=STUDY.information_datasets),
    output:
        parquet=expand("results/tables/{table}.parquet", table=TABLE_NAMES),
        csv=expand("results/tables/{table}.csv", table=TABLE_NAMES),
    log:
        "results/logs/tables.log",
    benchmark:
        "results/benchmarks/tables.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        names=TABLE_NAMES,
        cells=STUDY.cells_of(),
        first_seed=STUDY.config.seeds[0],
        code=CODE["tables"],
    script:
        "../scripts/tables.py"


rule seconds:
    input:
        train=expand("results/timings/train/{folder}.parquet", folder=STUDY.train_folders()),
        evaluate=expand("results/timings/evaluate/{folder}.parquet", folder=STUDY.evaluate_folders),
    output:
        multiext("results/timings/seconds.csv", "", ".sha256"),
    log:
        "results/logs/seconds.log",
    benchmark:
        "results/benchmarks/seconds.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        cells=STUDY.cells_of(),
        code=CODE["seconds"],
    script:
        "../scripts/seconds.py"


rule summaries:
    input:
        runs="results/tables/runs.parquet",
        subsets="results/tables/subsets.parquet",
    output:
        summary=multiext("results/tables/summary", ".parquet", ".csv"),
        scale_study=multiext("results/tables/scale_study", ".parquet", ".csv"),
        predictions=multiext("results/tables/predictions", ".parquet", ".csv"),
        toy_table=multiext("results/tables/toy_table", ".parquet", ".csv"),
        toy_table_wide=report(
            "results/tables/toy_table_wide.csv",
            caption="../report/toy_table.rst",
            category="Tables",
            labels={"table": "Toy table: beta per subset"},
        ),
        toy_table_text=multiext("results/tables/toy_table", ".md", ".tex"),
        checksums=expand("results/tables/{name}.sha256", name=["toy_table_wide.csv", "toy_table.md"]),
        predictions_text=report(
            "results/tables/predictions.html",
            caption="../report/predictions.rst",
            category="Tables",
            labels={"table": "Predictions and what was measured"},
        ),
    log:
        "results/logs/summaries.log",
    benchmark:
        "results/benchmarks/summaries.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        resamples=STUDY.config.analysis.resamples,
        seed=STUDY.config.analysis.seed,
        code=CODE["summaries"],
    script:
        "../scripts/summaries.py"


rule provenance:
    output:
        multiext("results/provenance.json", "", ".sha256"),
    log:
        "results/logs/provenance.log",
    benchmark:
        "results/benchmarks/provenance.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        config=SETTINGS,
        mosi=STUDY.mosi_status,
        root=ROOT,
        commit=commit_of(ROOT),
        code=CODE["provenance"],
    script:
        "../scripts/provenance.py"


rule columns:
    output:
        multiext("results/columns.md", "", ".sha256"),
    log:
        "results/logs/columns.log",
    benchmark:
        "results/benchmarks/columns.tsv"
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        code=CODE["columns"],
    script:
        "../scripts/columns.py"
