# Evidence beside the default study, behind the target `full`: CMU-MOSI answered, motifs found, the lp family.


rule mosi_answer:
    input:
        "results/data/{mosi}.safetensors",
    output:
        answer="results/evidence/{mosi}/answer.txt",
        grid="results/evidence/{mosi}/grid.csv",
        test_scores="results/evidence/{mosi}/test_scores.csv",
        checksums=multiext(
            "results/evidence/{mosi}/", "answer.txt.sha256", "grid.csv.sha256", "test_scores.csv.sha256"
        ),
        relevance="results/evidence/{mosi}/relevance.csv",
        information="results/evidence/{mosi}/information.csv",
        modality_information="results/evidence/{mosi}/modality_information.csv",
        synergy="results/evidence/{mosi}/synergy.csv",
        png=report(
            "results/evidence/{mosi}/information.png",
            caption="../report/mosi_answer.rst",
            category="Evidence",
            labels={"figure": "{mosi}: what the modalities say alone, and together"},
        ),
        pdf="results/evidence/{mosi}/information.pdf",
    log:
        "results/logs/evidence/{mosi}.log",
    benchmark:
        "results/benchmarks/evidence/{mosi}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        choices={"device": STUDY.config.training.recipe["device"]},
        resamples=STUDY.config.analysis.resamples,
        seed=STUDY.config.analysis.seed,
        code=CODE["mosi_answer"],
    script:
        "../scripts/mosi_answer.py"


rule motifs:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.synthetic, int(wildcards.batch)),
        networks="results/train/{synthetic}/ibn/batch-{batch}/networks.safetensors",
    output:
        recovered="results/evidence/motifs/{synthetic}/batch-{batch}/recovered.parquet",
        logos="results/evidence/motifs/{synthetic}/batch-{batch}/logos.parquet",
    log:
        "results/logs/motifs/{synthetic}/batch-{batch}.log",
    benchmark:
        "results/benchmarks/motifs/{synthetic}/batch-{batch}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        code=CODE["motifs"],
    script:
        "../scripts/motifs.py"


rule motif_logos:
    input:
        recovered=expand("results/evidence/motifs/{folder}/recovered.parquet", folder=STUDY.motif_folders),
        logos=expand("results/evidence/motifs/{folder}/logos.parquet", folder=STUDY.motif_folders),
    output:
        recovered="results/evidence/motifs.csv",
        checksum="results/evidence/motifs.csv.sha256",
        png=report(
            "results/evidence/motifs.png",
            caption="../report/motifs.rst",
            category="Evidence",
            labels={"figure": "Motifs found in the block that carries the target"},
        ),
        pdf="results/evidence/motifs.pdf",
    log:
        "results/logs/motif_logos.log",
    benchmark:
        "results/benchmarks/motif_logos.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        motifs=STUDY.config.sequences.motifs,
        code=CODE["motif_logos"],
    script:
        "../scripts/motif_logos.py"


rule lp_family:
    input:
        data=lambda wildcards: STUDY.data_files("ConditionallyIndependent", int(wildcards.batch)),
    output:
        "results/evidence/lp_family/{convention}/batch-{batch}.parquet",
    log:
        "results/logs/lp_family/{convention}/batch-{batch}.log",
    benchmark:
        "results/benchmarks/lp_family/{convention}/batch-{batch}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        settings=lambda wildcards: STUDY.training_settings("ConditionallyIndependent"),
        code=CODE["lp_family"],
    script:
        "../scripts/lp_family.py"


rule lp_figure:
    input:
        expand(
            "results/evidence/lp_family/{convention}/batch-{batch}.parquet",
            convention=EXPONENTS,
            batch=range(len(STUDY.batches)),
        ),
    output:
        table="results/evidence/lp_family.csv",
        checksum="results/evidence/lp_family.csv.sha256",
        png=report(
            "results/evidence/lp_family.png",
            caption="../report/lp_family.rst",
            category="Evidence",
            labels={"figure": "Relevance against p, by convention of q"},
        ),
        pdf="results/evidence/lp_family.pdf",
    log:
        "results/logs/lp_figure.log",
    benchmark:
        "results/benchmarks/lp_figure.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        presence=STUDY.config.sequences.presence,
        code=CODE["lp_figure"],
    script:
        "../scripts/lp_figure.py"


rule sensitivity:
    output:
        "results/evidence/sensitivity/{factor}/{value}.parquet",
    log:
        "results/logs/sensitivity/{factor}/{value}.log",
    benchmark:
        "results/benchmarks/sensitivity/{factor}/{value}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=lambda wildcards: {name: STUDY.training_settings(name) for name in MAPPED},
        generation=lambda wildcards: {name: STUDY.generation_settings(name) for name in MAPPED},
        seeds=STUDY.other_seeds,
        code=CODE["sensitivity"],
    script:
        "../scripts/sensitivity.py"


rule sensitivity_map:
    input:
        f"results/evidence/sensitivity/{RECIPE}/{RECIPE}.parquet",
        [
            f"results/evidence/sensitivity/{factor}/{value}.parquet"
            for factor, values in FACTORS.items()
            for value in values
        ],
    output:
        table="results/evidence/sensitivity.csv",
        map="results/evidence/sensitivity_map.csv",
        checksum="results/evidence/sensitivity_map.csv.sha256",
        png=report(
            "results/evidence/sensitivity.png",
            caption="../report/sensitivity.rst",
            category="Evidence",
            labels={"figure": "Relevance against the settings of the recipe"},
        ),
        pdf="results/evidence/sensitivity.pdf",
    log:
        "results/logs/sensitivity_map.log",
    benchmark:
        "results/benchmarks/sensitivity_map.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        own=STUDY.recipe_values,
        code=CODE["sensitivity_map"],
    script:
        "../scripts/sensitivity_map.py"


EVIDENCE_FIGURES = ["motifs", "lp_family", "sensitivity"]
# Whether the study has what every part of the evidence needs.
ALL_EVIDENCE = bool(
    STUDY.recipe_values and STUDY.motif_folders and "ConditionallyIndependent" in STUDY.synthetic
)
CALIBRATION = f"{ROOT}/docs/calibration/calibration.md"


rule full:
    input:
        ["results/evidence/peers.png"] if STUDY.peer_tables else [],
        ["results/evidence/sensitivity.png"] if STUDY.recipe_values else [],
        ["results/evidence/lp_family.png"] if "ConditionallyIndependent" in STUDY.synthetic else [],
        rules.all.input,
        ["results/evidence/motifs.png"] if STUDY.motif_folders else [],
        expand("results/evidence/{mosi}/answer.txt", mosi=STUDY.mosi_datasets),
        "results/evidence/index.html",


rule evidence_page:
    input:
        provenance="results/provenance.json",
        answers=expand("results/evidence/{mosi}/answer.txt", mosi=STUDY.mosi_datasets if ALL_EVIDENCE else []),
        motifs="results/evidence/motifs.csv" if ALL_EVIDENCE else [],
        lp_family="results/evidence/lp_family.csv" if ALL_EVIDENCE else [],
        sensitivity="results/evidence/sensitivity_map.csv" if ALL_EVIDENCE else [],
        rates="results/evidence/peer_rates.csv" if STUDY.peer_tables else [],
        scores="results/evidence/peer_scores.csv" if STUDY.peer_tables else [],
        seconds="results/timings/peers.csv" if STUDY.peer_tables else [],
        # A published run, which is no part of this study.
        published=[CALIBRATION] if Path(CALIBRATION).is_file() else [],
        figures=expand(
            "results/evidence/{figure}.png",
            figure=(EVIDENCE_FIGURES if ALL_EVIDENCE else []) + (["peers"] if STUDY.peer_tables else []),
        ),
    output:
        "results/evidence/index.html",
    log:
        "results/logs/evidence_page.log",
    benchmark:
        "results/benchmarks/evidence_page.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        templates=templates_digest(),
        code=CODE["evidence_page"],
    script:
        "../scripts/evidence_page.py"


rule evidence_docs:
    input:
        provenance="results/provenance.json",
        answers=expand("results/evidence/{mosi}/answer.txt", mosi=STUDY.mosi_datasets),
        motifs="results/evidence/motifs.csv",
        lp_family="results/evidence/lp_family.csv",
        sensitivity="results/evidence/sensitivity_map.csv",
        figures=expand("results/evidence/{figure}.png", figure=EVIDENCE_FIGURES),
    output:
        page="docs/evidence.md",
        figures=expand("docs/figures/evidence_{figure}.png", figure=EVIDENCE_FIGURES),
    log:
        "results/logs/evidence_docs.log",
    benchmark:
        "results/benchmarks/evidence_docs.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=300,
        runtime=5,
    params:
        code=CODE["evidence_docs"],
    script:
        "../scripts/evidence_docs.py"
