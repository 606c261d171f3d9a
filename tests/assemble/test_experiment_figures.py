"""What the figures of an experiment with many rows show."""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

import pytest

from naslib_proxydata.assemble.experiment_figures import draw_curves, experiment_figures
from naslib_proxydata.assemble.outcomes import Outcome
from naslib_proxydata.config import ExperimentFile
from naslib_proxydata.figures import PALETTE

COLUMNS = [{"dataset": "cifar10", "metric": "test_accuracy"}]


def costs(strategies: int, sizes: int, *, in_grid: bool = True) -> Any:
    """Return the figure of costs of strategies x sizes rows, or None, with warnings as errors."""
    levels = {
        "strategy": [f"a strategy of a long name {number}" for number in range(strategies)],
        "size": [str(number) for number in range(sizes)],
    }
    grid = {name: {one: {} for one in of} for name, of in levels.items()} if in_grid else {}
    keys = {"figures": ["costs"], "columns": COLUMNS, "grid": grid}
    done = [
        Outcome(
            f"{strategy}, {size}",
            0,
            {"strategy": strategy, "size": size} if in_grid else {},
            values={"cifar10 test_accuracy": 90.0 + int(size) / 10},
            processed=1000 * (1 + int(size)),
        )
        for strategy in levels["strategy"]
        for size in levels["size"]
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = experiment_figures(ExperimentFile.parse(keys, "a test"), done, pytest.fail)
        panel: Any = figures.get("costs")
        if panel is not None:
            panel.figure.savefig(io.BytesIO(), format="png", dpi=30)
    return panel


def told(panel: Any) -> list[str]:
    return [text.get_text() for text in panel.get_legend().get_texts()]


def test_eight_rows_have_a_colour_each() -> None:
    assert len(told(costs(4, 2))) == len(PALETTE)


@pytest.mark.parametrize(("strategies", "sizes", "shown"), [(3, 5, 3), (12, 2, 2)])
def test_of_more_rows_a_dimension_has_the_colours(strategies: int, sizes: int, shown: int) -> None:
    panel = costs(strategies, sizes)
    name = "strategy" if strategies < 9 else "size"
    assert len(told(panel)) == shown
    assert all(text.startswith(name) for text in told(panel))
    means = {tuple(one.get_facecolor()[0]) for one in panel.collections[1::2]}
    assert (len(panel.collections), len(means)) == (2 * strategies * sizes, shown)


def test_without_such_a_dimension_a_line_says_why_there_is_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert costs(9, 1, in_grid=False) is None
    assert "no figure 'costs': 9 rows" in caplog.text


def test_the_axis_of_a_curve_ends_at_a_hundred_percent() -> None:
    panel = draw_curves({"one": [(1.0, [100.0, 60.0]), (2.0, [100.0, 99.0])]}, "size", "%")
    assert panel.get_ylim()[1] == 101
    beyond = draw_curves({"one": [(1.0, [140.0, 60.0])]}, "size", "over random (%)")
    assert beyond.get_ylim()[1] > 140


def test_lines_of_one_colour_differ_in_style() -> None:
    panel: Any = draw_curves({str(one): [(1.0, [50.0])] for one in range(12)}, "size", "%")
    looks = {(line.get_color(), line.get_linestyle()) for line in panel.lines}
    assert len(looks) == 12
