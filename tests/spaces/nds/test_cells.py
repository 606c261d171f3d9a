from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.spaces.nds import spaces as nds
from naslib_proxydata.spaces.nds.cells import FAMILIES, NdsCells
from naslib_proxydata.testing import SearchSpaceContract


class SmallestContract(SearchSpaceContract):
    """Builds the smallest sampled network only."""

    macs_tolerance = 0.0

    def built(self, space: Any) -> list[Any]:
        return sorted(self.sampled(space), key=space.params)[:1]


@pytest.mark.parametrize("family", FAMILIES)
class TestCifarContract(SmallestContract):
    @pytest.fixture
    def space(self, family: str) -> NdsCells:
        return NdsCells(family, imagenet=False)


@pytest.mark.parametrize("family", ["nasnet"])
class TestImageNetContract(SmallestContract):
    @pytest.fixture
    def space(self, family: str) -> NdsCells:
        return NdsCells(family, imagenet=True)


def records(shared_data: Path, file: str) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "nds" / f"{file}.json.gz") as stream:
        found: list[dict[str, Any]] = json.load(stream)
    return found


@pytest.mark.parametrize(
    "name",
    ["nds-darts-in", "nds-darts-fix-w-d-in", "nds-amoeba-in", "nds-enas-in", "nds-nasnet-in"],
)
def test_published_parameters_and_flops(shared_data: Path, name: str) -> None:
    table = nds.tables()[name]
    space: Any = nds.make_space(table.space)
    for record in records(shared_data, table.file):
        net = space.from_record(record["net"])
        assert space.params(net, num_classes=1000) == record["params"]
        assert space.published_flops(net) == record["flops"]


def test_texts_are_records(shared_data: Path) -> None:
    space = NdsCells("amoeba", imagenet=True)
    for record in records(shared_data, "Amoeba_in"):
        net = space.from_record(record["net"])
        assert space.parse(json.dumps(record["net"])) == net
        assert space.parse(space.text(net)) == net


def test_loose_ends_are_what_the_output_holds(shared_data: Path) -> None:
    """The rule by which mutants get their output holds in every record of those families."""
    for family, file in (("amoeba", "Amoeba_in"), ("enas", "ENAS_in"), ("nasnet", "NASNet_in")):
        space = NdsCells(family, imagenet=True)
        for record in records(shared_data, file):
            for cell in ("normal", "reduce"):
                read = {source for _, source in record["net"]["genotype"][cell]}
                loose = [node for node in range(2, 7) if node not in read]
                assert record["net"]["genotype"][f"{cell}_concat"] == loose
        assert space.loose_ends


GOOD = {
    "genotype": {
        "normal": [["skip_connect", 0], ["sep_conv_3x3", 1]] * 5,
        "normal_concat": [2, 3, 4, 5, 6],
        "reduce": [["skip_connect", 0], ["sep_conv_3x3", 1]] * 5,
        "reduce_concat": [2, 3, 4, 5, 6],
    },
    "width": 16,
    "depth": 4,
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": 15}, "width must be even"),
        ({"width": True}, "width must be even"),
        ({"width": "16"}, "width must be even"),
        ({"depth": 2}, "depth must be 3 or more"),
        ({"aux": 1}, "aux must be true or false"),
        ({"color": 1}, "unknown keys .'color'"),
        ({"genotype": {}}, "genotype: expected the fields"),
        (
            {"genotype": {**GOOD["genotype"], "normal": [["none", 0]] * 10}},
            "unknown operation 'none'",
        ),  # type: ignore[dict-item]
    ],
)
def test_bad_settings_say_why(change: dict[str, Any], reason: str) -> None:
    space = NdsCells("enas", imagenet=False)
    assert space.from_record(GOOD)
    with pytest.raises(ArchitectureError, match=f"nds-enas: .*{reason}"):
        space.parse(json.dumps({**GOOD, **change}))


@pytest.mark.parametrize("text", ["64-41414-3_33_333", "[]", "[" * 100_000, "1:", "null"])
def test_texts_of_other_spaces_are_refused(text: str) -> None:
    with pytest.raises(ArchitectureError, match="nds-enas"):
        NdsCells("enas", imagenet=False).parse(text)
