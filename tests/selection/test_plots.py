from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.selection import plots
from naslib_proxydata.selection.plots import draw_classes, draw_scores, selection_figure

CHOSEN = np.arange(0, 1000, 10)


def heights(axes: object, container: int) -> list[float]:
    return [bar.get_height() for bar in axes.containers[container]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("scores", "label"),
    [
        (np.logspace(-8, 0.2, 1000), "log10 of entropy (nats)"),
        (np.linspace(0, 1.4, 1000), "log10 of entropy (nats)"),
        (np.linspace(0.5, 1.4, 1000), "entropy (nats)"),
        (np.full(1000, 2.0), "entropy (nats)"),
    ],
)
def test_bars_count_all_and_chosen_examples(scores: np.ndarray, label: str) -> None:  # type: ignore[type-arg]
    axes = draw_scores(scores, CHOSEN, 0.5, "entropy (nats)")
    assert axes.get_xlabel() == label
    assert sum(heights(axes, 0)) == 1000
    assert sum(heights(axes, 1)) == 100
    assert all(own <= whole for whole, own in zip(heights(axes, 0), heights(axes, 1), strict=True))


def test_classes_are_counted_and_named() -> None:
    axes = draw_classes(np.arange(1000) % 3, CHOSEN, ("a", "b", "c"))
    assert heights(axes, 0) == [34, 33, 33]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "b", "c"]


def test_a_selection_is_drawn_as_far_as_it_can_be(tmp_path: Path) -> None:
    scores, labels = np.logspace(-8, 0.2, 1000), np.arange(1000) % 3
    widths = []
    for name, own in (
        ("both", {"scores": scores, "labels": labels}),
        ("scores", {"scores": scores, "labels": None}),
        ("classes", {"scores": None, "labels": labels}),
    ):
        path = tmp_path / "new" / f"{name}.png"
        save_figure(selection_figure(name, CHOSEN, **own), path)  # type: ignore[arg-type]
        widths.append(imread(path).shape[1])
    assert widths[0] == 2 * widths[1] == 2 * widths[2]


def test_panels_are_drawn_on_the_axes_of_the_caller() -> None:
    left, right = new_figure(6, 3).subplots(1, 2)
    assert draw_scores(np.linspace(0.5, 1.4, 1000), CHOSEN, ax=left) is left
    assert draw_classes(np.arange(1000) % 3, CHOSEN, ax=right) is right
    assert left.containers
    assert right.containers


def test_t_sne_shows_the_chosen_over_all() -> None:
    points = np.arange(12.0).reshape(6, 2)
    chosen = np.array([True, False, True, True, False, False])
    labels = np.array([0, 0, 1, 1, 2, 2])
    panel = plots.draw_tsne(points, chosen, labels, ("cat", "dog", "emu"))
    offsets = [one.get_offsets().tolist() for one in panel.collections]
    assert offsets == [points.tolist(), [[0, 1]], [[4, 5], [6, 7]]]
    legend = panel.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["not chosen", "cat", "dog"]


def test_t_sne_keeps_groups_apart_and_follows_its_seed() -> None:
    """Two groups far apart: every point is nearer to its own group than to the other's centre."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(24, 5)) + 40 * (np.arange(24) % 2)[:, None]
    points = plots.tsne_points(features, seed=1)
    assert np.array_equal(points, plots.tsne_points(features, seed=1))
    group = np.arange(24) % 2
    centres = np.array([points[group == one].mean(0) for one in (0, 1)])
    distances = np.linalg.norm(points[:, None] - centres[None], axis=2)
    assert (distances.argmin(1) == group).all()


def test_t_sne_of_many_examples_shows_some() -> None:
    chosen = np.arange(0, 50_000, 5)
    shown = plots.tsne_examples(50_000, chosen)
    assert len(shown) <= 2 * plots.TSNE_EXAMPLES
    assert np.isin(shown, chosen).sum() >= plots.TSNE_EXAMPLES
