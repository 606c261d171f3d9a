"""The package as a stranger gets it: a source distribution, its wheel, and an empty environment."""

from __future__ import annotations

import email
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import naslib_proxydata

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "naslib_proxydata"


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """Return what a command prints that sees nothing of the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind: str, source: Path, into: Path) -> Path:
    """Build a ``sdist`` or a ``wheel`` without network, as pip does."""
    program = f"import setuptools.build_meta as b; print(b.build_{kind}({str(into)!r}))"
    told = run(sys.executable, "-c", program, folder=source)
    return into / told.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("setuptools_scm") is None:
        pytest.skip("no setuptools-scm here, which the build needs; pip install setuptools-scm")
    folder = tmp_path_factory.mktemp("sdist")
    source = folder / "source"
    source.mkdir()
    # A build leaves files behind; the checkout stays as it is.
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, source / "naslib_proxydata", ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file() and path.name != ".git":  # which a worktree has in place of a folder
            shutil.copy(path, source)
    return build("sdist", source, folder)


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the source distribution alone."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return build("wheel", source, folder)


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel alone; it is lent what that depends on."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    command = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet"]
    run(*command, "--no-compile", "--no-deps", "--no-index", wheel, folder=home)
    (site,) = home.glob("lib/python*/site-packages")
    # Folders that are named here are not asked for .pth files, such as that of this checkout.
    lent = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "lent.pth").write_text("\n".join(lent))
    return programs


def test_the_source_distribution_holds_the_package_and_no_results(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "constraints.txt"} <= names
    assert not [name for name in names if name.startswith(("docs", "benchmarks", "tests", ".ci"))]


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    own = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {name for name in held if ".dist-info/" not in name} == own


def test_its_metadata_are_what_pypi_shows(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("/METADATA")]
        told = email.message_from_bytes(archive.read(name))
    assert told["Name"] == "naslib-proxydata"
    assert told["License"] == "Apache-2.0"
    assert told["Description-Content-Type"] == "text/markdown"
    assert "## Try it" in str(told.get_payload())
    assert "torch>=2.2" in told.get_all("Requires-Dist", [])


def test_an_empty_environment_has_a_program_that_works(programs: Path, tmp_path: Path) -> None:
    """The program has the package's name, by which ``pipx run`` finds it."""
    program = programs / "naslib-proxydata"
    version = run(program, "--version", folder=tmp_path)
    assert re.fullmatch(r"naslib-proxydata, version \d+\.\d+\S*\n", version)
    where = "import naslib_proxydata; print(naslib_proxydata.__file__)"
    found = Path(run(programs / "python", "-c", where, folder=tmp_path).strip())
    assert programs.parent in found.parents
    assert found != Path(naslib_proxydata.__file__)
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "config.yaml").write_text("n: 40\n")
    (tmp_path / "board" / "summary.csv").write_text("predictor,spearman\nmine,0.5\n")
    run(program, "report", "board", folder=tmp_path)
    page = (tmp_path / "board" / "report.html").read_text(encoding="utf-8")
    assert "mine" in page
    assert (PACKAGE / "pages" / "page.css").read_text(encoding="utf-8") in page


@pytest.mark.parametrize(
    ("words", "number", "found"),
    [("naslib-proxydata lea", 1, "leaderboard"), ("naslib-proxydata report --lo", 2, "--long")],
)
def test_a_shell_completes_commands_and_options(
    words: str, number: int, found: str, tmp_path: Path
) -> None:
    program = Path(sys.executable).with_name("naslib-proxydata")
    command = [program] if program.is_file() else [sys.executable, "-m", "naslib_proxydata.cli"]
    variables = {"COMP_WORDS": words, "COMP_CWORD": str(number), "PYTHONPATH": str(ROOT)}
    asked = {"_NASLIB_PROXYDATA_COMPLETE": "bash_complete"}
    told = run(*command, folder=tmp_path, **variables, **asked)
    assert told.split() == [f"plain,{found}"]


def test_the_image_takes_what_is_there_and_torch_for_a_cpu() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert copied == [".", "constraints.txt"]
    for name in ("naslib_proxydata", "pyproject.toml", "setup.cfg", "README.md", *copied[1:]):
        assert (ROOT / name).exists()
        assert name not in ignored
    assert "-c /constraints.txt" in text
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in text
    program = ConfigParser()
    program.read(ROOT / "setup.cfg")
    assert 'ENTRYPOINT ["naslib-proxydata"]' in text
    assert "naslib-proxydata = " in program["options.entry_points"]["console_scripts"]
    pythons = re.findall(r"^FROM python:(\d+\.\d+)", text, re.MULTILINE)
    for python in pythons:
        assert f"Python :: {python}\n" in program["metadata"]["classifiers"] + "\n"


def test_the_badges_are_true() -> None:
    readme = (ROOT / "README.md").read_text()
    image = r"^!\[(.+?)\]\(https://img\.shields\.io/badge/(\S+)\)$"
    badges = re.findall(image, readme, re.MULTILINE)
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    pythons = re.findall(r"Python :: (3\.\d+)", setup["metadata"]["classifiers"])
    assert [text for text, _ in badges] == [
        f"Python {pythons[0]} to {pythons[-1]}",
        f"license {setup['metadata']['license']}",
        "types mypy strict",
    ]
    assert setup["mypy"]["strict"] == "True"
    assert (PACKAGE / "py.typed").is_file()
    for text, address in badges:
        shown = address.rpartition("-")[0].replace("--", "~").replace("-", " ").replace("~", "-")
        assert shown.replace("_", " ") == text
