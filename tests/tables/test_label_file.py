from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.errors import LabelError
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.tables.label_file import read_labels
from tests.evolution.grid import Grid
from tests.spaces.genotypes.test_genotype import V2


def written(tmp_path, *lines, header="architecture,accuracy"):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


GOOD = ('"1,2",90.5', '"3,4",80', '"5,5",70.25')


def test_labels_are_read_in_order(tmp_path):
    labels = read_labels(written(tmp_path, *GOOD, ""), Grid(), fewest=3)
    assert labels.architectures == ((1, 2), (3, 4), (5, 5))
    assert labels.accuracies == (90.5, 80.0, 70.25)


def test_genotypes_stand_between_quotes(tmp_path):
    other = V2.replace("sep_conv_3x3", "sep_conv_5x5")
    labels = read_labels(written(tmp_path, f'"{V2}",97', f'"{other}",96'), Darts(), fewest=2)
    assert labels.architectures[0] == Darts().parse(V2)
    with pytest.raises(LabelError, match=r"line 2: expected 2 fields, got \d\d; .* double quotes"):
        read_labels(written(tmp_path, f"{V2},97"), Darts(), fewest=2)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (('"1,2",90', "nonsense,80", '"5,5",70'), r"labels.csv, line 3: not an arch.*'grid'"),
        (('"1,2",90', '"3,4",80', '"2,1",70'), r"line 4: '2,1' computes the same .* as line 2"),
        (('"1,2",90', '"1,2",90', '"2,1",70'), r"line 3: .* as line 2"),
        (('"1,2",90', '"3,4",high', '"5,5",70'), r"line 3: expected a finite .* got 'high'"),
        (('"1,2",90', '"3,4",nan', '"5,5",70'), r"line 3: expected a finite .* got 'nan'"),
        (('"1,2",90', '"3,4",90', '"5,5",90.0'), r"labels.csv: all 3 accuracies are 90.0"),
        (GOOD[:2], r"labels.csv: at least 3 labels are needed, got 2"),
        ((), r"at least 3 labels are needed, got 0"),
        (('"1,2",90,7',), r"line 2: expected 2 fields, got 3"),
        (('"1,2', "90"), r"cannot read .*labels.csv, line 3"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, lines, message):
    with pytest.raises(LabelError, match=message):
        read_labels(written(tmp_path, *lines), Grid(), fewest=3)


def test_files_that_are_no_such_table_are_refused(tmp_path):
    path = written(tmp_path, *GOOD, header="arch,acc")
    with pytest.raises(
        LabelError,
        match=r"line 1: expected one column 'architecture' .* got arch, acc. Is it 'arch'",
    ):
        read_labels(path, Grid(), fewest=3)
    with pytest.raises(LabelError, match=r"no file .*absent\.csv"):
        read_labels(tmp_path / "absent.csv", Grid(), fewest=3)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelError, match="cannot read"):
        read_labels(path, Grid(), fewest=3)


def test_a_spreadsheets_mark_is_no_part_of_the_header(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["architecture,accuracy", *GOOD]), encoding="utf-8-sig")
    assert len(read_labels(path, Grid(), fewest=3).accuracies) == 3


@given(st.lists(st.floats(0, 100), min_size=3, max_size=3, unique=True))
@settings(deadline=None)
def test_numbers_are_read_exactly(tmp_path_factory, values):
    lines = [f'"{place},0",{value!r}' for place, value in enumerate(values)]
    path = written(tmp_path_factory.getbasetemp(), *lines)
    assert read_labels(path, Grid(), fewest=3).accuracies == tuple(values)
