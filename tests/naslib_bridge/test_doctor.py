from __future__ import annotations

import collections
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from naslib_proxydata.cli.main import group
from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge import doctor
from naslib_proxydata.naslib_bridge.importing import importing_naslib, naslib, require_arguments


@pytest.fixture
def broken_naslib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a NASLib on the path whose Trainer needs a name that Python 3.10 removed."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "naslib"]:
        monkeypatch.delitem(sys.modules, name)
    package = tmp_path / "naslib"
    (package / "defaults").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "defaults" / "__init__.py").touch()
    trainer = "from collections import Iterable\nclass Trainer: ...\n"
    (package / "defaults" / "trainer.py").write_text(trainer)
    (package / "search_spaces.py").write_text("raise OSError('no CUDA')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [one for one in sys.modules if one.partition(".")[0] == "naslib"]:
        monkeypatch.delitem(sys.modules, name)


def test_absent_naslib_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(group, ["doctor"])
    assert done.exit_code == 1
    assert "not found" in done.output
    assert "git clone --branch Develop https://github.com/automl/NASLib" in done.output
    assert "PYTHONPATH" in done.output
    for what in ("for a CPU: pip install --extra-index-url", "for CUDA: pip install torch "):
        assert what in done.output


@pytest.mark.usefixtures("broken_naslib")
def test_parts_that_fail_are_named() -> None:
    found = {one.what: one for one in doctor.examine()}
    assert found["Trainer"].fine
    assert not found["search spaces"].fine
    assert "OSError: no CUDA" in found["search spaces"].detail
    assert not hasattr(collections, "Iterable")


@pytest.mark.usefixtures("broken_naslib")
def test_imports_fail_with_advice() -> None:
    with pytest.raises(NaslibError, match=r"no CUDA.*doctor"):
        naslib("naslib.search_spaces:NasBench201SearchSpace")
    with pytest.raises(NaslibError, match="has no Runner"):
        naslib("naslib.defaults.trainer:Runner")
    with pytest.raises(NaslibError, match=r"naslib\.optimizers"):
        naslib("naslib.optimizers:DARTSOptimizer")


def test_nothing_is_left_behind_by_an_import_that_fails() -> None:
    def fail() -> None:
        with importing_naslib():
            assert hasattr(collections, "Iterable")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not hasattr(collections, "Iterable")


def test_other_signatures_are_refused() -> None:
    with pytest.raises(NaslibError, match="needs the arguments data_train"):
        require_arguments(lambda batch: None, ("data_train",), "step")


@pytest.mark.parametrize(
    ("torch", "torchvision"),
    [
        ("2.13.0+cpu", '"torchvision==0.28.*"'),  # pytorch.org's table of pairs
        ("2.0.1", '"torchvision==0.15.*"'),
        ("2.6.0+cu124", '"torchvision==0.21.*"'),
        ("", "torchvision"),
        ("3.0.0", "torchvision"),
    ],
)
def test_torchvision_is_the_one_that_belongs_to_torch(torch: str, torchvision: str) -> None:
    assert doctor.torchvision_for(torch) == torchvision


def test_commands_keep_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"torch": "2.13.0+cpu", "numpy": "2.4.6"}
    monkeypatch.setattr(doctor, "_installed", lambda name: there.get(name, ""))
    for_cpu = doctor.install_command(["torchvision", "six"], doctor.CPU_WHEELS)
    assert for_cpu == (
        "pip install --extra-index-url https://download.pytorch.org/whl/cpu "
        '"torchvision==0.28.*" six "torch==2.13.0+cpu" "numpy==2.4.6"'
    )
    for_cuda = doctor.install_command(["numpy", "six"])
    assert for_cuda == 'pip install numpy six "torch==2.13.0"', "what is missing is not kept"


def test_packages_that_are_there_are_imported_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "six_of_old.py").write_text("raise RuntimeError('operator nms does not exist')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(doctor, "BASE", {"six_of_old": "six"})
    monkeypatch.setattr(doctor, "FULL", {})
    found = {one.what: one for one in doctor.examine()}
    assert found["packages"].fine, "it is installed"
    assert not found["six_of_old"].fine
    assert "does not import: RuntimeError: operator nms" in found["six_of_old"].detail


def test_a_branch_that_is_not_develop_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "naslib"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "naslib").mkdir()
    (tmp_path / "naslib" / "__init__.py").touch()
    (tmp_path / "naslib" / "search_spaces.py").write_text("import archai\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {one.what: one for one in doctor.examine()}
    assert "only its branch zerocost needs that: take Develop" in found["search spaces"].detail
    for name in [one for one in sys.modules if one.partition(".")[0] == "naslib"]:
        monkeypatch.delitem(sys.modules, name)
