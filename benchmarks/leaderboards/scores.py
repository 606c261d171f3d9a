"""The scores behind a leaderboard as a data file.

``scores_NAME.csv.gz`` has a line for each score: benchmark, label of the predictor, seed,
architecture, value, seconds, reason and details. Architectures stand in the order in which they
were drawn. ``scores_NAME.json`` beside it says by which code, settings and images each predictor
scored, and where it ran. Several runs of one seed, and so one draw, are put together.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from naslib_proxydata.files import write_atomically, write_text
from naslib_proxydata.predictors.base import Score

COLUMNS = (
    *("benchmark", "predictor", "seed", "architecture"),
    *("value", "seconds", "reason", "details"),
)


@dataclass(frozen=True)
class Scored:
    """The scores of one predictor on one benchmark with one seed.

    Attributes:
        benchmark: Name of the benchmark.
        predictor: Label of the predictor.
        seed: Of the scores.
        facts: How they were made: registered name and options of the predictor, its settings,
            the images, device, version of the code, and the run.
        scores: By architecture, in the order in which these were drawn.
    """

    benchmark: str
    predictor: str
    seed: int
    facts: Mapping[str, Any]
    scores: Mapping[str, Score] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from all others."""
        return self.benchmark, self.predictor, self.seed


def merged(several: Sequence[Scored]) -> list[Scored]:
    """Put scores of several runs together; the first that was given stands.

    Leaves the script where a score was given twice with another value.
    """
    draws: dict[tuple[str, int], dict[str, None]] = {}
    for one in sorted(several, key=lambda one: -len(one.scores)):  # the fullest knows the order
        draws.setdefault((one.benchmark, one.seed), {}).update(dict.fromkeys(one.scores))
    together: dict[tuple[str, str, int], Scored] = {}
    for one in several:
        before = together.setdefault(one.key, one)
        for text in before.scores.keys() & one.scores.keys():
            _refuse_another(before, one, text)
        scores = {**one.scores, **before.scores}
        order = [text for text in draws[one.benchmark, one.seed] if text in scores]
        together[one.key] = replace(before, scores={text: scores[text] for text in order})
    return list(together.values())


def _refuse_another(before: Scored, one: Scored, text: str) -> None:
    values = before.scores[text].value, one.scores[text].value
    if values[0] != values[1] and not all(map(np.isnan, values)):
        raise SystemExit(
            f"{one.predictor} on {one.benchmark}, seed {one.seed}, has scored {text} with "
            f"{values[0]!r} in {before.facts['run']['folder']} and with {values[1]!r} in "
            f"{one.facts['run']['folder']}; give only one of the two to --runs"
        )


def write_scores(several: Sequence[Scored], data: Path, name: str) -> None:
    """Write ``scores_NAME.csv.gz`` and its JSON file; the same scores give the same bytes."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in several:
        for text, score in one.scores.items():
            details = json.dumps(dict(score.details), separators=(",", ":"))
            numbers = repr(float(score.value)), f"{score.seconds:.6g}"
            writer.writerow((*one.key, text, *numbers, score.reason, details))
    packed = gzip.compress(stream.getvalue().encode(), mtime=0)
    write_atomically(data / f"scores_{name}.csv.gz", lambda file: file.write(packed))
    runs = list({json.dumps(one.facts["run"], sort_keys=True): None for one in several})
    lines = [
        {
            **dict(zip(("benchmark", "predictor", "seed"), one.key, strict=True)),
            **one.facts,
            "run": runs.index(json.dumps(one.facts["run"], sort_keys=True)),
            "n": len(one.scores),
        }
        for one in several
    ]
    text = (
        '{"runs": [\n'
        + ",\n".join(runs)
        + '\n],\n"scored": [\n'
        + ",\n".join(json.dumps(line) for line in lines)
        + "\n]}\n"
    )
    write_text(data / f"scores_{name}.json", text)


def read_scores(data: Path, name: str) -> list[Scored]:
    """Read what :func:`write_scores` wrote; nothing where there is no file."""
    file = data / f"scores_{name}.csv.gz"
    if not file.exists():
        return []
    facts = json.loads((data / f"scores_{name}.json").read_text(encoding="utf-8"))
    found: dict[tuple[str, str, int], dict[str, Score]] = {}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            key = line["benchmark"], line["predictor"], int(line["seed"])
            details = json.loads(line["details"])
            score = Score(float(line["value"]), line["reason"], float(line["seconds"]), details)
            found.setdefault(key, {})[line["architecture"]] = score
    several = []
    for one in facts["scored"]:
        own = {**one, "run": facts["runs"][one["run"]]}
        key = own.pop("benchmark"), own.pop("predictor"), own.pop("seed")
        del own["n"]
        several.append(Scored(*key, own, found[key]))
    return several
