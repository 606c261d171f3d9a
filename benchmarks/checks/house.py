"""Measure how the package is built: rooms, floors, imports, the length of functions.

Reads source files and imports nothing of them, so that any checkout can be measured the same way;
which room stands on which floor is read from the checkout's own ``tests/test_house.py``:

    python benchmarks/checks/house.py
    python benchmarks/checks/house.py --root . ../before

A room is a folder or a file at the top of the package, an arrow an import of one room by another,
however often; one is upward where both rooms have a floor. Imports under ``if TYPE_CHECKING``
count, and are left out where a line says "when run". A function is as long as its body without the
docstring. Prints JSON, and one table with a column a checkout.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = "naslib_proxydata"
LONG = 40
"""Lines above which a function counts as long."""
Graph = Mapping[str, set[str]]


class Code(NamedTuple):
    """The package in a checkout: parsed files by module, and the floor of each room."""

    trees: Mapping[str, ast.Module]
    lines: int
    floors: Sequence[Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[2]
    parser.add_argument(
        "--root", type=Path, nargs="+", default=[here], help="checkouts; default: this one"
    )
    codes = {str(root): read(root) for root in parser.parse_args().root}
    found = {name: {**measured(code), "found": named(code)} for name, code in codes.items()}
    print(json.dumps(found, indent=1))
    print(table({name: measured(code) for name, code in codes.items()}))


def read(root: Path) -> Code:
    """Read the package of a checkout, and its floors."""
    paths = sorted((root / PACKAGE).rglob("*.py"))
    if not paths:
        raise SystemExit(f"{root} holds no package {PACKAGE}; give a checkout of the project")
    texts = {module_name(path.relative_to(root)): path.read_text("utf-8") for path in paths}
    trees = {module: ast.parse(text) for module, text in texts.items()}
    lines = sum(len(text.splitlines()) for text in texts.values())
    return Code(trees, lines, floors(root / "tests" / "test_house.py"))


def module_name(path: Path) -> str:
    """Return the module that a file is, from its path in the checkout."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floors(test: Path) -> Sequence[Sequence[str]]:
    """Return the rooms of each floor, lowest first, as the test of the house has them."""
    found = assigned(ast.parse(test.read_text("utf-8")), "FLOORS")
    if found is None:
        raise SystemExit(f"{test} assigns no FLOORS, a list of the rooms of each floor")
    assert isinstance(found, ast.List)
    return [list(texts_in(floor)) for floor in found.elts]


def texts_in(expression: ast.expr) -> Iterator[str]:
    """Yield the texts that stand in an expression, however nested."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """Return what a module assigns to a name at its top level."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets):
            return node.value
    return None


def measured(code: Code) -> dict[str, float]:
    """Return everything that is measured, by what the table calls it."""
    rooms, found = arrows(imports(code.trees)), named(code)
    lengths = function_lengths(code.trees.values())
    return {
        "rooms": len(rooms),
        "floors": len(code.floors),
        "files": len(code.trees),
        "lines": code.lines,
        "arrows between rooms": sum(map(len, rooms.values())),
        **{name: len(ones) for name, ones in found.items()},
        "functions": len(lengths),
        "median function length": statistics.median(lengths),
        f"functions over {LONG} lines, %": percent(sum(n > LONG for n in lengths), len(lengths)),
        "Any per 1,000 lines": round(1000 * uses_of_any(code.trees.values()) / code.lines, 1),
        "top-level names": len(top_level_names(code.trees[PACKAGE])),
    }


def named(code: Code) -> dict[str, list[Any]]:
    """Return which ones they are, of what there should be none."""
    files, run = imports(code.trees), imports(code.trees, types=False)
    floor_of = {room: floor for floor, names in enumerate(code.floors) for room in names}
    return {
        "rooms without a floor": sorted(set(arrows(files)) - set(floor_of)),
        "upward arrows": upward(arrows(files), floor_of),
        "upward arrows when run": upward(arrows(run), floor_of),
        "circles of files": circles_of(files),
        "circles of files when run": circles_of(run),
    }


def upward(rooms: Graph, floor_of: Mapping[str, int]) -> list[str]:
    """Return the arrows that lead to a higher floor."""
    return [
        f"{room} to {target}"
        for room in sorted(set(rooms) & set(floor_of))
        for target in sorted(rooms[room] & set(floor_of))
        if floor_of[target] > floor_of[room]
    ]


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def imports(trees: Mapping[str, ast.Module], *, types: bool = True) -> Graph:
    """Return which modules of the package each one imports, wherever in the file it does so.

    The packages on the way to a module are not counted.

    Args:
        trees: The files by module.
        types: Whether imports for type checkers only count.
    """
    return {module: set(imported(tree, trees, types)) - {module} for module, tree in trees.items()}


def imported(tree: ast.Module, known: Mapping[str, Any], types: bool) -> Iterator[str]:
    """Yield the modules of the package that a file imports."""
    ignored = set() if types else types_only(tree)
    for node in ast.walk(tree):
        if node in ignored:
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{one.name}" for one in node.names]
            names = [one if one in known else node.module for one in inner]
        yield from (name for name in names if name in known)


def types_only(tree: ast.Module) -> set[ast.AST]:
    """Return everything inside ``if TYPE_CHECKING:``."""
    blocks = [one for one in ast.walk(tree) if isinstance(one, ast.If)]
    checked = [one for one in blocks if ast.unparse(one.test) == "TYPE_CHECKING"]
    return {node for block in checked for one in block.body for node in ast.walk(one)}


def arrows(files: Graph) -> Graph:
    """Return which rooms each room imports; the package's own ``__init__`` is in none."""
    rooms: dict[str, set[str]] = {room_of(module): set() for module in files}
    for module, targets in files.items():
        rooms[room_of(module)] |= {room_of(one) for one in targets} - {room_of(module), ""}
    return {room: targets for room, targets in rooms.items() if room}


def room_of(module: str) -> str:
    """Return the room of a module, empty for the package itself."""
    return [*module.split("."), ""][1]


def circles_of(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that all import each other, directly or on the way."""
    reached = {module: reachable(module, graph) for module in graph}
    circles: list[list[str]] = []
    for module in graph:
        circle = sorted(other for other in reached[module] if module in reached[other])
        if circle and circle not in circles:
            circles.append(circle)
    return circles


def reachable(module: str, graph: Graph) -> set[str]:
    """Return every module that is imported on the way from one; itself only in a circle."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def function_lengths(trees: Iterable[ast.Module]) -> list[int]:
    """Return the lines of the body of every function and method."""
    return [
        body_length(node)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, from what follows its docstring to its end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def uses_of_any(trees: Iterable[ast.Module]) -> int:
    """Return how often the type ``Any`` is written; imports of it do not count."""
    return sum(
        (isinstance(node, ast.Name) and node.id == "Any")
        or (isinstance(node, ast.Attribute) and node.attr == "Any")
        for tree in trees
        for node in ast.walk(tree)
    )


def top_level_names(tree: ast.Module) -> list[str]:
    """Return what ``import naslib_proxydata`` offers, by its ``__all__``."""
    found = assigned(tree, "__all__")
    return [] if found is None else list(ast.literal_eval(found))


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table with a column for each checkout."""
    head = ["", *found]
    names = next(iter(found.values()))
    rows = [[name, *(f"{one[name]:,}" for one in found.values())] for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    main()
