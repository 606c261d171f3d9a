"""Signs of collapse, on cells written down by hand."""

from __future__ import annotations

import pytest

from naslib_proxydata.oneshot import collapse
from naslib_proxydata.oneshot.supernets.base import ChosenEdge

ENDS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


def cell(*operations: str) -> dict[str, list[ChosenEdge]]:
    return {"cell": [ChosenEdge(*ends, op) for ends, op in zip(ENDS, operations, strict=True)]}


def test_a_healthy_cell_has_no_sign() -> None:
    healthy = cell("none", "nor_conv_3x3", "none", "none", "none", "skip_connect")
    assert collapse.warning(healthy) == ""
    assert collapse.free_share(healthy) == pytest.approx(5 / 6)


def test_a_cell_whose_input_leads_nowhere_is_told() -> None:
    conv = "nor_conv_3x3"
    assert "the output is constant" in collapse.warning(
        cell("none", "none", conv, "none", conv, conv)
    )


def test_a_cell_without_parameters_is_told() -> None:
    assert "collapsed" in collapse.warning(cell(*["skip_connect"] * 5, "none"))
