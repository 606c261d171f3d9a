"""Rank NAS-Bench-201 cells by proxies searched anew for each of twenty draws of labels.

    python benchmarks/dps_draws.py --data-root ../shared/data

The protocol of ``leaderboard --labels 20 --draws 20`` on small networks, as in ``dps_cost.py``,
whose settings it takes: 8 channels, one cell a stage, 8 CIFAR-10 images of 16x16. Of 60 random
cells 20 are labelled, ``dps`` searches 60 cycles, and the other 40 are ranked; it does so raced,
as it is by default, and not. About 2 CPU minutes a draw; one that was finished is not repeated.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dps_cost import CELLS, CHANNELS, IMAGES, LABELS, SIZE, small_task
from pages import DOCS, device_and_versions, markdown_table

from naslib_proxydata import plugins
from naslib_proxydata.leaderboard.labels import draw_labels, mean_interval
from naslib_proxydata.leaderboard.report import environment
from naslib_proxydata.predictors.base import LearningPredictor, Predictor
from naslib_proxydata.predictors.dps.predictor import Dps
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.floors import Macs
from naslib_proxydata.ranking import spearman, top_retrieval
from naslib_proxydata.seeding import numpy_generator

DRAWS, CELLS_DRAWN, CYCLES = 20, 60, 60
PLAIN = "dps, racing: none"
RACING = "statistical", "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--out", type=Path, default=Path("runs/dps_draws"))
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = measured(options.data_root, options.out / "draws.jsonl", options.draws)
    env = environment(device="cpu", workers=1, seeds=[0], providers={})
    text = page(rows, device_and_versions(env))
    (options.docs / "reference" / "dps_draws.md").write_text(text, encoding="utf-8")


def measured(data_root: Path, kept: Path, count: int) -> list[Mapping[str, Any]]:
    """Return Spearman and top-10 % retrieval of every predictor in each draw."""
    table = plugins.load().create("benchmarks", "nb201", root=data_root)
    metric = table.default_metric("cifar10")
    task, shared = small_task(data_root, 0)
    space = task.space
    drawn = numpy_generator("dps_draws", "cells").permutation(len(table))[:CELLS_DRAWN]
    cells = [space.canonical(space.parse(table.architectures()[int(row)])) for row in drawn]
    values = table.values("cifar10", metric)[drawn]
    raced, plain = (Dps(cycles=CYCLES, shared=shared, racing=one) for one in RACING)
    predictors: dict[str, Predictor[Any]] = {
        "dps": raced,
        PLAIN: plain,
        "eproxy": Eproxy(batch=IMAGES),
        "few-label-structure": FewLabelStructure(),
        "macs": Macs(),
    }
    scores = {}
    for name, predictor in predictors.items():
        predictor.prepare(task)
        scores[name] = [predictor.score_one(cell) for cell in cells]
    plain._memo = raced._memo  # no score is computed twice
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    rows = [json.loads(line) for line in lines]
    draws = draw_labels(values, LABELS, DRAWS, 0, "nb201", "cifar10")
    for labelled, rest in draws[len(rows) : count]:
        row = {}
        for name, predictor in predictors.items():
            if isinstance(predictor, LearningPredictor):
                predictor.fit([scores[name][int(one)] for one in labelled], values[labelled])
            ranked = predictor.aggregate([scores[name][int(one)] for one in rest])
            row[name] = spearman(ranked, values[rest]), top_retrieval(ranked, values[rest])
        rows.append(row)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return rows[:count]


def page(rows: Sequence[Mapping[str, Any]], machine: str) -> str:
    """Return the page."""
    lines = []
    gained = np.array([row["dps"][0] - row[PLAIN][0] for row in rows])
    lowest, highest = mean_interval(list(gained))
    for name in rows[0]:
        rhos, tops = (np.array(column) for column in zip(*(row[name] for row in rows), strict=True))
        low, high = mean_interval(list(rhos))
        lines.append(
            (
                f"`{name}`",
                f"{rhos.mean():.3f} ± {rhos.std(ddof=1):.3f} [{low:.3f}, {high:.3f}]",
                f"{100 * tops.mean():.0f} ± {100 * tops.std(ddof=1):.0f} %",
            )
        )
    return f"""# Proxies searched anew for each draw of labels

Made by `benchmarks/dps_draws.py`. {CELLS_DRAWN} random cells of NAS-Bench-201 CIFAR-10, of which
{LABELS} are labelled, in {len(rows)} random draws; {CELLS_DRAWN - LABELS} are ranked. Networks of
{CHANNELS} channels and {CELLS} cell a stage, {IMAGES} CIFAR-10 images of {SIZE}x{SIZE}: figures of
this small scale say nothing of the published networks. `dps` searches {CYCLES} cycles with a
population of 40 and averages the ranks by the ten fittest proxies, `{PLAIN}` without stopping any
proxy early; `eproxy` is the start point that the authors released. ± is the standard deviation over
draws, [95 % interval of the mean].
{machine}

{markdown_table(("predictor", "Spearman", "top 10 %"), lines)}

Racing changes the Spearman correlation of a draw by {gained.mean():+.3f} ± {gained.std(ddof=1):.3f}
[{lowest:+.3f}, {highest:+.3f}].
"""


if __name__ == "__main__":
    main()
