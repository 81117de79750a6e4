# What an article takes from the study: `snakemake paper` writes results/paper.


rule paper:
    input:
        provenance="results/provenance.json",
        texts=expand("results/tables/{table}.parquet", table=["runs", "toy_table", "predictions"]),
        tables=expand("results/tables/{table}.parquet", table=PAPER_TABLES),
    output:
        texts=expand("results/paper/{text}", text=TEXTS),
        figures=expand("results/paper/{figure}.pdf", figure=FIGURE_NAMES),
    log:
        "results/logs/paper.log",
    benchmark:
        "results/benchmarks/paper.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        config=SETTINGS,
        options={name: FIGURES[name].options(STUDY.config) for name in FIGURE_NAMES},
        code=CODE["paper"],
    script:
        "../scripts/paper.py"
