import pandas as pd
import pytest

from mmfusion.errors import MmfusionError
from mmfusion.study.figures.rows import MissingRowsError, one_p, select_rows

TABLE = pd.DataFrame({"dataset": ["XRel", "XOR", "XOR"], "p": ["2", "4/3", "inf"], "order": [1, 2, 2]})


def test_select_keeps_wanted_rows():
    assert select_rows(TABLE, "subsets", dataset="XOR", order="2")["p"].tolist() == ["4/3", "inf"]
    assert select_rows(TABLE, "subsets", p=["2", "inf"])["dataset"].tolist() == ["XRel", "XOR"]
    assert select_rows(TABLE.astype("category"), "subsets", dataset="XRel").index.tolist() == [0]


@pytest.mark.parametrize("table", [TABLE, TABLE.iloc[:0], pd.DataFrame()])
def test_select_says_what_is_missing(table):
    message = "table subsets: no row with dataset Parity, p 1 or 2; add such runs to the study's config"
    with pytest.raises(MissingRowsError, match=message) as caught:
        select_rows(table, "subsets", dataset="Parity", p=["1", "2"])
    assert isinstance(caught.value, (MmfusionError, ValueError))


def test_one_p_prefers_then_takes_the_smallest():
    assert one_p(pd.concat([TABLE, TABLE.assign(p="1")]))[1] == "1"
    kept, p = one_p(TABLE)
    assert p == "4/3"
    assert kept["dataset"].tolist() == ["XOR"]
