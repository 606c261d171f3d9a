"""The house rules that a machine can check: what may import what, and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import naslib_proxydata

PACKAGE = Path(naslib_proxydata.__file__).parent
FLOORS = [
    (
        *("errors", "seeding", "summation", "cache", "files", "figures", "markdown", "schema"),
        *(
            "text_table",
            "unpickle",
            "boundary",
            "opening",
            "memory",
            "huge_pages",
            "numpy_files",
            "yaml_text",
            "private",
            "sealed",
            "cached",
            "packed",
            "pickle_limits",
            "pickled_numbers",
            "hookspecs",
            "version",
            "bridging",
            "csv_text",
        ),
        *("code", "ranges", "ranking", "kernels", "pages"),
    ),
    ("summation", "version"),
    ("plugins", "spaces", "data", "pruning"),
    ("tables", "selection", "predictors"),
    ("oneshot", "evolution", "training", "runs", "leaderboard"),
    (
        *("testing", "config", "assemble"),
        *("naslib_bridge", "optuna_bridge", "syne_tune_bridge", "neps_bridge"),
    ),
    ("api", "cli"),
]
NAME_WHAT_THEY_HAND_OUT = ("naslib_proxydata.hookspecs", "naslib_proxydata.plugins.manager")
"""Contracts that may import types of upper floors, for type checkers only."""
HEAVY = {
    *("torch", "torchvision", "matplotlib", "sklearn", "scipy", "pandas"),
    *("naslib", "optuna", "optunahub", "syne_tune", "neps"),
}
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


MODULES = {module_name(path): path for path in FILES}


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever it does so, for types only too.

    The packages on the way to a module are not counted, and neither is what a contract names for
    type checkers only.
    """
    tree = ast.parse(path.read_text())
    ignored = types_only(tree) if module_name(path) in NAME_WHAT_THEY_HAND_OUT else set()
    for node in ast.walk(tree):
        if node in ignored:
            continue
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{one.name}" for one in node.names]
            yield from (one if one in MODULES else node.module for one in inner)


def types_only(tree: ast.Module) -> set[ast.AST]:
    """Return everything inside ``if TYPE_CHECKING:``."""
    blocks = [one for one in tree.body if isinstance(one, ast.If)]
    checked = [one for one in blocks if ast.unparse(one.test) == "TYPE_CHECKING"]
    return {node for one in checked for node in ast.walk(one)}


def test_imports_go_down() -> None:
    upward = []
    for path in FILES:
        own = room_of(module_name(path))
        if not own:
            continue  # the face of the package, which imports when it is asked
        assert own in FLOOR_OF, f"give the room {own!r} a floor in this test"
        for target in imported(path):
            room = room_of(target) if target.startswith("naslib_proxydata.") else ""
            if FLOOR_OF.get(room, -1) > FLOOR_OF[own]:
                upward.append(f"{module_name(path)} looks up to {target}")
    assert not upward


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    knows: dict[str, set[str]] = {room: set() for room in FLOOR_OF}
    for path in FILES:
        own = room_of(module_name(path))
        rooms = {room_of(one) for one in imported(path) if one.startswith("naslib_proxydata.")}
        knows.setdefault(own, set()).update((rooms & set(FLOOR_OF)) - {own})

    def reachable(room: str, seen: set[str]) -> set[str]:
        for other in knows[room] - seen:
            seen |= {other} | reachable(other, seen | {other})
        return seen

    circles = [room for room in FLOOR_OF if room in reachable(room, set())]
    assert not circles, {room: knows[room] & set(circles) for room in circles}


def test_files_do_not_import_each_other_in_a_circle() -> None:
    knows = {
        module: (set(imported(path)) & set(MODULES)) - {module} for module, path in MODULES.items()
    }
    try:
        TopologicalSorter(knows).prepare()
    except CycleError as error:
        pytest.fail(f"each of these files is imported by the next: {', '.join(error.args[1])}")


def test_light_modules_stay_light() -> None:
    light = ["", ".hookspecs", ".errors", ".schema", ".plugins", ".cli.main", ".config"]
    modules = [f"naslib_proxydata{name}" for name in light]
    modules += [module_name(path) for path in FILES if path.name in ("plugin.py", "__init__.py")]
    program = f"""
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
    found = {HEAVY!r} & set(sys.modules)
    assert not found, (name, found)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_comes_without_torch() -> None:
    program = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from naslib_proxydata.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"assert not {HEAVY!r} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "leaderboard" in done.stdout


FORBIDDEN = {
    "eval": "eval",
    "exec": "exec",
    "print": "print",
    "pickle.load": "the plain unpickler",
    "pickle.loads": "the plain unpickler",
    "torch.manual_seed": "torch's global generator",
    "torch.random.manual_seed": "torch's global generator",
    "np.random.seed": "numpy's global generator",
    "random.seed": "Python's global generator",
}


def test_nothing_forbidden_is_called() -> None:
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            place = f"{module_name(path)}, line {getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in FORBIDDEN and (called, room_of(module_name(path))) != ("print", "cli"):
                    found.append(f"{place}: {FORBIDDEN[called]}")
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{place}: a bare except")
    assert not found


def test_functions_are_short() -> None:
    """The tables of registrations in plugin.py files are functions by form only."""
    long = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and path.name != "plugin.py":
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno >= 70:
                    long.append(f"{module_name(path)}.{node.name} has over 70 lines")
    assert not long
