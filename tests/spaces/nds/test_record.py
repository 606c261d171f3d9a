"""The JSON of NDS networks, one reader for cells and stages."""

from __future__ import annotations

import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.spaces.nds.record import read_record, write_record
from naslib_proxydata.spaces.nds.spaces import make_space


def test_what_is_written_is_read() -> None:
    record = {"ds": [1, 2], "width": 16, "aux": False, "bot_muls": [0.5]}
    assert write_record(record) == '{"ds":[1,2],"width":16,"aux":false,"bot_muls":[0.5]}'
    assert read_record(write_record(record), "nds-x", "anything") == record


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "Genotype(normal=[])", None])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(
        ArchitectureError, match=r"not an architecture of nds-x.*JSON with the keys"
    ):
        read_record(text, "nds-x", "the keys a, b")


@pytest.mark.parametrize(
    ("space", "expected"),
    [("nds-darts-in", "genotype, width and depth"), ("nds-resnext-a-in", "the keys block_type")],
)
def test_each_space_says_what_it_expects(space: str, expected: str) -> None:
    with pytest.raises(ArchitectureError, match=f"not an architecture of {space}.*{expected}"):
        make_space(space).parse("no json")
