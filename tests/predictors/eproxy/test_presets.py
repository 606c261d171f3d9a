"""Presets in files: what is written is read, and what is wrong is told."""

from __future__ import annotations

import pytest
import yaml

from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.predictors.eproxy.config import checked_preset, preset_options, resolve
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.presets import (
    FORMAT,
    FittedProxy,
    Preset,
    Provenance,
    preset_names,
    read_preset,
    write_preset,
)

OPTIONS = {
    "learning_rate": 0.7,
    "mac_alpha": 0.3,
    "network_init": "xavier_normal",
    "barrier_init": "kaiming_uniform",
    "branches": [{"features": ["dot", "net"], "mid_channels": 64, "level": 2.0}],
}
WHERE = {
    "benchmark": "nb201",
    "dataset": "cifar10",
    "metric": "validation_accuracy",
    "space": "nb201",
    "labels": 3,
    "label_seed": 4,
    "seed": 5,
    "cycles": 6,
    "population": 7,
    "tournament": 2,
    "mutation_rate": 0.2,
    "racing": "none",
    "rung": 1,
    "evaluations": 8,
    "images": "photos",
    "labelled": ["a", "b", "c"],
    "package": "0.1.0",
}


def preset(**options):
    first = FittedProxy(fitness=0.9, options={**OPTIONS, **options})
    second = FittedProxy(fitness=0.8, options={**OPTIONS, "learning_rate": 1.1})
    return Preset(provenance=Provenance(**WHERE), proxies=(first, second))


@pytest.fixture
def file(tmp_path):
    write_preset(tmp_path / "best.yaml", preset())
    return tmp_path / "best.yaml"


def rewritten(file, change):
    values = yaml.safe_load(file.read_text())
    change(values)
    file.write_text(yaml.safe_dump(values))
    return str(file)


def test_what_is_written_is_read(file):
    assert read_preset(str(file)) == preset()
    assert [path.name for path in file.parent.iterdir()] == ["best.yaml"]


def test_eproxy_takes_the_fittest_proxy_of_a_file(file):
    config = resolve({"preset": str(file)}, "nb201")
    assert (config.learning_rate, config.mac_alpha, config.network_init) == (
        0.7,
        0.3,
        "xavier_normal",
    )
    assert config.branches[0].features == ("dot", "net")
    assert config.momentum == 0.9
    own = resolve({"preset": str(file), "learning_rate": 1.5}, "nb201")
    assert own.learning_rate == 1.5


def test_stored_scores_are_of_what_the_file_says_not_of_its_name(file):
    before = Eproxy(preset=str(file)).settings()
    write_preset(file, preset(learning_rate=0.9))
    assert Eproxy(preset=str(file)).settings() != before
    assert Eproxy().settings() == {"preset": "release"}


def test_a_preset_fits_another_space(file):
    config = resolve({"preset": str(file)}, "nasbench-mr")
    assert (config.branch_decay, config.resize) == (1.0, "bilinear")
    assert config.mac_reference == resolve({}, "nasbench-mr").mac_reference
    with pytest.raises(ConfigError, match="mac_alpha needs mac_reference"):
        resolve({"preset": str(file)}, "mobilenet")


def test_the_largest_macs_of_one_space_are_not_taken_for_another(file):
    write_preset(file, preset(mac_reference=123.0))
    assert preset_options(str(file), "nb201")["mac_reference"] == 123.0
    assert "mac_reference" not in preset_options(str(file), "transnas-micro")
    assert resolve({"preset": str(file)}, "nb101").mac_reference == 7_335_182_336
    assert resolve({"preset": str(file)}, "nb201").mac_reference == 123.0


def test_a_preset_has_one_label_convolution_for_all_branches_as_dps_has(file):
    assert resolve({"preset": str(file)}, "nb201").shared_label
    assert not resolve({}, "nb201").shared_label
    write_preset(file, preset(shared_label=False))
    assert not resolve({"preset": str(file)}, "nb201").shared_label


def test_the_preset_of_the_package_keeps_what_it_was_searched_with():
    proxies = checked_preset("nb201-cifar10").proxies
    assert {one.options["mac_reference"] for one in proxies} == {187_166_720}
    config = resolve({"preset": "nb201-cifar10"}, "nb201")
    assert (config.mac_reference, config.shared_label) == (187_166_720, True)
    assert resolve({"preset": "nb201-cifar10"}, "transnas-macro").mac_reference == 2_069_192_704


def test_a_preset_of_another_version_is_refused(file):
    name = rewritten(file, lambda values: values.update(format=FORMAT + 1))
    with pytest.raises(ConfigError, match=f"of format {FORMAT + 1}, this version reads .*dps"):
        read_preset(name)
    name = rewritten(file, lambda values: values.pop("format"))
    with pytest.raises(ConfigError, match="of format None"):
        Eproxy(preset=name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda v: v.update(proxy=1), "unknown key 'proxy'.*proxies"),
        (lambda v: v["provenance"].pop("seed"), "provenance.seed"),
        (lambda v: v["provenance"].update(cycle=1), "Did you mean 'cycles'"),
        (lambda v: v.update(proxies=[]), "proxies"),
        (
            lambda v: v["proxies"][1]["options"].update(learning_rat=1),
            r"proxies\[1\].*Did you mean 'learning_rate'",
        ),
        (lambda v: v["proxies"][0]["options"].update(learning_rate=-1), r"proxies\[0\].*rate"),
    ],
)
def test_a_wrong_key_or_value_is_told(file, change, message):
    with pytest.raises(ConfigError, match=message):
        checked_preset(rewritten(file, change))


@pytest.mark.parametrize("text", ["- 1\n", "{", ""])
def test_a_file_that_is_no_preset_is_told(tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        read_preset(str(tmp_path / "bad.yaml"))


def test_an_unknown_name_is_told():
    with pytest.raises(ConfigError, match="Did you mean 'release'"):
        Eproxy(preset="relase")


def test_a_folder_that_is_not_there_is_made(tmp_path):
    write_preset(tmp_path / "new" / "best.yaml", preset())
    assert read_preset(str(tmp_path / "new" / "best.yaml")) == preset()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(RunFolderError, match="taken"):
        write_preset(tmp_path / "taken" / "best.yaml", preset())


@pytest.mark.parametrize("name", preset_names())
def test_presets_of_the_package_are_valid_and_say_where_from(name):
    found = checked_preset(name)
    where = found.provenance
    assert len(where.labelled) == where.labels
    assert where.cycles > 0
    fitness = [one.fitness for one in found.proxies]
    assert fitness == sorted(fitness, reverse=True)
    resolve({"preset": name}, where.space)
