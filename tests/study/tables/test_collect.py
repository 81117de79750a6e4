"""Putting tables together and writing them: complete, in order, checked before anything is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.tables.collect import collect, in_order, write_forms
from mmfusion.study.tables.definitions import TABLES, check_table


def timings(*seeds: int, stage: str = "train") -> pd.DataFrame:
    keys = {"dataset": "XOR", "norm": "ibn", "p": "4/3", "scale": "1"}
    rows = [
        {**keys, "seed": seed, "stage": stage, "seconds": 0.1 + seed, "epochs": 2, "samples": 9}
        for seed in seeds
    ]
    return pd.DataFrame(rows)


class TestCollect:
    def test_keeps_the_order_of_parts_and_rows(self) -> None:
        table = collect("seconds", [timings(4, 2), timings(3, stage="evaluate"), timings(1)])
        assert table["seed"].to_list() == [4, 2, 3, 1]
        assert table["stage"].to_list() == ["train", "train", "evaluate", "train"]
        assert table.index.to_list() == [0, 1, 2, 3]

    def test_columns_take_the_order_of_the_definition(self) -> None:
        part = timings(1, 2)
        table = collect("seconds", [part[part.columns[::-1]], part])
        assert table.columns.to_list() == TABLES["seconds"].names
        pd.testing.assert_frame_equal(table, pd.concat([part, part], ignore_index=True))

    def test_parts_without_rows_change_nothing(self) -> None:
        empty = collect("seconds", [])
        pd.testing.assert_frame_equal(collect("seconds", [empty, timings(1), empty]), timings(1))

    @pytest.mark.parametrize("name", TABLES)
    def test_without_parts_all_columns_and_no_rows(self, name: str) -> None:
        table = collect(name, iter(()))
        assert table.columns.to_list() == TABLES[name].names
        assert len(table) == 0
        check_table(name, table)

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            (timings(1).drop(columns="stage"), "missing columns stage"),
            (timings(1).assign(minutes=2.0), "extra columns minutes"),
            (timings(1).assign(seconds="long"), "columns of another kind seconds"),
        ],
    )
    def test_a_wrong_part_is_told_among_right_ones(self, part: pd.DataFrame, message: str) -> None:
        with pytest.raises(ValueError, match=f"^table seconds: {message}"):
            collect("seconds", [timings(1), part, timings(2)])

    def test_seeds_that_may_be_missing(self) -> None:
        """Baselines of data without a seed stand beside networks."""
        columns = {name: [np.nan] for name in TABLES["runs"].names[8:]}
        keys = {"dataset": "A", "task": "binary", "norm": "-", "p": "-", "scale": "-"}
        network, baseline = (
            pd.DataFrame({**keys, "model": model, "seed": seed, "converged": converged, **columns})[
                TABLES["runs"].names
            ]
            for model, seed, converged in (
                ("fusion", pd.array([7], dtype="Int64"), pd.array([True], dtype="boolean")),
                ("linear", pd.array([None], dtype="Int64"), pd.array([None], dtype="boolean")),
            )
        )
        table = collect("runs", [network, baseline])
        assert table["seed"].dtype == "Int64"
        assert table["seed"].isna().to_list() == table["converged"].isna().to_list() == [False, True]


class TestInOrder:
    CELLS = (
        {"dataset": "XOR", "norm": "ibn", "p": "4/3", "scale": "1"},
        {"dataset": "XRel", "norm": "ibn", "p": "1", "scale": "1"},
        {"dataset": "XOR", "norm": "ibn", "p": "4/3", "scale": "3"},
    )

    def test_cells_as_in_the_study_and_rows_of_a_cell_as_they_stand(self) -> None:
        first, second, third = (timings(4, 2, 9).assign(**cell) for cell in self.CELLS)
        parts = [third[:1], first[:2], second, first[2:], third[1:]]
        table = in_order(pd.concat(parts), self.CELLS)
        pd.testing.assert_frame_equal(table, pd.concat([first, second, third], ignore_index=True))

    @pytest.mark.parametrize("name", ["runs", "subsets", "history", "eigen", "seconds"])
    def test_without_rows(self, name: str) -> None:
        pd.testing.assert_frame_equal(in_order(collect(name, []), self.CELLS), collect(name, []))


class TestFiles:
    def test_every_form_holds_the_table(self, tmp_path: Path) -> None:
        paths = [tmp_path / "deep/seconds.parquet", tmp_path / "seconds.csv"]
        write_forms(timings(1, 2), "seconds", paths)
        first, second = pd.read_parquet(paths[0]), pd.read_csv(paths[1], dtype={"scale": str})
        pd.testing.assert_frame_equal(first, timings(1, 2))
        pd.testing.assert_frame_equal(second, timings(1, 2))

    def test_a_wrong_table_is_not_written(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="missing columns stage"):
            write_forms(timings(1).drop(columns="stage"), "seconds", [tmp_path / "seconds.csv"])
        assert not list(tmp_path.iterdir())

    def test_empty_tables_survive_a_file(self, tmp_path: Path) -> None:
        for name in TABLES:
            write_forms(collect(name, []), name, [tmp_path / f"{name}.parquet", tmp_path / f"{name}.csv"])
            read = pd.read_parquet(tmp_path / f"{name}.parquet")
            assert collect(name, [read]).columns.to_list() == TABLES[name].names
