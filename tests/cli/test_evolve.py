"""``naslib-proxydata search --optimizer`` as a user runs it."""

from __future__ import annotations

import re

import click
import pytest

from naslib_proxydata.cli import evolve as discrete
from naslib_proxydata.cli import search
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import SearchConfig


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata search ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main(["search", *map(str, arguments)])
    return int(stopped.value.code or 0)


def test_the_best_is_printed_with_what_the_table_holds(tmp_path, shared_data, capsys):
    arguments = ("--space", "nb201", "--optimizer", "re", "--queries", 30, "--seed", 3)
    options = ("--dataset", "cifar100", "--set", "population=10", "--data-root", shared_data)
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
    budget = ("--evaluations", 4, "--set", "population=2", "--set", "sample=1")
    more = ("--set", "macs_num_classes=1000", "--images", "noise", "--out", tmp_path / "run")
    assert run(*arguments, *limits, *budget, *more) == 0
    printed = capsys.readouterr().out
    assert "architecture: Genotype(normal=[('" in printed
    (macs,) = [line for line in printed.splitlines() if "multiply-accumulates" in line]
    assert 500e6 <= int(macs.split()[0].replace(",", "")) <= 600e6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dataset", "digits"), "give either --strategy NAME, .* got neither"),
        (("--strategy", "darts", "--optimizer", "re"), "got both"),
        (("--optimizer", "re", "--bdp", "--epochs", 3), "--bdp, --epochs: only with --strategy"),
        (("--strategy", "darts", "--queries", 3), "--queries: only with --optimizer"),
        (("--strategy", "darts"), "--strategy needs the data to train on"),
        (("--optimizer", "re"), "name a --predictor, or give --queries"),
        (("--optimizer", "rs", "--queries", 3), "unknown optimizer 'rs'. Did you mean 're'"),
        (("--optimizer", "re", "--queries", -3), "queries: .* greater than or equal to 0"),
        (("--optimizer", "re", "--set", "popul=3"), "unknown key 'popul'. Did you mean"),
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


def test_every_option_is_of_one_kind_and_a_key_of_the_configuration():
    names = {parameter.name for parameter in search.command.params}
    assert set(search.ONE_SHOT) | set(discrete.DISCRETE) <= names
    assert not set(search.ONE_SHOT) & set(discrete.DISCRETE)
    shared = names - set(search.ONE_SHOT) - {"assignments", "help"}
    assert shared <= set(SearchConfig.model_fields)
    assert all(isinstance(parameter, click.Option) for parameter in search.command.params)
