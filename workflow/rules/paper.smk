# What an article takes from the study: `snakemake paper` writes results/paper.


rule paper:
    input:
        provenance="results/provenance.json",
        texts=expand("results/tables/{table}.parquet", table=["runs", "toy_table", "predictions"]),
        tables=expand("results/tables/{table}.parquet", table=PAPER_TABLES),
        read=expand("results/data/{name}.txt", name=STUDY.mosi_datasets + STUDY.user_datasets),
        answers=expand("results/answers/{user}/answer.txt", user=STUDY.user_datasets),
        pictures=expand("results/answers/{user}/information.pdf", user=STUDY.user_datasets),
    output:
        texts=expand("results/paper/{text}", text=TEXTS),
        figures=expand("results/paper/{figure}.pdf", figure=FIGURE_NAMES),
        pictures=expand("results/paper/{picture}.pdf", picture=map(picture_name, STUDY.user_datasets)),
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
