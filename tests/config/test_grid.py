"""From an experiment file to its rows: merging, labels, folders, and what is refused."""

from __future__ import annotations

import itertools

import pytest
import yaml

from naslib_proxydata.config.experiment import Change, ExperimentFile, read_experiment
from naslib_proxydata.config.grid import (
    chosen_scale,
    folder_name,
    merged,
    planned_rows,
    planned_scores,
    wanted_rows,
)
from naslib_proxydata.errors import ConfigError

BDP = {"pruner": {"name": "bdp", "schedule": "20/10", "period": 2}}


def parsed(text):
    return ExperimentFile.parse(yaml.safe_load(text), "experiment file.yaml")


def rows_of(text, scale=None, **given):
    file = parsed(text)
    return planned_rows(file, chosen_scale(file, scale, "file.yaml"), Change(**given), "file.yaml")


def test_mappings_merge_and_choices_by_name_come_whole():
    assert merged({"training": {"epochs": 50}}, {"training": {"batch_size": 8}}) == {
        "training": {"epochs": 50, "batch_size": 8}
    }
    assert merged(BDP, {"pruner": {"schedule": "25/5"}})["pruner"]["period"] == 2
    assert merged(BDP, {"pruner": {"name": "el2n"}})["pruner"] == {"name": "el2n"}
    assert merged({"pruner": "bdp"}, {"pruner": {"period": 3}})["pruner"] == {
        "name": "bdp",
        "period": 3,
    }
    assert merged(BDP, {"pruner": None})["pruner"] is None
    darts = {"strategy": {"darts": {"order": 2}}}
    assert merged(darts, {"strategy": "beta-darts"})["strategy"] == {"beta-darts": {}}
    assert merged(darts, {"strategy": {"darts": {"x": 1}}})["strategy"] == {
        "darts": {"order": 2, "x": 1}
    }
    assert BDP == {"pruner": {"name": "bdp", "schedule": "20/10", "period": 2}}


GRID = """
search: {channels: 16, training: {epochs: 50}, pruner: {name: bdp}}
grid:
  criterion:
    low high: {search: {pruner: {weights_drops: low, architecture_drops: high}}}
    high low: {search: {pruner: {weights_drops: high, architecture_drops: low}}}
  ratios:
    25/5: {search: {pruner: {schedule: 25/5}}}
    5/25: {search: {pruner: {schedule: 5/25}, channels: 3}}
scales:
  quick: {search: {channels: 4}}
  paper: {}
"""


def test_a_grid_is_the_product_of_its_dimensions_over_shared_scale_and_levels():
    rows = rows_of(GRID, search={"training": {"epochs": 7}})
    pairs = itertools.product(("low high", "high low"), ("25/5", "5/25"))
    assert [row.label for row in rows] == [", ".join(pair) for pair in pairs]
    assert [row.folder for row in rows] == [
        *("low-high-25-5", "low-high-5-25", "high-low-25-5", "high-low-5-25")
    ]
    assert rows[1].search == {
        "channels": 3,
        "training": {"epochs": 7},
        "pruner": {
            "name": "bdp",
            "weights_drops": "low",
            "architecture_drops": "high",
            "schedule": "5/25",
        },
    }
    assert rows[0].search["channels"] == 4
    assert rows_of(GRID, "paper")[0].search["channels"] == 16
    assert rows[1].levels == {"criterion": "low high", "ratios": "5/25"}


SCALED = """
select: {selector: {name: class-subset, classes: 100}}
grid:
  method: {a: {}, b: {search: {cells: 3}}}
  size: {1: {select: {size: 128000}}, 2: {select: {selector: {classes: 200}}}}
scales:
  quick:
    select: {size: 9}
    grid: {size: {1: {select: {size: 20}}, 2: {select: {selector: {classes: 4}}}}}
  paper: {}
"""


def test_a_scale_changes_levels_of_the_grid():
    subset = {"name": "class-subset", "classes": 100}
    quick = [row.select for row in rows_of(SCALED)]
    small = {"selector": {**subset, "classes": 4}, "size": 9}
    assert quick == [{"selector": subset, "size": 20}, small] * 2
    paper = [row.select for row in rows_of(SCALED, "paper")]
    assert paper[0] == {"selector": subset, "size": 128000}
    assert paper[1] == {"selector": {**subset, "classes": 200}}
    assert rows_of(SCALED, select={"size": 3})[2].select["size"] == 3  # --set wins


def test_folders_are_those_of_the_long_runs():
    assert folder_name("DARTS with BDP to 4 percent") == "darts-with-bdp-to-4-percent"
    assert folder_name("1:9") == "1-9"
    assert folder_name("k = 0.5") == "k-0.5"
    assert folder_name("../..") == ""


def test_a_row_may_take_the_selection_away_and_set_makes_none():
    text = (
        "select: {size: 10}\nrows: {all: {select: null}, some: {}}\n"
        "scales: {quick: {select: {selector: random}}}"
    )
    rows = rows_of(text, select={"size": 5})
    assert rows[0].select is None
    assert rows[1].select == {"selector": "random", "size": 5}
    with pytest.raises(ConfigError, match=r"no row of file\.yaml makes a selection"):
        rows_of("rows: {a: {}}", select={"size": 5})


def test_options_of_a_pruner_change_the_rows_that_have_one():
    rows = rows_of(
        "rows: {bare: {}, bdp: {search: {pruner: bdp}}}", search={"pruner": {"period": 3}}
    )
    assert "pruner" not in rows[0].search
    assert rows[1].search["pruner"] == {"name": "bdp", "period": 3}
    with pytest.raises(ConfigError, match=r"no row of file\.yaml has a pruner"):
        rows_of("rows: {bare: {}}", search={"pruner": {"period": 3}})


def test_rows_are_wanted_by_label_or_folder():
    rows = rows_of(GRID)
    parts = ("low high", "5/25", "high-low-25-5")
    assert [row.label for row in wanted_rows(rows, parts, "f")] == [
        "low high, 5/25",
        "high low, 25/5",
    ]
    with pytest.raises(ConfigError, match=r"unknown row 'low hihg, 5/25' in f.* 'low high, 5/25'"):
        wanted_rows(rows, ("low hihg, 5/25",), "f")


def scores_of(text, scale=None, **given):
    file = parsed(text)
    return planned_scores(file, chosen_scale(file, scale, "file.yaml"), given, "file.yaml")


SCORES = """
rows: {a: {}}
scores: {el2n: {scorer: {name: el2n, runs: 10}, seed: 3}}
scales: {paper: {}, quick: {scores: {el2n: {quick: true, scorer: {runs: 1}}}}}
"""


def test_scores_are_those_of_the_file_over_scale_and_set():
    assert scores_of(SCORES, "paper") == {
        "el2n": {"scorer": {"name": "el2n", "runs": 10}, "seed": 3}
    }
    assert scores_of(SCORES, el2n={"seed": 4}) == {
        "el2n": {"scorer": {"name": "el2n", "runs": 1}, "seed": 4, "quick": True}
    }


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        (SCORES, {"el2m": {"seed": 1}}, "unknown scores 'el2m' in file.yaml. Did you mean 'el2n'?"),
        ("scores: {e: {quick: true}}", {}, "scores 'e' say not what scores; give a scorer"),
        ("scores: {E!: {scorer: el2n}}", {}, "scores 'E!' name their folder; take lower-case"),
        ("scores: {e: {scorer: el2n, size: 3}}", {}, "made of all examples, so size is no key"),
        ("scores: {e: {scorer: el2n, out: x}}", {}, "out is set for the whole experiment"),
    ],
)
def test_scores_that_cannot_be_made_are_told_with_their_name(text, given, message):
    with pytest.raises(ConfigError) as told:
        scores_of(text, **given)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows; give rows or grid"),
        ("rowz: {}", "unknown key 'rowz'. Did you mean 'rows'"),
        ("rows: {a: {serch: {}}}", "unknown key 'rows.a.serch'. Did you mean 'search'"),
        ("grid: {k: {1: {serch: {}}}}", "unknown key 'grid.k.1.serch'. Did you mean 'search'"),
        ("rows: {a: {}, 'A!': {search: {cells: 1}}}", "would share the folder 'a'"),
        ("rows: {'!': {}}", "neither a letter nor a digit"),
        ("rows: {a: {}, b: {}}", "'a' and 'b' are the same search"),
        ("rows: {a: {}}\ngrid: {k: {1: {}}}", "rows or grid, not both"),
        ("grid: {k: {}}", "grid.k has no levels"),
        ("rows: {a: {}}\nreference: b", "reference: unknown row 'b'"),
        ("rows: {a: {}}\nsummarise: {by: k}", "there is no dimension 'k'"),
        ("rows: {a: {}}\nfigures: [trajectry]", "there is no 'trajectry'"),
        ("rows: {a: {}}\nfigures: [curve over k]", "there is no dimension 'k'"),
        ("rows: {a: {}}\nfigures: [costs]", "give columns"),
        ("rows: {a: {search: {seed: 1}}}", "seed is set for the whole experiment"),
        ("rows: {a: {}}\nscales: {paper: {}, tiny: {}}", "unknown scale 'quick' in file.yaml"),
        ("rows: {a: {}}\nscales: {quick: {seeds: []}}", "scales.quick.seeds"),
        (
            f"{SCALED}\n  q2: {{grid: {{k: {{1: {{serch: {{}}}}}}}}}}",
            "unknown key 'scales.q2.grid.",
        ),
        ("grid: {k: {1: {}}}\nscales: {q: {grid: {j: {1: {}}}}}", "unknown dimension 'j' in file"),
        ("grid: {k: {1: {}}}\nscales: {q: {grid: {k: {2: {}}}}}", "unknown level '2' in file"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(text, message):
    with pytest.raises(ConfigError) as told:
        rows_of(text or "{}")
    assert message in str(told.value)


def test_a_file_names_itself_in_its_errors(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("titel: x")
    with pytest.raises(ConfigError, match=r"experiment .*mine.yaml: unknown key 'titel'.*'title'"):
        read_experiment(file)
