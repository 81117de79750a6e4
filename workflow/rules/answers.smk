# Answers: which modalities of a user's dataset carry its prediction, by networks cross-fitted over all its samples.


rule answer:
    input:
        data=lambda wildcards: STUDY.user[wildcards.user].path,
        # Nothing is fitted before the data have been checked; a new check alone does not fit again.
        checked=ancient("results/data/{user}.txt"),
    output:
        answer="results/answers/{user}/answer.txt",
        checksum="results/answers/{user}/answer.txt.sha256",
        relevance="results/answers/{user}/relevance.csv",
        information="results/answers/{user}/information.csv",
        modality_information="results/answers/{user}/modality_information.csv",
        synergy="results/answers/{user}/synergy.csv",
        png=report(
            "results/answers/{user}/information.png",
            caption="../report/answer.rst",
            category="Figures",
            labels={"figure": "{user}: what the modalities say alone, and together"},
        ),
        pdf="results/answers/{user}/information.pdf",
    log:
        "results/logs/answers/{user}.log",
    benchmark:
        "results/benchmarks/answers/{user}.tsv"
    # As long as many trainings together, and nothing but the page waits for it: early.
    priority: 10**8
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=lambda wildcards: STUDY.answer_settings(wildcards.user),
        code=CODE["answer"],
    script:
        "../scripts/answer.py"
