"""``naslib-proxydata evolve`` as a user runs it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from naslib_proxydata.cli import evolve
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import EvolveConfig


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata evolve ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main(["evolve", *map(str, arguments)])
    return int(stopped.value.code or 0)


def test_the_best_is_printed_with_what_the_table_holds(tmp_path, shared_data, capsys):
    arguments = ("--space", "nb201", "--optimizer", "re", "--queries", 30, "--seed", 3)
    options = (
        "--dataset",
        "cifar100",
        "--set",
        "optimizer.population=10",
        "--data-root",
        shared_data,
    )
    assert run(*arguments, *options, "--out", tmp_path / "run") == 0
    printed = capsys.readouterr().out
    assert "architecture: |" in printed
    assert "best of 30 true queries, number" in printed
    assert "cifar100, test_accuracy: " in printed
    assert f"the report is {tmp_path / 'run'}/summary.md" in printed
    # The folder's own configuration says the same.
    config = (tmp_path / "run" / "config.yaml").read_text()
    assert "population: 10" in config
    assert "dataset: cifar100" in config


def test_a_genotype_within_limits_is_printed_without_any_table(tmp_path, capsys):
    """The DARTS-ImageNet protocol, with a predictor that costs nothing."""
    arguments = ("--space", "darts-imagenet", "--optimizer", "re", "--predictor", "random")
    limits = ("--macs-low", "500e6", "--macs-high", "600e6", "--macs-image-size", 224)
    budget = ("--evaluations", 4, "--set", "optimizer={name: re, population: 2, sample: 1}")
    more = ("--set", "macs_num_classes=1000", "--images", "noise", "--out", tmp_path / "run")
    assert run(*arguments, *limits, *budget, *more) == 0
    printed = capsys.readouterr().out
    assert "architecture: Genotype(normal=[('" in printed
    (macs,) = [line for line in printed.splitlines() if "multiply-accumulates" in line]
    assert 500e6 <= int(macs.split()[0].replace(",", "")) <= 600e6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--optimizer", "re"), "name a --predictor, or give --queries"),
        (("--optimizer", "rs", "--queries", 3), "unknown optimizer 'rs'. Did you mean 're'"),
        (("--optimizer", "re", "--queries", -3), "queries: .* greater than or equal to 0"),
        (("--set", "querys=3"), "unknown key 'querys'. Did you mean 'queries'"),
        (("--queries", 3, "--set", "population=3"), "write optimizer.population$"),
        (("--queries", 3, "--set", "optimizer.popul=3"), "'re': unknown key 'popul'. Did you mean"),
        (("--predictor", "naswot", "--set", "predictor.batch=3"), "Did you mean 'batch_size'"),
        (("--predictor", "synflo"), "unknown predictor 'synflo'. Did you mean 'synflow'"),
        (("--predictor", "naswot", "--images", "digitz"), "Did you mean 'digits'|digitz"),
        (("--predictor", "macs", "--macs-low", 1e12), "none of 10,000 random architectures"),
        (("--predictor", "macs", "--label-table", "no.csv"), "does not learn from labels"),
        (("--predictor", "few-label-structure", "--label-table", "no.csv"), "no.csv"),
        (("--predictor", "few-label-structure", "--queries", 2), "there must be more, got 2"),
        (("--queries", 3, "--benchmark", "nb101"), "not of 'nb201'|no NAS-Bench-101"),
        (("--queries", 3, "--device", "cuda:77"), "cuda:77|no CUDA"),
        (
            ("--optimizer", "re", "--queries", 3, "--benchmark", "nb101", "--data-root", "/no"),
            "no NAS-Bench-101 in /no",
        ),
    ],
)
def test_what_does_not_belong_together_is_told(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.delenv("NASLIB_PROXYDATA_DATA", raising=False)
    assert run("--space", "nb201", *arguments, "--out", tmp_path / "run") == 2
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


def test_every_option_is_a_key_of_the_configuration():
    names = {parameter.name for parameter in evolve.command.params}
    assert names - {"assignments", "config_file", "as_json"} <= set(EvolveConfig.model_fields)


def test_a_predictor_that_needs_more_images_than_there_are_is_refused(tmp_path, capsys):
    images = np.zeros((5, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "few.npz", images=images, labels=np.arange(5))
    arguments = ("--predictor", "naswot", "--images", tmp_path / "few.npz")
    assert run(*arguments, "--out", tmp_path / "run") == 2
    assert re.search("128 .*5|5 .*128", capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_scored(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run("--predictor", "macs", "--out", tmp_path / "file" / "run") == 2
    captured = capsys.readouterr()
    assert "cannot create the run folder" in captured.err
    assert "scored" not in captured.err


def test_a_run_is_repeated_and_extended_from_its_configuration(tmp_path, shared_data, capsys):
    first = ("--predictor", "params", "--evaluations", 60, "--images", "noise", "--seed", 4)
    assert run(*first, "--out", tmp_path / "run", "--data-root", shared_data) == 0
    config = tmp_path / "run" / "config.yaml"
    assert run("--config", config, "--out", tmp_path / "again") == 0
    same = [(tmp_path / name / "result.json").read_bytes() for name in ("run", "again")]
    assert same[0] == same[1]
    capsys.readouterr()
    assert run("--config", config, "--evaluations", 80) == 0
    printed = capsys.readouterr().out
    assert "best of 80 evaluated architectures" in printed
    computed = int(printed.split(" scores computed")[0].splitlines()[-1])
    assert computed < 40
    assert run("--config", config, "--seed", 5) == 2
    assert "seed: 4 there, 5 now" in capsys.readouterr().err
    assert run("--config", config, "--seed", 5, "--overwrite") == 0


def test_trainings_are_counted_where_queries_are_trained(tmp_path, capsys):
    settings = (
        "train.dataset=digits",
        "train.channels=2",
        "train.cells=1",
        "train.training.epochs=1",
    )
    arguments = ["--true", "train", "--queries", "2", "--optimizer", "random"]
    for one in (*settings, "train.training.batch_size=128", "train.training.padding=1"):
        arguments += ["--set", one]
    assert run(*arguments, "--out", tmp_path / "run") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 networks trained, see" in said
    assert "scores computed" not in said
