"""The workflow as a whole: complete, cached, and the same however its work is cut."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from filelock import FileLock

from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.tables.definitions import TABLES, check_table

pytestmark = [pytest.mark.workflow, pytest.mark.long]
Run = Callable[..., CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
TINY_BY_SEED = "seeds_per_job: 1\n"


def tables(folder: Path) -> dict[str, bytes]:
    """Content of all tables and answers, by their paths."""
    paths = sorted([*(folder / "results/tables").iterdir(), *(folder / "results/answers").glob("*/*")])
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


class TestComplete:
    def test_tables_are_those_of_the_dictionary(self, study: Path) -> None:
        for name in set(TABLES) - {"seconds"}:
            check_table(name, pd.read_parquet(study / f"results/tables/{name}.parquet"))
            header = pd.read_csv(study / f"results/tables/{name}.csv", nrows=0)
            assert list(header.columns) == TABLES[name].names
        check_table(
            "seconds", pd.read_csv(study / "results/timings/seconds.csv", dtype={"p": str, "scale": str})
        )

    def test_rows(self, study: Path) -> None:
        runs = pd.read_parquet(study / "results/tables/runs.parquet")
        fusion = runs[runs["model"] == "fusion"]
        cells = fusion.groupby(["dataset", "norm", "p", "scale"])["seed"].nunique()
        assert cells.to_dict() == {
            ("ConditionallyIndependent", "vbn", "inf", "1"): 2,
            ("XRelIrrXOR", "ibn", "1", "1"): 2,
            ("XRelIrrXOR", "ibn", "4/3", "1"): 2,
            ("XRelIrrXOR", "none", "1", "3"): 2,
            ("speech", "dbn", "1", "1"): 2,
        }
        assert set(runs["model"]) == {"fusion", "constant", "linear", "bayes_latent", "bayes_sequence"}
        subsets = pd.read_parquet(study / "results/tables/subsets.parquet")
        assert len(subsets) == 2 * 5 + 3 * 2 * 7 + 2 * 3
        history = pd.read_parquet(study / "results/tables/history.parquet")
        assert set(history.loc[history["dataset"] == "XRelIrrXOR", "epoch"]) == {1, 2}
        information = pd.read_parquet(study / "results/tables/information.parquet")
        assert information.groupby("dataset", sort=False)["coalition"].count().to_dict() == {
            "XRelIrrXOR": 7,
            "ConditionallyIndependent": 11,
        }
        assert set(information["seed"]) == {0}
        projections = pd.read_parquet(study / "results/tables/eigen_projections.parquet")
        assert set(projections["seed"]) == {0}

    def test_figures_and_pages(self, study: Path) -> None:
        for figure in FIGURES:
            assert (study / f"results/figures/{figure}.png").read_bytes().startswith(b"\x89PNG")
            assert (study / f"results/figures/{figure}.pdf").read_bytes().startswith(b"%PDF")
            assert b"<svg" in (study / f"results/figures/{figure}.svg").read_bytes()
        page = (study / "results/index.html").read_text(encoding="utf-8")
        assert "CMU-MOSI is not part of this study" in page
        facts = json.loads((study / "results/provenance.json").read_text(encoding="utf-8"))
        for said in (
            "speech: Task: classification",
            "target agrees; classes: 0, 1; splits, drawn at random: train",
            "groups: ",
        ):
            assert said in page
        assert facts["seeds"] == [0, 1]
        assert facts["config_digest"] in page

    def test_the_answer_about_own_data(self, study: Path) -> None:
        folder = study / "results/answers/speech"
        answer = (folder / "answer.txt").read_text(encoding="utf-8")
        assert "800 samples in 40 groups" in " ".join(answer.split())
        rows = {"relevance": 3, "information": 3, "modality_information": 2, "synergy": 1}
        assert {name: len(pd.read_csv(folder / f"{name}.csv")) for name in rows} == rows
        synergy = pd.read_csv(folder / "synergy.csv")
        assert (synergy["pair"].item(), synergy["named"].item()) == ("text+sound", True)
        assert (folder / "information.png").read_bytes().startswith(b"\x89PNG")
        assert (folder / "information.pdf").read_bytes().startswith(b"%PDF")
        page = (study / "results/index.html").read_text(encoding="utf-8")
        assert all(f"<p>{part}</p>" in unescape(page) for part in answer.strip().split("\n\n"))
        links = re.findall(r'href="(answers/[^"]+)"', page)
        unlinked = {folder / name for name in ("answer.txt", "answer.txt.sha256")}
        assert {study / "results" / link for link in links} == set(folder.iterdir()) - unlinked

    def test_every_job_left_a_log_and_a_benchmark(self, study: Path) -> None:
        logs = {
            p.relative_to(study / "results/logs").with_suffix("")
            for p in (study / "results/logs").rglob("*.log")
        }
        folder = study / "results/benchmarks"
        assert logs == {p.relative_to(folder).with_suffix("") for p in folder.rglob("*.tsv")}
        assert {Path("train/XRelIrrXOR/ibn/batch-0"), Path("evaluate/XRelIrrXOR/batch-0")} <= logs


class TestEvidence:
    def test_what_full_adds(self, study: Path, snakemake: Run) -> None:
        folder = study.parent / "evidence"  # a copy: other tests list the files of the study meanwhile
        with FileLock(study.with_suffix(".lock")):
            shutil.copytree(study, folder)
        result = snakemake(folder, "--cores", "1", "--dry-run", "full")
        assert result.returncode == 0, result.stdout + result.stderr
        found = set(re.findall(r"^(?:local)?rule (\w+):", result.stdout, re.MULTILINE))
        motifs, family = {"motifs", "motif_logos"}, {"lp_family", "lp_figure"}
        peers = {"drawn_peers", "encoded_peers", "peers"}
        assert found == motifs | family | peers | {"evidence_page", "full"}

        wanted = ["motifs.png", "lp_family.png", "peers/balanced.parquet"]
        result = snakemake(folder, "--cores", "2", *(f"results/evidence/{name}" for name in wanted))
        assert result.returncode == 0, result.stdout + result.stderr
        table = pd.read_csv(folder / "results/evidence/motifs.csv")
        assert set(table["dataset"]) == {"XRelIrrXOR"}
        assert set(table["seed"]) == {0, 1}
        table = pd.read_csv(folder / "results/evidence/lp_family.csv")
        assert set(table["convention"]) == {"mkl", "scaled_output", "as_printed"}
        table = pd.read_parquet(folder / "results/evidence/peers/balanced.parquet")
        assert set(table["seed"]) == {0, 1}
        assert {"mmfusion", "LOCO", "CFI"} <= set(table["peer"])

    def test_a_study_without_planted_data_has_a_page_of_evidence(
        self, tmp_path: Path, snakemake: Run
    ) -> None:
        config = (ROOT / "config/mine.yaml").read_text("utf-8")
        result = snakemake(tmp_path / "mine", "--cores", "1", "results/evidence/index.html", config=config)
        assert result.returncode == 0, result.stdout + result.stderr
        page = (tmp_path / "mine/results/evidence/index.html").read_text("utf-8")
        assert "<h1>Evidence beside the study</h1>" in page
        assert "calibration" in page
        assert "MMFUSION_" not in page


class TestCached:
    def test_a_second_run_does_nothing(self, study: Path, snakemake: Run) -> None:
        result = snakemake(study, "--cores", "1")
        assert result.returncode == 0
        assert "Nothing to be done" in result.stdout + result.stderr

    def test_changed_settings_rerun_what_they_touch(self, study: Path, snakemake: Run, tiny: str) -> None:

        changed = tiny.replace("resamples: 100", "resamples: 100, seed: 1")
        result = snakemake(study, "--cores", "1", "--dry-run", config=changed)
        output = result.stdout + result.stderr
        assert "rule evaluate:" in output
        assert "rule train:" not in output

    def test_only_changed_code_reruns_what_uses_it(self, study: Path, snakemake: Run, tmp_path: Path) -> None:
        for name in ("mmfusion", "workflow", "config"):
            shutil.copytree(ROOT / name, tmp_path / name)
        shutil.copy2(ROOT / "Snakefile", tmp_path)
        for path in (tmp_path / "mmfusion").rglob("*.py"):
            path.write_text(path.read_text("utf-8").replace('"""', '"""In other words: ', 1), "utf-8")

        def rules() -> set[str]:
            result = snakemake(study, "--snakefile", str(tmp_path / "Snakefile"), "--cores", "1", "--dry-run")
            return set(re.findall(r"^(?:local)?rule (\w+):", result.stdout, re.MULTILINE))

        elsewhere = {"provenance", "index", "study"}  # the page says where the code lies
        assert rules() == elsewhere
        with (tmp_path / "mmfusion/training/loop.py").open("a") as file:
            file.write("CHANGED = 1\n")
        assert {"train", "information", "evaluate", "eigen", "answer"} <= rules() - elsewhere
        assert rules().isdisjoint({"synthetic_data_0", "own_dataset", "baselines"})


class TestSameTables:
    def test_one_seed_per_job_and_one_core(self, study: Path, snakemake: Run, tiny: str) -> None:
        other = study.parent / "batches"

        result = snakemake(other, "--cores", "1", *tables(study), config=tiny + TINY_BY_SEED)
        assert result.returncode == 0, result.stdout + result.stderr
        assert tables(other) == tables(study)

        more = (tiny + TINY_BY_SEED).replace("seeds: [0, 1]", "seeds: [0, 1, 2]")
        result = snakemake(other, "--cores", "1", "--dry-run", config=more)
        outputs = re.findall(
            r"^    output: (results/(?:data|train|evaluate)/.*)", result.stdout, re.MULTILINE
        )
        assert {re.findall(r"(?:seed|batch)-(\d)", line)[0] for line in outputs} == {"2"}
