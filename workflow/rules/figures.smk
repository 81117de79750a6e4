# Figures, the page of the study, and the copies under docs/ that the documentation shows.


rule figure:
    input:
        lambda wildcards: expand("results/tables/{table}.parquet", table=FIGURES[wildcards.figure].tables),
    output:
        png=report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=lambda wildcards: {"figure": FIGURES[wildcards.figure].label},
        ),
        pdf="results/figures/{figure}.pdf",
        svg="results/figures/{figure}.svg",
        checksum="results/figures/{figure}.svg.sha256",
    log:
        "results/logs/figures/{figure}.log",
    benchmark:
        "results/benchmarks/figures/{figure}.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        options=lambda wildcards: FIGURES[wildcards.figure].options(STUDY.config),
        caption=lambda wildcards: FIGURES[wildcards.figure].caption_of(STUDY.config),
        code=CODE["figure"],
    script:
        "../scripts/figure.py"


rule index:
    input:
        provenance="results/provenance.json",
        tables=expand(
            "results/tables/{table}.parquet",
            table=[*TABLE_NAMES, "summary", "scale_study", "predictions", "toy_table"],
        ),
        toy_table="results/tables/toy_table_wide.csv",
        seconds="results/timings/seconds.csv",
        figures=expand("results/figures/{figure}.svg", figure=FIGURE_NAMES),
        read=expand("results/data/{name}.txt", name=STUDY.mosi_datasets + STUDY.user_datasets),
        answers=expand("results/answers/{user}/answer.txt", user=STUDY.user_datasets),
        # The page shows or links to them.
        pictures=expand(
            "results/answers/{user}/information.{form}", user=STUDY.user_datasets, form=["png", "pdf"]
        ),
        columns="results/columns.md",
    output:
        report(
            "results/index.html",
            caption="../report/index.rst",
            category="Study",
            labels={"page": "The question, the answer, and everything behind it"},
        ),
    log:
        "results/logs/index.log",
    benchmark:
        "results/benchmarks/index.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        texts={name: [FIGURES[name].label, FIGURES[name].caption_of(STUDY.config)] for name in FIGURE_NAMES},
        templates=templates_digest(),
        code=CODE["index"],
    script:
        "../scripts/index.py"


rule docs:
    input:
        provenance="results/provenance.json",
        columns="results/columns.md",
        toy_table="results/tables/toy_table.md",
        predictions="results/tables/predictions.parquet",
        runs="results/tables/runs.parquet",
        figures=expand("results/figures/{figure}.png", figure=FIGURE_NAMES),
    output:
        results="docs/results.md",
        columns="docs/columns.md",
        figures=expand("docs/figures/{figure}.png", figure=FIGURE_NAMES),
    log:
        "results/logs/docs.log",
    benchmark:
        "results/benchmarks/docs.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        code=CODE["docs"],
    script:
        "../scripts/docs.py"
