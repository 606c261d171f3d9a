"""The figures: every point is somewhere, labelled, and those without a number are named."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from matplotlib.text import Text

from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.leaderboard import plots
from naslib_proxydata.leaderboard.rows import make_evaluation
from naslib_proxydata.tables.base import LOWER_IS_BETTER as LOWER
from tests.leaderboard.test_rows import subject


def evaluation(scores, values=None, **changes):
    scores = np.asarray(scores, dtype=float)
    values = np.arange(len(scores), dtype=float) if values is None else values
    return make_evaluation(scores, values, subject(**changes))


def points(panel):
    return {one.get_label(): one.get_offsets().data for one in panel.collections if one.get_label()}


def test_points_without_a_number_stand_left_of_all_others():
    scores = np.concatenate([[np.nan, -np.inf, -np.inf], np.arange(27.0)])
    figure = plots.scores_figure([evaluation(scores)])
    found = points(figure.axes[0])
    left = found["no signal (-inf)"][:, 0].max()
    assert found["failed (nan)"][:, 0].max() < left < 0
    assert len(found["no signal (-inf)"]) == 2
    assert len(found["architecture"]) + len(found["in both top 10 %"]) == 27
    assert len(found["in both top 10 %"]) == 3


def test_values_far_below_the_others_stand_below_a_line():
    values = np.concatenate([[10.0], np.linspace(80, 90, 39)])
    figure = plots.scores_figure([evaluation(np.arange(40.0), values)])
    y = np.concatenate([one[:, 1] for one in points(figure.axes[0]).values() if one.shape[1] == 2])
    lines = [line.get_ydata()[0] for line in figure.axes[0].lines]
    assert sum(y < min(lines)) == 1
    assert 50 < min(y) < 80
    figure = plots.scores_figure([evaluation(np.arange(39.0), values[1:])])
    assert not figure.axes[0].lines


def test_titles_say_metric_and_cells():
    row = evaluation(np.arange(20.0), metric="test_accuracy", cells="clean").row
    assert plots.draw_spearman([row]).get_title().endswith("\ntest accuracy, clean cells")
    assert plots.draw_cost([row]).get_title().endswith("\ntest accuracy, clean cells")
    figure = plots.scores_figure([evaluation(np.arange(20.0), cells="clean")])
    assert "clean cells" in figure.get_suptitle()


def test_titles_say_between_what_the_numbers_of_architectures_lie():
    rows = [evaluation(np.arange(float(n)), predictor=str(n)).row for n in (12, 30, 20)]
    assert "(n = 12 to 30)" in plots.draw_spearman(rows).get_title()


def test_values_that_were_turned_round_are_drawn_in_their_own_unit():
    subject = {"metric": "lower_is_better", "dataset": "latency_ms"}
    figure = plots.scores_figure([evaluation(np.arange(20.0), -np.arange(20.0), **subject)])
    assert figure.get_supylabel() == "latency_ms (lower is better)"
    axis = figure.axes[0].yaxis
    assert axis.get_major_formatter()(-12.5, 0) == "12.5"
    assert axis.get_data_interval()[1] > -1  # the fastest stand on top


def test_a_column_with_dollars_is_no_formula(tmp_path):
    subject = {"metric": "lower_is_better", "dataset": r"$\frac$ ($)", "label": "a$b$.csv"}
    one = evaluation(np.arange(20.0), **subject)
    for figure in (plots.scores_figure([one]), plots.draw_spearman([one.row])):
        save_figure(figure, tmp_path / "figure.png")


def test_titles_hold_rho():
    figure = plots.scores_figure([evaluation(np.arange(20.0)), evaluation(np.ones(20))])
    assert [panel.get_title().split("=")[1].strip() for panel in figure.axes] == [
        "1.00",
        "undefined",
    ]


@pytest.mark.parametrize("scores", [[np.nan] * 12, [-np.inf] * 12, [3.0] * 12])
def test_scores_without_any_spread_can_be_drawn(tmp_path, scores):
    path = tmp_path / "figure.png"
    save_figure(plots.scores_figure([evaluation(scores)]), path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_scores_over_many_orders_are_drawn_by_their_logarithm():
    figure = plots.scores_figure([evaluation(10.0 ** np.arange(12))])
    assert figure.axes[0].get_xlabel() == "log10 of the score"
    x = np.concatenate([one[:, 0] for one in points(figure.axes[0]).values() if one.shape[1] == 2])
    assert x.max() <= 12


def test_rho_is_drawn_with_its_interval_for_every_predictor_and_seed():
    rows = [
        evaluation(np.random.default_rng(seed).normal(size=30), predictor=name, seed=seed).row
        for name in ("a", "b")
        for seed in (0, 1)
    ]
    flat = evaluation(np.ones(30), predictor="flat").row
    panel = plots.draw_spearman([*rows, flat])
    lines = [line.get_xdata() for line in panel.lines]
    drawn = {tuple(line) for line in lines if len(line) == 2}
    assert {(row.spearman_low, row.spearman_high) for row in rows} <= drawn
    labels = [text.get_text() for text in panel.get_yticklabels()]
    assert "flat (undefined)" in labels


def test_published_values_are_open_diamonds_with_a_legend():
    rows = [
        evaluation(np.random.default_rng(0).normal(size=30), registered_name=name, predictor=name)
        for name in ("eproxy", "naswot", "macs")  # on NAS-Bench-101: .65, .40 and none
    ]
    panel = plots.draw_spearman([one.row for one in rows])
    (diamonds,) = [line for line in panel.lines if line.get_marker() == "D"]
    names = [text.get_text() for text in panel.get_yticklabels()]
    places = {names[int(y)]: x for x, y in zip(*diamonds.get_data(), strict=True)}
    assert places == {"eproxy": 0.65, "naswot": 0.40}
    assert diamonds.get_markerfacecolor() == "none"
    (told,) = panel.get_legend().get_texts()
    assert told.get_text() == "published (arXiv 2210.09459)"
    assert plots.draw_spearman([rows[2].row]).get_legend() is None


def test_labels_of_crowded_points_do_not_cover_each_other():
    rows = [
        dataclasses.replace(
            evaluation(np.arange(10.0)).row,
            predictor=f"predictor {number}",
            spearman=0.5 + 0.01 * number,
            seconds_per_architecture=1.0 + 0.02 * number,
        )
        for number in range(6)
    ]
    undefined = dataclasses.replace(rows[0], predictor="none", spearman=math.nan)
    panel = plots.draw_cost([*rows, undefined])
    renderer = panel.figure.canvas.get_renderer()
    texts = panel.texts
    assert sorted(text.get_text() for text in texts) == [row.predictor for row in rows]
    boxes = [Text.get_window_extent(text, renderer) for text in texts]
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_panels_are_drawn_on_the_callers_axes():
    rows = [evaluation(np.random.default_rng(seed).normal(size=30)).row for seed in (0, 1)]
    figure = new_figure(8, 4)
    left, right = figure.subplots(1, 2)
    assert plots.draw_spearman(rows, ax=left) is left
    assert plots.draw_cost(rows, ax=right) is right
    assert figure.axes == [left, right]
    assert left.lines
    assert right.texts


@pytest.mark.parametrize("draw", [plots.draw_spearman, plots.draw_cost])
def test_the_noise_ceiling_is_drawn_where_it_is_known(draw):
    row = evaluation(np.arange(10.0), seconds_per_architecture=0.1).row
    assert "ceiling" not in draw([row]).get_title()
    rows = [dataclasses.replace(row, noise_ceiling=value) for value in (0.98, 0.96)]
    axes = draw(rows)
    assert "noise ceiling 0.970 (dashed): one training against the others" in axes.get_title()
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert 0.97 in (line.get_xdata()[0], line.get_ydata()[0])


LONG = {
    "label": "a measured table whose name is long because it says which device it was.csv",
    "dataset": "latency in milliseconds, median of 100 runs on the device that was named before",
    "predictor": "a_predictor_of_mine_with_a_label_that_goes_on_and_on",
}


def test_long_names_are_not_cut_off():
    one = evaluation(np.arange(20.0), seconds_per_architecture=0.1, metric=LOWER, **LONG)
    other = evaluation(np.arange(20.0), seconds_per_architecture=0.1, metric=LOWER, **LONG)
    for drawn in (
        plots.scores_figure([one, other, other]),
        plots.draw_spearman([one.row]).figure,
        plots.draw_cost([one.row]).figure,
    ):
        drawn.canvas.draw()
        inside = drawn.get_tightbbox(drawn.canvas.get_renderer())  # in inches
        width, height = drawn.get_size_inches()
        slack = 0.1
        assert min(inside.x0, inside.y0) > -slack
        assert inside.x1 < width + slack
        assert inside.y1 < height + slack


def test_titles_of_panels_do_not_cover_each_other():
    one = evaluation(np.arange(20.0), predictor=LONG["predictor"])
    figure = plots.scores_figure([one, one, one])
    figure.canvas.draw()
    left, middle, right = [panel.title.get_window_extent() for panel in figure.axes]
    assert left.x1 < middle.x0
    assert middle.x1 < right.x0


def test_a_measured_value_that_never_changes_has_a_readable_axis():
    figure = plots.scores_figure([evaluation(np.arange(20.0), np.full(20, 5.0))])
    bottom, top = figure.axes[0].get_ylim()
    assert top - bottom > 0.01
