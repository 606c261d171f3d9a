"""The documentation says what is so: hooks, commands, settings, Python and links."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from naslib_proxydata import hookspecs, plugins
from naslib_proxydata.cli.main import COMMANDS, group
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.tables.sources import own_path
from tests.test_hooks import hook_names

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HUB = DOCS / "examples" / "optunahub"
"""Pages of OptunaHub's registry, whose examples load from there; tests/optuna_bridge runs them."""
PAGES = sorted([ROOT / "README.md", *(p for p in DOCS.rglob("*.md") if HUB not in p.parents)])
CHEAP = ("list", "config", "select")
"""Commands that are run as they stand; others are checked without running them."""


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of a page in the given languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


def commands() -> Iterator[tuple[Path, list[str]]]:
    """Yield the arguments of every ``naslib-proxydata`` in a shell block or inline."""
    for page in PAGES:
        text = page.read_text()
        lines = [line for block in blocks(page, "bash", "console") for line in block.splitlines()]
        lines += re.findall(r"`(naslib-proxydata [^`]+)`", text)
        for line in lines:
            for part in re.split(r"&&|\|", line):
                if "naslib-proxydata " in part:
                    words = shlex.split(part)
                    start = next(
                        place
                        for place, word in enumerate(words)
                        if word.rsplit("/", 1)[-1] == "naslib-proxydata"
                    )
                    yield page, words[start + 1 :]


COMMAND_LINES = [
    pytest.param(arguments, id=f"{page_id(page)}: {' '.join(arguments)}")
    for page, arguments in commands()
]


def squeezed(text: str) -> str:
    """Return a signature without what differs between ways of writing it down."""
    return re.sub(r"['\s]", "", text).replace(",)", ")")


@pytest.mark.parametrize("hook", hook_names())
def test_every_hook_has_a_section_with_its_signature(hook: str) -> None:
    page = (DOCS / "reference" / "hooks.md").read_text()
    sections = re.split(r"^### ", page, flags=re.MULTILINE)
    mine = [section for section in sections if section.startswith(f"`{hook}`\n")]
    assert len(mine) == 1, f"docs/reference/hooks.md needs one section '### `{hook}`'"
    signature = f"{hook}{inspect.signature(getattr(hookspecs, hook))}"
    written = re.search(r"^```text\n(.*?)^```$", mine[0], re.MULTILINE | re.DOTALL)
    assert written is not None, f"the section of {hook} needs a block ```text with its signature"
    assert squeezed(written.group(1)) == squeezed(signature)
    for argument in inspect.signature(getattr(hookspecs, hook)).parameters:
        if argument != "info":
            assert f"- `{argument}`: " in mine[0], f"{hook}: say what {argument!r} is"


def test_no_section_is_left_of_a_hook_that_is_gone() -> None:
    page = (DOCS / "reference" / "hooks.md").read_text()
    assert re.findall(r"^### `(\w+)`$", page, re.MULTILINE) == hook_names()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_of_the_docs_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page_id(page), "exec"), namespace)


@pytest.mark.parametrize("arguments", COMMAND_LINES)
def test_commands_of_the_docs_are_understood(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "NAME" in arguments:  # stands for any predictor
        arguments = ["naswot" if word == "NAME" else word for word in arguments]
    if arguments[0].startswith("-"):
        assert CliRunner().invoke(group, arguments).exit_code == 0
        return
    assert arguments[0] in COMMANDS
    command = group.get_command(click.Context(group), arguments[0])
    assert command is not None
    command.make_context(arguments[0], list(arguments[1:]))
    if arguments[0] in CHEAP:
        arguments = [
            str(DOCS / "examples" / one) if one == "my_plugin.py" else one for one in arguments
        ]
        done = CliRunner().invoke(group, arguments)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    "arguments", [one for one in COMMAND_LINES if one.values[0][0] == "leaderboard"]
)
def test_leaderboards_of_the_docs_name_what_there_is(arguments: list[str]) -> None:
    found = plugins.load([DOCS / "examples" / "my_plugin.py"])
    command = group.get_command(click.Context(group), "leaderboard")
    assert command is not None
    options = dict(command.make_context("leaderboard", list(arguments[1:])).params)
    assignments = options.pop("assignments")
    config_file = options.pop("config_file")
    del options["as_json"]
    if config_file is not None:
        pytest.skip("the file is the reader's")
    config = resolve(LeaderboardConfig, None, options, assignments)
    for label, settings in config.predictors.items():
        name = settings.get("predictor", label)
        if name != "NAME":
            own = {key: value for key, value in settings.items() if key != "predictor"}
            found.create("predictors", name, **own)
    for name in config.benchmark:
        if own_path(name) is not None:  # its page makes the file, and a test runs it
            continue
        registration = found.registration("benchmarks", name)
        assert isinstance(registration, hookspecs.BenchmarkRegistration)
        assert set(config.dataset) <= set(registration.datasets)


def test_yaml_of_the_docs_is_a_configuration() -> None:
    examples = blocks(DOCS / "reference" / "configuration.md", "yaml")
    assert examples
    found = plugins.load()
    for example in examples:
        config = LeaderboardConfig.parse(yaml.safe_load(example), "the documentation")
        for label, settings in config.predictors.items():
            own = {key: value for key, value in settings.items() if key != "predictor"}
            found.create("predictors", settings.get("predictor", label), **own)


def test_the_tutorial_can_be_followed(shared_data: Path, tmp_path: Path) -> None:
    """Its first leaderboard, on the measured data at hand, leaves what the page says."""
    page = (DOCS / "tutorial.md").read_text()
    lines = [words for path, words in commands() if path.name == "tutorial.md" and "--out" in words]
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    command = [program, *lines[0], "--data-root", str(shared_data)]
    for computed in ("150", "0"):  # 50 of each of params, macs and random
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert f"\n{computed} scores computed now" in done.stdout
    named = set(re.findall(r"^- `([\w.]+)", page, re.MULTILINE))
    named |= set(re.findall(r"^- .*and `([\w.]+)`", page, re.MULTILINE))
    folder = tmp_path / lines[0][lines[0].index("--out") + 1]
    assert named == {path.name for path in folder.iterdir()}


SHORTER = {
    "dps": [
        *("--labels", "4", "--cycles", "2", "--images", "noise", "--set", "population=2"),
        *("--set", "tournament=2", "--set", "keep=1", "--set", "image_size=8"),
        *("--set", "shared.batch=2", "--set", "shared.iterations=2"),
    ],
    "leaderboard": ["--n", "50", "--set", "draws=2"],
    "evolve": [],
}
"""What makes the commands of a page quick."""


def test_the_page_on_tables_of_ones_own_can_be_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes a file, and every command runs on that."""
    monkeypatch.chdir(tmp_path)
    page = DOCS / "howto" / "own_table.md"
    first, *_ = blocks(page, "python")
    exec(compile(first, page_id(page), "exec"), {})
    lines = [words for path, words in commands() if path == page]
    assert {words[0] for words in lines} == {"leaderboard", "evolve", "dps"}
    for words in lines:
        done = CliRunner().invoke(group, [*words, *SHORTER[words[0]]])
        assert done.exit_code == 0, (words, done.output, done.exception)
        assert (tmp_path / words[words.index("--out") + 1] / "config.yaml").is_file()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)\s#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_variables_of_the_docs_are_those_of_the_code() -> None:
    page = (DOCS / "reference" / "command-line.md").read_text()
    named = set(re.findall(r"`(NASLIB_PROXYDATA_\w+)`", page))
    used = set()
    for path in [*(ROOT / "naslib_proxydata").rglob("*.py"), ROOT / "tests" / "conftest.py"]:
        used |= set(re.findall(r"\"(NASLIB_PROXYDATA_\w+)\"", path.read_text()))
    assert named == used


def test_every_promise_names_a_test_that_is_there() -> None:
    page = (DOCS / "explanation" / "promises.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", page)
    tests = DOCS.parent / "tests"
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (tests / file).is_file()
        or f"def {name}(" not in (tests / file).read_text(encoding="utf-8")
    ]
    assert len(named) > 30
    assert not missing
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    promises = [line for line in rows if not line.startswith(("| ---", "| What"))]
    assert all("::" in line for line in promises)
