from __future__ import annotations

import math

import numpy as np

from naslib_proxydata.evolution import plots
from naslib_proxydata.evolution.queries import Query


def queries(values, scores):
    best = -math.inf
    made = []
    for number, (value, score) in enumerate(zip(values, scores, strict=True), start=1):
        best = max(best, score if math.isnan(value) else value)
        made.append(Query(number, 1, "a", "a", score, value, number * 10**6, best))
    return made


def labels(figure):
    return figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()


def test_a_history_is_of_queries_or_of_evaluations(tmp_path):
    measured = queries([1.0, 3.0, 2.0], [math.nan] * 3)
    figure = plots.history_figure(measured, "title", "accuracy")
    assert labels(figure) == ("true queries", "accuracy")
    assert list(figure.axes[0].lines[1].get_ydata()) == [1.0, 3.0, 3.0]
    scored = queries([math.nan] * 3, [-math.inf, 3.0, 2.0])
    figure = plots.history_figure(scored, "title", "score")
    assert labels(figure)[0] == "evaluated architectures"
    plots.save(figure, tmp_path / "any.name")
    assert (tmp_path / "any.name").read_bytes().startswith(b"\x89PNG")


def test_a_front_is_drawn_over_all_in_millions():
    history = queries([1.0, 3.0, 2.0], [math.nan] * 3)
    panel = plots.front_figure(history, history[:2], "title", "accuracy").axes[0]
    assert list(panel.lines[0].get_xdata()) == [1.0, 2.0, 3.0]
    assert list(panel.lines[1].get_ydata()) == [1.0, 3.0]


def test_shares_end_where_the_runs_do():
    figure = plots.shares_figure({"a": [4, None, 2], "b": [100, 10, 1]}, "title")
    panel = figure.axes[0]
    assert max(panel.lines[0].get_ydata()) == 200 / 3
    assert max(panel.lines[1].get_ydata()) == 100
    assert panel.lines[0].get_xdata()[-1] == 100


def test_curves_have_their_intervals():
    curve = plots.Curve(np.array([1.0, 2.0]), np.array([0.5, 1.5]), np.array([1.5, 2.5]))
    panel = plots.curves_figure({"a": curve}, "title", "accuracy", lowest=1.0).axes[0]
    assert len(panel.collections) == 1
    assert panel.get_ylim()[0] == 1.0
