"""The files that trainings end in: results, a table of accuracies, report and curves."""

from __future__ import annotations

import csv
import io
import logging
import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.train_outcomes import FinishedTraining, Group
from naslib_proxydata.config.train import TrainConfig
from naslib_proxydata.markdown import markdown_table, one_line
from naslib_proxydata.runs.environment import provenance
from naslib_proxydata.runs.processes import described
from naslib_proxydata.training.plots import MOST_NAMED, draw_curves

if TYPE_CHECKING:
    from naslib_proxydata.runs.folder import RunFolder

RESULTS, ACCURACIES, RESULT = "results.csv", "accuracies.csv", "result.json"

logger = logging.getLogger(__name__)


def write_report(
    folder: RunFolder, config: TrainConfig, finished: FinishedTraining, env: dict[str, Any]
) -> None:
    """Write every file of the run folder but those of single trainings."""
    folder.write(RESULTS, _csv([row.plain() for row in finished.rows]))
    folder.write(ACCURACIES, accuracies_csv(finished.groups))
    facts = {
        "space": config.space,
        "recipe": config.recipe,
        "dataset": config.dataset,
        "accuracies": [
            {"architecture": one.architecture, "channels": one.channels, "accuracy": one.accuracy}
            for one in finished.groups
            if math.isfinite(one.accuracy)
        ],
        "failed": sum(bool(row.failure) for row in finished.rows),
        "improvements": [vars(one) for one in finished.improvements],
        **described(),
        "versions": {"python": env["python"], **env["packages"], **env["plugins"]},
    }
    folder.write_json(RESULT, facts)
    curves = {row.wanted.name: row.trained.result.records for row in finished.rows if row.trained}
    if curves:
        if len(curves) > MOST_NAMED:
            logger.info("the legend of %d curves is left out", len(curves))
        folder.draw("curves", draw_curves(curves))
    folder.write("summary.md", _summary(config, finished, env))
    write_page(folder)


def _csv(lines: Sequence[dict[str, Any]]) -> str:
    stream = io.StringIO()
    columns = max(lines, key=len)
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def accuracies_csv(groups: Sequence[Group]) -> str:
    """Return a table that stands wherever a benchmark does, as ``csv:FILE``, and a label file.

    Column ``accuracy`` is the mean top-1 accuracy in percent over seeds and widths, empty where a
    width failed; where there are several widths, each has a column of its own.
    """
    widths = list(dict.fromkeys(group.channels for group in groups))
    by_architecture: dict[str, dict[int | None, float]] = {}
    for group in groups:
        if math.isfinite(group.accuracy):
            by_architecture.setdefault(group.architecture, {})[group.channels] = group.accuracy
    lines = []
    for architecture, values in by_architecture.items():
        complete = len(values) == len(widths)
        mean = statistics.fmean(values.values()) if complete else ""
        line: dict[str, Any] = {"architecture": architecture, "accuracy": mean}
        if len(widths) > 1:
            line |= {f"accuracy_c{one}": values.get(one, "") for one in widths}
        lines.append(line)
    return _csv(lines) if lines else "architecture,accuracy\n"


ON_TRAINING = (
    "There were no images to validate or test with: what is compared is the accuracy on the "
    "augmented training images."
)


def _summary(config: TrainConfig, finished: FinishedTraining, env: dict[str, Any]) -> str:
    """Return the report."""
    done = [row.trained for row in finished.rows if row.trained is not None]
    sizes = done[0].sizes if done else {}
    counted = ", ".join(f"{number:,} {name} images" for name, number in sizes.items() if number)
    recipe = f" by recipe {config.recipe}" if config.recipe else ""
    parts = [
        one_line(f"# {config.space}: trained on {config.dataset}{recipe}"),
        f"{counted}; seeds {', '.join(map(str, config.seed))}. Accuracies are top-1 (top-5) of the "
        "last epoch in percent, mean and standard deviation over seeds; the best epoch is that of "
        "the highest validation accuracy, the average that of the weights."
        + ("" if sizes.get("validation") or sizes.get("test") else f" {ON_TRAINING}"),
        markdown_table(_HEADER, map(_line, finished.groups)),
    ]
    parts += [
        f"{one.architecture}{_width(one.channels)}: RI {one.told}." for one in finished.improvements
    ]
    parts += [
        one_line(f"{row.wanted.job.architecture}, seed {row.wanted.job.seed}: {row.failure}")
        for row in finished.rows
        if row.failure
    ]
    return "\n\n".join([*parts, provenance(env), ""])


_HEADER = (
    "architecture",
    "channels",
    "parameters",
    "MACs",
    "seeds",
    "training",
    "validation",
    "best epoch's",
    "test",
    "average's test",
    "images/s",
)


def _line(group: Group) -> list[str]:
    random = " (random)" if group.random else ""
    return [
        group.architecture + random,
        "" if group.channels is None else str(group.channels),
        _whole(group.values("params")),
        _whole(group.values("macs")),
        str(len(group.rows)),
        _spread(group, "training"),
        _spread(group, "validation"),
        _spread(group, "best_validation"),
        _spread(group, "test"),
        _spread(group, "average_test"),
        _whole(group.values("images_per_second")),
    ]


def _whole(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):,.0f}" if values else ""


def _spread(group: Group, name: str) -> str:
    first, among = group.values(f"{name}_top1"), group.values(f"{name}_top5")
    if not first:
        return ""
    deviation = f" ± {statistics.stdev(first):.2f}" if len(first) > 1 else ""
    return f"{statistics.fmean(first):.2f}{deviation} ({statistics.fmean(among):.2f})"


def _width(channels: int | None) -> str:
    return "" if channels is None else f", {channels} channels"
