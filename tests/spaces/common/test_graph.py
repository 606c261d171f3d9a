"""Views with the operations of all spaces: equal cells of two spaces look the same."""

from __future__ import annotations

import pytest

from naslib_proxydata.predictors.few_label.features import structure_features
from naslib_proxydata.spaces.common.graph import COMMON_OPERATIONS, common_operation, common_view
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.nds.cells import FAMILIES
from naslib_proxydata.spaces.transnas.micro import TransNasMicro


def test_a_cell_of_two_spaces_is_one():
    first = NasBench201().parse(
        "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|nor_conv_3x3~1|skip_connect~2|"
    )
    second = TransNasMicro().parse("64-41414-3_12_031")
    views = [
        common_view(space.graph_view(cell))
        for space, cell in ((NasBench201(), first), (TransNasMicro(), second))
    ]
    assert views[0] == views[1]
    assert structure_features(views[0]) == structure_features(views[1])


def test_links_stay_links():
    space = NasBench101()
    view = space.graph_view(space.parse("111001:02"))
    graph, common = view.graphs["cell"], common_view(view).graphs["cell"]
    assert [edge[:2] for edge in common.edges] == [edge[:2] for edge in graph.edges]
    links = [edge[2] == "" for edge in graph.edges]
    assert [edge[2] == "" for edge in common.edges] == links
    assert 0 < sum(links) < len(links)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("skip_connect", "skip"),
        ("maxpool3x3", "pooling"),
        ("avg_pool_3x3", "pooling"),
        ("conv1x1-bn-relu", "1x1 convolution"),
        ("conv_1x1", "1x1 convolution"),
        ("conv_7x1_1x7", "convolution"),
        ("conv_3x1_1x3", "convolution"),
        ("dil_sep_conv_3x3", "convolution"),
        ("sep_conv_5x5", "convolution"),
    ],
)
def test_an_operation_is_of_a_kind(operation, kind):
    assert common_operation(operation) == kind
    assert kind in COMMON_OPERATIONS


def test_every_family_has_skips_pools_and_convolutions():
    for family in FAMILIES.values():
        kinds = {common_operation(one) for one in family.operations if one != "none"}
        assert {"skip", "pooling", "convolution"} <= kinds
