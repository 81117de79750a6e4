# Other methods on the same data sets, behind the target `full`; they need the extra `peers`.


rule drawn_peers:
    output:
        "results/evidence/peers/{design}.parquet",
    log:
        "results/logs/peers/{design}.log",
    benchmark:
        "results/benchmarks/peers/{design}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        seeds=STUDY.config.seeds,
        code=CODE["drawn_peers"],
    script:
        "../scripts/drawn_peers.py"


rule encoded_peers:
    input:
        data=lambda wildcards: STUDY.data_files(wildcards.synthetic, int(wildcards.batch)),
        networks="results/train/{synthetic}/ibn/batch-{batch}/networks.safetensors",
    output:
        "results/evidence/peers/{synthetic}/batch-{batch}.parquet",
    log:
        "results/logs/peers/{synthetic}/batch-{batch}.log",
    benchmark:
        "results/benchmarks/peers/{synthetic}/batch-{batch}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        seeds=lambda wildcards: STUDY.batches[int(wildcards.batch)],
        code=CODE["encoded_peers"],
    script:
        "../scripts/encoded_peers.py"


rule mosi_peers:
    input:
        "results/data/{mosi}.safetensors",
    output:
        "results/evidence/peers/{mosi}.parquet",
    log:
        "results/logs/peers/{mosi}.log",
    benchmark:
        "results/benchmarks/peers/{mosi}.tsv"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        seeds=STUDY.mosi_repetitions,
        code=CODE["mosi_peers"],
    script:
        "../scripts/mosi_peers.py"


rule peers:
    input:
        expand("results/evidence/peers/{table}.parquet", table=STUDY.peer_tables),
    output:
        answers="results/evidence/peers.csv",
        rates="results/evidence/peer_rates.csv",
        scores="results/evidence/peer_scores.csv",
        seconds="results/timings/peers.csv",
        checksums=expand(
            "results/{table}.csv.sha256",
            table=["evidence/peer_rates", "evidence/peer_scores", "timings/peers"],
        ),
        png=report(
            "results/evidence/peers.png",
            caption="../report/peers.rst",
            category="Evidence",
            labels={"figure": "Who names what was planted, and who names noise"},
        ),
        pdf="results/evidence/peers.pdf",
    log:
        "results/logs/peers.log",
    benchmark:
        "results/benchmarks/peers.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=CODE["peers"],
    script:
        "../scripts/peers.py"


rule peers_docs:
    input:
        provenance="results/provenance.json",
        rates="results/evidence/peer_rates.csv",
        scores="results/evidence/peer_scores.csv",
        seconds="results/timings/peers.csv",
        figure="results/evidence/peers.png",
    output:
        page="docs/peers.md",
        figure="docs/figures/evidence_peers.png",
    log:
        "results/logs/peers_docs.log",
    benchmark:
        "results/benchmarks/peers_docs.tsv"
    localrule: True
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=CODE["peers_docs"],
    script:
        "../scripts/peers_docs.py"
