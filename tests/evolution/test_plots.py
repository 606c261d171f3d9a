from __future__ import annotations

import math

import numpy as np

from naslib_proxydata.evolution import plots
from naslib_proxydata.evolution.queries import Query
from naslib_proxydata.figures import new_figure, save_figure


def queries(values, scores):
    best = -math.inf
    made = []
    for number, (value, score) in enumerate(zip(values, scores, strict=True), start=1):
        best = max(best, score if math.isnan(value) else value)
        made.append(Query(number, 1, "a", "a", score, value, number * 10**6, best))
    return made


def labels(panel):
    return panel.get_xlabel(), panel.get_ylabel()


def test_a_history_is_of_queries_or_of_evaluations(tmp_path):
    measured = queries([1.0, 3.0, 2.0], [math.nan] * 3)
    panel = plots.draw_history(measured, "title", "accuracy")
    assert labels(panel) == ("true queries", "accuracy")
    assert list(panel.lines[1].get_ydata()) == [1.0, 3.0, 3.0]
    scored = queries([math.nan] * 3, [-math.inf, 3.0, 2.0])
    panel = plots.draw_history(scored, "title", "score")
    assert labels(panel)[0] == "evaluated architectures"
    save_figure(panel, tmp_path / "any.name")
    assert (tmp_path / "any.name").read_bytes().startswith(b"\x89PNG")


def test_a_front_is_drawn_over_all_in_millions():
    history = queries([1.0, 3.0, 2.0], [math.nan] * 3)
    panel = plots.draw_front(history, history[:2], "title", "accuracy")
    assert list(panel.lines[0].get_xdata()) == [1.0, 2.0, 3.0]
    assert list(panel.lines[1].get_ydata()) == [1.0, 3.0]


def test_shares_end_where_the_runs_do():
    panel = plots.draw_shares({"a": [4, None, 2], "b": [100, 10, 1]}, "title")
    assert max(panel.lines[0].get_ydata()) == 200 / 3
    assert max(panel.lines[1].get_ydata()) == 100
    assert panel.lines[0].get_xdata()[-1] == 100


def test_shares_are_drawn_where_no_run_has_reached_it():
    panel = plots.draw_shares({"a": [None, None]}, "title")
    assert max(panel.lines[0].get_ydata()) == 0


def test_curves_have_their_intervals():
    curve = plots.Curve(np.array([1.0, 2.0]), np.array([0.5, 1.5]), np.array([1.5, 2.5]))
    panel = plots.draw_curves({"a": curve}, "title", "accuracy", lowest=1.0)
    assert len(panel.collections) == 1
    assert panel.get_ylim()[0] == 1.0


def test_every_panel_is_drawn_where_the_caller_wants_it():
    history = queries([1.0, 3.0, 2.0], [math.nan] * 3)
    curve = plots.Curve(np.array([1.0]), np.array([0.5]), np.array([1.5]))
    axes = new_figure(8, 8).subplots(2, 2).ravel()
    drawn = [
        plots.draw_history(history, "history", "accuracy", axes[0]),
        plots.draw_front(history, history[:2], "front", "accuracy", axes[1]),
        plots.draw_curves({"a": curve}, "curves", "accuracy", ax=axes[2]),
        plots.draw_shares({"a": [1, 2]}, "shares", axes[3]),
    ]
    assert drawn == list(axes)
    assert [panel.get_title() for panel in axes] == ["history", "front", "curves", "shares"]
