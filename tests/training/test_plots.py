from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from naslib_proxydata.training.accuracy import Accuracy
from naslib_proxydata.training.plots import MOST_NAMED, draw_curves
from naslib_proxydata.training.records import EpochRecord

pytestmark = pytest.mark.usefixtures("unarranged_figures")


def records(count: int, validated: bool = True) -> list[EpochRecord]:
    first = EpochRecord(1, 0.1, Accuracy(2.0, 20.0, 70.0), None, 50, 1.0, 0.9)
    return [
        replace(
            first,
            epoch=epoch,
            training=Accuracy(2 / epoch, 10.0 * epoch, 90.0),
            validation=Accuracy(2.5 / epoch, 9.0 * epoch, 90.0) if validated else None,
        )
        for epoch in range(1, count + 1)
    ]


def lines(figure: Any, panel: int) -> dict[str, list[float]]:
    return {
        f"{line.get_label()} {line.get_linestyle()}": list(line.get_ydata())
        for line in figure.axes[panel].get_lines()
    }


def test_validation_is_a_line_and_training_is_dotted() -> None:
    figure = draw_curves({"a": records(3)})
    loss, accuracy = lines(figure, 0), lines(figure, 1)
    assert loss["a -"] == pytest.approx([2.5, 1.25, 2.5 / 3])
    assert accuracy["a -"] == [9.0, 18.0, 27.0]
    (dotted,) = [one for name, one in accuracy.items() if name.endswith(" :")]
    assert dotted == [10.0, 20.0, 30.0]
    assert [one.get_text() for one in figure.axes[1].get_legend().get_texts()] == ["a"]


def test_without_validation_training_is_named() -> None:
    figure = draw_curves({"cost $x$": records(2, validated=False)})
    assert list(lines(figure, 1)) == [r"cost \$x\$ :"]


def test_a_single_epoch_is_a_point_and_many_names_are_left_out() -> None:
    many = {f"t{number}": records(1) for number in range(MOST_NAMED + 1)}
    figure = draw_curves(many)
    assert figure.axes[1].get_legend() is None
    assert {line.get_marker() for line in figure.axes[1].get_lines()} == {"o", "x"}
