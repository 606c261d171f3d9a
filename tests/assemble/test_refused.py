"""What is wrong is told before the first score, and before the run folder is touched."""

from __future__ import annotations

import os
import sqlite3

import pytest

from naslib_proxydata.cli.main import main
from naslib_proxydata.errors import ConfigError, DatasetError, LabelError, RunFolderError
from tests.assemble.conftest import PLUGIN


def labels_file(tmp_path, text):
    file = tmp_path / "labels.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"images": "digits", "more": "hungry"}, DatasetError, r"'hungry': 5000 images.*1797"),
        ({"images": "digits", "more": "combined"}, DatasetError, r"'hungry': 5000 images"),
        ({"more": "conted"}, ConfigError, "unknown predictor 'conted'"),
        ({"labels": 59}, ConfigError, "59 labelled architectures leave fewer than two"),
        ({"device": "quantum"}, ConfigError, "device 'quantum' cannot be used"),
    ],
)
def test_nothing_is_scored(board_of, scored, tmp_path, options, error, message):
    predictors = {"counted": {"log": str(tmp_path / "log")}}
    if "more" in options:
        predictors[options.pop("more")] = {}
    with pytest.raises(error, match=message):
        board_of(predictors=predictors, **options)
    assert scored() == 0
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("architecture,accuracy\n2,1\n4,two\n6,3", "line 3: expected a finite number"),
        ("arch,acc\n", "expected one column 'architecture' in the header"),
        (None, "no file .*none.csv"),
    ],
)
def test_a_label_table_is_read_first(board_of, scored, tmp_path, text, message):
    file = tmp_path / "none.csv" if text is None else labels_file(tmp_path, text)
    with pytest.raises(LabelError, match=message):
        board_of(label_table=file)
    assert scored() == 0
    assert not (tmp_path / "run").exists()


def test_labels_that_leave_nothing_to_rank_are_told_first(board_of, scored, tmp_path):
    rows = "\n".join(f"{number},{number}" for number in range(0, 60, 2))
    file = labels_file(tmp_path, f"architecture,accuracy\n{rows}")
    with pytest.raises(ConfigError, match="holds all but 0 of the 60 drawn"):
        board_of(label_table=file)
    assert scored() == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_refused(board_of, scored, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(RunFolderError, match="choose another --out"):
        board_of(out=locked / "run")
    assert scored() == 0


def test_a_folder_that_cannot_be_made_is_refused(board_of, scored, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot create the run folder"):
        board_of(out=tmp_path / "file" / "run")
    assert scored() == 0


def test_overwrite_with_a_mistake_deletes_nothing(board_of, tmp_path):
    board_of()
    with pytest.raises(ConfigError, match="unknown predictor"):
        board_of(predictors="conted", overwrite=True)
    with sqlite3.connect(tmp_path / "run" / "scores.sqlite") as store:
        assert store.execute("SELECT COUNT(*) FROM scores").fetchone()[0] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--images", "digits", "--predictors", "counted,hungry"),
        ("--device", "quantum"),
        ("--metric", "tset_accuracy"),
        ("--dataset", "three"),
        ("--set", "predictors.counted.lgo=1"),
        ("--label-table", "none.csv"),
    ],
)
def test_the_command_says_it_in_one_line_and_exits_with_2(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    command = ["leaderboard", "--benchmark", "numbers", "--plugin", str(PLUGIN)]
    if "--images" not in arguments:
        command += ["--images", "noise", "--predictors", "counted"]
    with pytest.raises(SystemExit) as stopped:
        main([*command, *arguments])
    assert stopped.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "INFO" not in line]
    assert line.startswith("error: ")
    assert not (tmp_path / "runs").exists()
