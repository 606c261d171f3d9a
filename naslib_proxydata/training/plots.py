"""Figures of trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from naslib_proxydata.figures import PALETTE, new_figure, plain, whole_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from naslib_proxydata.training.records import EpochRecord

MOST_NAMED = 10
"""Trainings that a legend can name."""


def draw_curves(trainings: Mapping[str, Sequence[EpochRecord]]) -> Figure:
    """Draw loss and top-1 accuracy by epoch: lines of validation, dots of training images.

    Args:
        trainings: The records of each, by a name for it.
    """
    figure = new_figure(10, 4.2)
    panels: Any = figure.subplots(1, 2)
    for number, (name, records) in enumerate(trainings.items()):
        colour, label = PALETTE[number % len(PALETTE)], plain(name)
        epochs = [record.epoch for record in records]
        for panel, field in zip(panels, ("loss", "top1"), strict=True):
            trained = [getattr(record.training, field) for record in records]
            validated = [record for record in records if record.validation is not None]
            dotted = ":" if len(epochs) > 1 else "x"
            panel.plot(epochs, trained, dotted, color=colour, label=None if validated else label)
            values = [getattr(record.validation, field) for record in validated]
            style = "-" if len(values) > 1 else "o"
            places = [record.epoch for record in validated]
            if validated:
                panel.plot(places, values, style, color=colour, label=label)
    panels[0].set(xlabel="epoch", ylabel="cross-entropy (nats)", title="loss")
    panels[1].set(xlabel="epoch", ylabel="top-1 accuracy (%)", title="accuracy")
    for panel in panels:
        whole_ticks(panel)
    if len(trainings) <= MOST_NAMED:
        panels[1].legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), frameon=False)
    figure.suptitle("validation (lines), training (dotted)", fontsize=9)
    return figure
