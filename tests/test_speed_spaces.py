"""What the script that measures Eproxy beside another program does with their times."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "speed"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("speed_spaces", FOLDER / "speed_spaces.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(FOLDER))
    return module


def test_both_take_turns_and_the_first_is_not_counted(script: ModuleType) -> None:
    called: list[str] = []

    def scorer(name: str, text: str) -> float:
        called.append(name + text)
        return float(text)

    scorers = {name: lambda text, name=name: scorer(name, text) for name in ("a", "b")}
    taken = script.take_turns(scorers, ["1", "2", "3"])
    assert called == ["a1", "b1", "b2", "a2", "a3", "b3"]
    assert {name: [score for _, score in one] for name, one in taken.items()} == {
        "a": [2, 3],
        "b": [2, 3],
    }


def found(beside: dict[str, list[list[float]]]) -> dict[str, object]:
    """Return measurements of three architectures, of which one diverges without a compiler."""
    alone = {"ours": [[2.0, -1.0], [4.0, -2.0], [9.0, -3.0]], "peak_mib": 300.0}
    slow = {"ours": [[3.0, -1.0], [5.0, -2.0], [9.0, math.nan]]}
    work = {"macs": [4e9, 8e9, 9e9], "rate": 2e9}
    return {"beside": beside, "alone": alone, "without-compiler": slow, "work": work}


def test_a_line_is_of_architectures_that_all_could_score(script: ModuleType) -> None:
    ours = [[1.0, -1.0], [3.0, -2.0], [9.0, -3.0]]
    theirs = [[4.0, -1.0], [4.0, -2.0], [1.0, -3.0]]
    line = script.line(found({"ours": ours, "theirs": theirs}))
    assert math.isnan(line.pop("rank_correlation"))  # of two architectures
    assert line == {
        "n": 2,
        "ours_cpu_seconds": 2.0,
        "theirs_cpu_seconds": 4.0,
        "ratio_mean": 0.5,
        "ratio_median": 0.5,
        "alone_cpu_seconds": 3.0,
        "without_compiler_cpu_seconds": 4.0,
        "floor_seconds": 3.0,
        "gmacs_per_second": 2.0,
        "peak_mib": 300.0,
    }


def test_without_another_program_nothing_is_compared(script: ModuleType) -> None:
    line = script.line(found({}))
    assert line["n"] == 2
    assert all(math.isnan(line[name]) for name in script.COMPARED)


def test_a_space_takes_the_place_of_its_old_lines(script: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    for space, n in (("nb101", 1), ("mine", 2), ("nb201", 3), ("nb101", 4)):
        script.replace(path, space, [{"n": n, "ratio": math.nan}])
    assert path.read_text() == "space,n,ratio\nnb201,3,\nnb101,4,\nmine,2,\n"


def test_the_arithmetic_of_a_score_is_counted(script: ModuleType) -> None:
    from naslib_proxydata.data.images import load_images
    from naslib_proxydata.predictors.base import ScoringTask
    from naslib_proxydata.predictors.eproxy.predictor import Eproxy
    from naslib_proxydata.spaces.nb201.space import NasBench201

    space = NasBench201(channels=4, cells_per_stage=1)
    predictor = Eproxy(batch=2, iterations=3)
    predictor.prepare(ScoringTask(space, load_images("noise", 2, 0)))
    text = "|none~0|+|none~0|none~1|+|{}~0|none~1|none~2|"
    idle, busy = (
        script.train_macs(predictor, space.parse(text.format(operation)))
        for operation in ("skip_connect", "nor_conv_3x3")
    )
    once = 2 * 9 * (4 * 4 * 32 * 32 + 8 * 8 * 16 * 16 + 16 * 16 * 8 * 8)  # two images, 3x3
    assert busy - idle == once * (3 + 2 * 2)  # thrice forwards, twice both ways backwards
