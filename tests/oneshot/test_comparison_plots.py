"""Several searches in one figure: every line, band and legend says what it was given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.comparison_plots import (
    SearchTrace,
    draw_accuracies,
    draw_examples_left,
    mean_curve,
    strengths_figure,
    trajectories_figure,
)
from naslib_proxydata.oneshot.records import EpochRecord
from naslib_proxydata.oneshot.supernets.nb1shot1 import NasBench1Shot1Supernet
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet

NAN = math.nan


def trace(accuracy: list[float], weights: int = 8, **more: dict[int, float]) -> SearchTrace:
    epochs = range(1, 4)
    left = {epoch: float(weights - epoch) for epoch in epochs}
    halves = {"weights": left, "architecture": dict.fromkeys(epochs, 8.0)}
    measured = dict(zip(epochs, accuracy, strict=False))
    return SearchTrace(halves, measured, **more)  # type: ignore[arg-type]


def lines(panel: Axes) -> dict[str, list[float]]:
    return {str(line.get_label()): list(line.get_ydata()) for line in panel.lines}  # type: ignore[arg-type]


def test_mean_and_spread_by_hand() -> None:
    """Values 1, 3, 8 of one epoch: mean 4, variance ((-3)^2 + (-1)^2 + 4^2) / 2 = 13."""
    epochs, mean, spread = mean_curve(
        [{1: 1.0, 2: 5.0}, {1: 3.0, 2: NAN, 3: 9.0}, {1: 8.0, 2: 7.0, 3: 9.0}]
    )
    assert epochs.tolist() == [1, 2]  # the first search has no third epoch
    assert mean.tolist() == [4, 6]
    np.testing.assert_allclose(spread, [math.sqrt(13), math.sqrt(2)])


def test_an_epoch_that_no_table_knows_stays_a_gap() -> None:
    assert np.isnan(mean_curve([{1: NAN, 2: 3.0}]).mean).tolist() == [True, False]


def test_two_methods_share_three_panels() -> None:
    figure = trajectories_figure(
        {
            "darts": [trace([80, 60, 40], eigenvalue={1: 0.2, 3: 0.6})],
            "darts + BDP": [trace([70, 80, 90]), trace([90, 80, 90])],
        },
        "cifar10, validation accuracy (%)",
    )
    accuracy, left, eigenvalue = figure.axes
    assert lines(accuracy) == {"darts": [80, 60, 40], "darts + BDP (n = 2)": [80, 80, 90]}
    assert accuracy.get_ylabel() == "cifar10, validation accuracy (%)"
    assert lines(left)["darts, weights"] == [7, 6, 5]
    assert lines(left)["darts + BDP (n = 2), architecture"] == [8, 8, 8]
    assert eigenvalue.lines[0].get_xydata().tolist() == [[1, 0.2], [3, 0.6]]  # type: ignore[union-attr]
    assert len(accuracy.collections) == 1  # one band, of the method with two seeds
    ticks = [tick for panel in figure.axes for tick in panel.get_xticks()]
    assert all(tick == round(tick) for tick in ticks)


def test_panels_without_numbers_are_left_out() -> None:
    assert len(trajectories_figure({"one": [trace([])]}).axes) == 1


def test_the_legend_says_how_many_cells_were_found() -> None:
    panel = draw_accuracies({"nb1shot1": [trace([NAN, 91.0, NAN]), trace([92.0, NAN, NAN])]})
    assert list(lines(panel)) == ["nb1shot1 (n = 2), 2 of 6 cells in the table"]


def test_levels_that_stay_equal_are_one_line() -> None:
    same = {1: 5.0, 2: 4.0}
    panel = draw_examples_left({"one": [SearchTrace({"weights": same, "architecture": same})]})
    assert list(lines(panel)) == ["one, each level"]


@pytest.mark.parametrize("searches", [{}, {"darts": []}])
def test_no_search_is_refused(searches: dict[str, list[SearchTrace]]) -> None:
    with pytest.raises(SearchError, match="at least one search"):
        trajectories_figure(searches)


def record(epoch: int, strengths: dict[str, list[list[float]]]) -> EpochRecord:
    left = {"weights": 10 - epoch, "architecture": 10}
    return EpochRecord(epoch, {}, "", {}, {}, left, {}, 0.0, strengths)  # type: ignore[arg-type]


def test_a_trace_is_made_from_records() -> None:
    made = SearchTrace.of([record(1, {}), record(2, {})], [90.0, NAN], {2: 0.5})
    assert made.left == {"weights": {1: 9, 2: 8}, "architecture": {1: 10, 2: 10}}
    assert made.accuracy[1] == 90
    assert math.isnan(made.accuracy[2])
    with pytest.raises(SearchError, match="each of the 1 epochs, got 2"):
        SearchTrace.of([record(1, {})], [1.0, 2.0])


def test_strengths_side_by_side_mark_what_each_search_chose() -> None:
    first, second = np.zeros((6, 5)), np.zeros((6, 5))
    first[range(6), [0, 1, 2, 3, 4, 0]] = 1
    second[:, 1] = 1
    records = {"darts": first, "bdp": second}
    figure = strengths_figure(
        {name: record(1, {"cell": rows.tolist()}) for name, rows in records.items()},
        NasBench201Supernet(2, 1),
    )
    marked = [
        [(round(one.get_y() + 0.44), round(one.get_x() + 0.47)) for one in panel.patches]  # type: ignore[attr-defined]
        for panel in figure.axes[:2]
    ]
    assert marked == [
        [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 0)],
        [(row, 1) for row in range(6)],
    ]


def test_a_node_may_keep_several_parents() -> None:
    supernet = NasBench1Shot1Supernet(1, 2, 1)
    strengths = {kind: np.zeros(choices.shape) for kind, choices in supernet.choices.items()}
    strengths["parents-5"][0] = [0.1, 0.4, 0.0, 0.5, 0.0]
    assert supernet.chosen_places(strengths)["parents-5"] == [(0, 1), (0, 3)]
