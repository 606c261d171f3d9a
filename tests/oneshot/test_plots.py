"""Every figure is drawn and shows what it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.oneshot import plots
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Choices
from naslib_proxydata.oneshot.records import EpochRecord
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.supernets.base import ChosenEdge
from naslib_proxydata.oneshot.supernets.darts import OPERATIONS as DARTS_OPERATIONS
from naslib_proxydata.oneshot.supernets.nb201 import CHOICES
from naslib_proxydata.spaces.nb201.cell import OPERATIONS
from tests.oneshot.fakes import acting, coloured, make_learner


def record(epoch: int, left: int, classes: bool = True) -> EpochRecord:
    accuracies = {"weights_accuracy": 10.0 * epoch, "architecture_accuracy": 9.0 * epoch}
    return EpochRecord(
        epoch,
        {**accuracies, "weights_loss": 1.0, "architecture_loss": 1.0, "seconds": 2.0},
        "a cell",
        {"weights": 10, "architecture": 10},
        {"weights": 10, "architecture": 10},
        {"weights": left, "architecture": 2 * left},
        {"weights": [left - 1, left + 1], "architecture": [left, 3 * left]} if classes else {},
        0.5,
        {},
    )


def test_the_trajectory_shows_accuracy_examples_and_time() -> None:
    records = [record(1, 8), record(2, 6), record(3, 4)]
    figure = plots.trajectory_figure(records, [80.0, 81.0, 82.0], "a table, its metric")
    accuracy, left, seconds = figure.axes
    shown = {line.get_label(): line.get_ydata().tolist() for line in accuracy.lines}
    assert shown["supernet, weights batches"] == [10, 20, 30]
    assert shown["current cell, a table, its metric"] == [80, 81, 82]
    means = [line.get_ydata().tolist() for line in left.lines if "mean" in line.get_label()]
    assert means == [[8, 6, 4], [16, 12, 8]]
    assert len(left.lines) == 2 * (2 + 1)
    assert seconds.lines[0].get_ydata().tolist() == [2, 4, 6]


def test_the_trajectory_without_classes() -> None:
    figure = plots.trajectory_figure([record(1, 8, classes=False), record(2, 6, classes=False)])
    assert [line.get_ydata().tolist() for line in figure.axes[1].lines] == [[8, 6], [16, 12]]


def test_a_search_of_one_epoch_is_seen() -> None:
    figure = plots.trajectory_figure([record(1, 8)], measured=[80.0])
    for panel in figure.axes:
        assert all(line.get_marker() == "." for line in panel.lines)
        assert all(tick == round(tick) for tick in panel.get_xticks())
    figure.canvas.draw()


def test_cells_that_a_table_lacks_are_gaps_between_points() -> None:
    records = [record(epoch, 8) for epoch in (1, 2, 3)]
    line = plots.trajectory_figure(records, [np.nan, 81.0, np.nan]).axes[0].lines[-1]
    assert line.get_marker() == "."


def test_a_rectangle_marks_what_was_chosen() -> None:
    panel = plots.draw_strengths(CHOICES, np.full((6, 5), 0.2), "cell", chosen=[(2, 4)])
    (mark,) = panel.patches
    assert (round(mark.get_y() + 0.44), round(mark.get_x() + 0.47)) == (2, 4)  # type: ignore[attr-defined]


def test_the_heat_map_holds_every_strength() -> None:
    strengths = np.arange(30).reshape(6, 5) / 30
    panel = plots.draw_strengths(CHOICES, strengths, "cell")
    np.testing.assert_array_equal(panel.images[0].get_array(), strengths)
    assert [text.get_text() for text in panel.texts][:2] == ["0.00", "0.03"]
    assert [label.get_text() for label in panel.get_xticklabels()][3] == "nor_conv_3x3"


def test_the_heat_map_names_candidates_that_differ_by_edge() -> None:
    choices = Choices(((0, 1), (0, 2)), (("a", "b"), ("c", "a")))
    panel = plots.draw_strengths(choices, np.array([[0.1, 0.9], [0.5, 0.5]]), "cell")
    assert [text.get_text() for text in panel.texts] == [
        "a 0.10",
        "b 0.90",
        "c 0.50",
        "a 0.50",
    ]


def test_the_cell_has_an_arrow_for_each_edge() -> None:
    cell = [ChosenEdge(0, 1, "none"), ChosenEdge(0, 2, "skip_connect"), ChosenEdge(1, 2, "conv")]
    panel = plots.draw_cell(cell, "cell")
    arrows = panel.patches
    assert len(arrows) == 3
    assert [arrow.get_linestyle() for arrow in arrows] == [":", "-", "-"]
    assert {text.get_text() for text in panel.get_legend().get_texts()} == {
        "none",
        "skip_connect",
        "conv",
    }


def test_pies_count_operations_edge_by_edge() -> None:
    cells = [("a", "b"), ("a", "c"), ("a", "b"), ("b", "b")]
    figure = plots.operations_figure(((0, 1), (0, 2)), cells, "darts")
    shares = [[round(p.theta2 - p.theta1) for p in axis.patches] for axis in figure.axes[:2]]
    assert shares == [[270, 90], [270, 90]]


def test_costs_show_every_search_and_the_mean() -> None:
    points = {"full": [(10.0, 90.0), (12.0, 92.0)], "bdp": [(4.0, 91.0)]}
    panel = plots.draw_costs(points, "CPU time (s)", "test accuracy (%)")
    offsets = [one.get_offsets().tolist() for one in panel.collections]
    assert offsets == [[[10, 90], [12, 92]], [[11, 91]], [[4, 91]], [[4, 91]]]


def test_eigenvalues_over_epochs() -> None:
    panel = plots.draw_eigenvalues({"darts": {1: 0.2, 3: 0.5}})
    assert panel.lines[0].get_xydata().tolist() == [[1, 0.2], [3, 0.5]]


def test_an_operation_has_one_colour_in_every_figure() -> None:
    some = plots.operation_colours(["none", "skip_connect", "x", "y", "z", "x"])
    assert len(set(some.values())) == 5
    spaces = [OPERATIONS, DARTS_OPERATIONS]
    for operations in spaces:
        colours = plots.operation_colours(operations)
        assert len(set(colours.values())) == len(operations)
        assert all(plots.operation_colours([name])[name] == colours[name] for name in operations)


@pytest.mark.parametrize("measured", [None, [50.0, 60.0]])
def test_the_figures_of_a_search_are_files(tmp_path: Path, measured: list[float] | None) -> None:
    learner = make_learner(darts(), epochs=2)
    result = Search(coloured(32), learner, acting(), "nb201").run()
    figures = plots.search_figures(result.records, learner.supernet, measured)
    assert set(figures) == {"trajectory", "strengths-cell", "cell-cell"}
    for name, drawn in figures.items():
        save_figure(drawn, tmp_path / f"{name}.png", error=RunFolderError)
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_panels_are_drawn_where_the_caller_wants_them() -> None:
    """One figure of the caller's, with all panels of a search side by side."""
    figure = new_figure(12, 3)
    first, second, third, fourth = figure.subplots(1, 4)
    strengths = np.full((6, 5), 0.2)
    assert plots.draw_strengths(CHOICES, strengths, "cell", ax=first) is first
    assert plots.draw_cell([ChosenEdge(0, 1, "none")], "cell", ax=second) is second
    assert plots.draw_costs({"full": [(1.0, 2.0)]}, "s", "%", ax=third) is third
    assert plots.draw_eigenvalues({"darts": {1: 0.2}}, ax=fourth) is fourth
    assert {axis.figure for axis in (first, second, third, fourth)} == {figure}
