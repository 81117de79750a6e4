# Evidence: how the estimators do on data that nobody drew for them. Part of the target `full`, not of the default study.


rule mosi_answer:
    input:
        "results/data/{mosi}.safetensors",
    output:
        answer="results/evidence/{mosi}/answer.txt",
        grid="results/evidence/{mosi}/grid.csv",
        test_scores="results/evidence/{mosi}/test_scores.csv",
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
        choices={"device": STUDY.config.training.device},
        resamples=STUDY.config.analysis.resamples,
        seed=STUDY.config.analysis.seed,
        code=CODE["mosi_answer"],
    script:
        "../scripts/mosi_answer.py"


rule full:
    input:
        rules.all.input,
        expand("results/evidence/{mosi}/answer.txt", mosi=STUDY.mosi_datasets),
