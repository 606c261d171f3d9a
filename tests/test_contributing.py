"""What contributors are told is so: files, hooks, commands, and the metadata of the package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

import naslib_proxydata
from naslib_proxydata import version

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
ADD_ONE = re.findall(
    r"^\| (an? .+?) \| `(.+)` \| `(\w+)` \| `(.+)` \|$", CONTRIBUTING, re.MULTILINE
)
"""(what, its new file, hook, file of the hook) of each row of the table."""


def hooks_of(path: Path) -> set[str]:
    found = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in found if isinstance(node, ast.FunctionDef)}


def test_the_table_names_every_registration_hook() -> None:
    offered = {
        hook
        for path in (ROOT / "naslib_proxydata").glob("*/plugin.py")
        for hook in hooks_of(path)
        if hook.startswith("register_")
    }
    assert len(ADD_ONE) >= 5
    assert offered <= {hook for _, _, hook, _ in ADD_ONE}


@pytest.mark.parametrize(
    ("what", "new", "hook", "registered"), [pytest.param(*row, id=row[2]) for row in ADD_ONE]
)
def test_what_is_added_has_its_place(what: str, new: str, hook: str, registered: str) -> None:
    folder = (ROOT / new.partition("/NAME")[0]).resolve()
    assert folder.is_dir(), what
    assert list(folder.glob("*.py"))
    assert (ROOT / registered).parent in (folder, *folder.parents)
    assert hook in hooks_of(ROOT / registered), what


def test_rooms_and_floors_are_those_of_the_house() -> None:
    from tests.test_house import FLOOR_OF

    rows = re.findall(r"^\| [\d-] \| (.+?) \|", CONTRIBUTING, re.MULTILINE)
    told = {name.removesuffix(".py") for row in rows for name in re.findall(r"`([\w.]+)/?`", row)}
    assert told == set(FLOOR_OF)


def test_files_and_scripts_that_are_named_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", CONTRIBUTING)
    scripts = re.findall(r"`(\.ci/\w+)`", CONTRIBUTING)
    for path in (*links, *scripts):
        assert (ROOT / path).is_file(), path


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in headings[1:])
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


def test_the_version_is_that_of_the_installation() -> None:
    from importlib import metadata

    assert naslib_proxydata.__version__ == metadata.version("naslib-proxydata")
    assert re.match(r"\d+\.\d+", naslib_proxydata.__version__)


def test_a_folder_that_was_never_installed_has_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "DISTRIBUTION", "naslib-proxydata-that-is-nowhere")
    version.installed_version.cache_clear()
    try:
        assert version.installed_version() == version.UNKNOWN
    finally:
        version.installed_version.cache_clear()


def test_an_import_does_not_look_the_version_up() -> None:
    program = (
        "import sys, naslib_proxydata; assert 'importlib.metadata' not in sys.modules;"
        "assert naslib_proxydata.__version__"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_citation_can_be_read() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    metadata = ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["authors"] == [{"name": metadata["metadata"]["author"]}]
    assert citation["license"] == metadata["metadata"]["license"]


def test_commits_are_checked_by_the_tools_of_the_gate() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = {hook["id"] for repository in repositories for hook in repository["hooks"]}
    assert {"ruff-check", "ruff-format", "mypy"} <= hooks


def test_the_script_knows_the_supported_pythons() -> None:
    done = subprocess.run(
        [ROOT / ".ci" / "pythons", "--supported"], check=True, capture_output=True, text=True
    )
    found = done.stdout.split()
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in found
    assert found == sorted(found, key=lambda one: int(one.partition(".")[2]))
    readme = (ROOT / "README.md").read_text()
    assert f"Python {found[0]} to {found[-1]}" in readme
