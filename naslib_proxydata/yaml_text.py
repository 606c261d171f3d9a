"""The one way to read YAML that anybody wrote: plain values, bounded, nothing said twice."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.constructor import ConstructorError
from yaml.scanner import ScannerError

from naslib_proxydata.errors import ConfigError, printable
from naslib_proxydata.opening import read_file

MOST_BYTES: Final = 2**18
"""Of a configuration; the reader takes up to 50 microseconds for each of them."""
DEEPEST: Final = 50
"""Lists and mappings inside one another; configurations have fewer than ten."""
MOST_VALUES: Final = 500_000
"""Values of a text with all its aliases written out."""
LONGEST_NUMBER: Final = 400
"""Characters of a number or a date; reading one takes time that grows with the square of them."""

_TEXT: Final = "tag:yaml.org,2002:str"
_NUMBERS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_OF_YAML_1_1: Final = re.compile(r"[-+]?0[0-7_]*[0-7]|.*:.*")
"""Numbers to the base of 8, which begin with 0, and of 60, in which colons stand."""
_MERGE: Final = "tag:yaml.org,2002:merge"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_yaml_file(path: Path, what: str = "the file", most: int = MOST_BYTES) -> Any:
    """Read a YAML file, in UTF-8 or UTF-16.

    Args:
        path: The file.
        what: What errors call it.
        most: Bytes that it may have.

    Raises:
        ConfigError: It cannot be read, or see :func:`parse_yaml`.
    """
    content = read_file(path, ConfigError, f"check the path of {what}", most)
    try:
        text = content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"cannot read {what} {path}: {error}; expected text, so save it as UTF-8"
        ) from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:
    """Return what a YAML text says, as plain values.

    Args:
        text: The text.
        where: What errors call its place.

    Raises:
        ConfigError: It is not YAML, has a key twice or a number to the base of 8 or 60, nests
            deeper than :data:`DEEPEST`, holds itself, or is larger than :data:`MOST_VALUES` when
            its aliases are written out.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _Bounds().check(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        said = printable(" ".join(str(error).split()))
        raise ConfigError(f"{where} is not YAML: {said[:500]}") from None
    except RecursionError:
        raise ConfigError(f"{where} is not YAML: it nests deeper than {DEEPEST}") from None


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, whose every error says the line."""

    def fetch_flow_collection_start(self, kind: Any) -> None:
        """Begin a list or mapping in brackets; many in one another take time with their square."""
        if self.flow_level >= DEEPEST:
            raise ScannerError(None, None, f"this nests deeper than {DEEPEST}", self.get_mark())
        super().fetch_flow_collection_start(kind)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; a date of a 13th month is no value."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, TypeError, LookupError, AttributeError) as error:
            kind = node.tag.rpartition(":")[2]
            why = f"this cannot be read as {kind} ({error})"
            raise ConstructorError(None, None, why, node.start_mark) from None


@dataclass(frozen=True)
class _Size:
    """How large a node is when its aliases are written out."""

    values: int
    height: int


@dataclass
class _Bounds:
    """Measures the nodes of a text, each of them once however often it is named."""

    known: dict[int, _Size | None] = field(default_factory=dict)

    def check(self, node: yaml.Node) -> _Size:
        """Return the size of a node.

        Raises:
            ConstructorError: It is too large, or holds itself or a key twice.
        """
        if id(node) in self.known:
            size = self.known[id(node)]
            if size is None:
                raise _refused("this holds itself", node)
            return size
        self.known[id(node)] = None
        inner = [self.check(one) for one in _inside(node)]
        size = _Size(
            1 + sum(one.values for one in inner), 1 + max((one.height for one in inner), default=0)
        )
        if size.values > MOST_VALUES:
            raise _refused(f"with its aliases this is larger than {MOST_VALUES:,} values", node)
        if size.height > DEEPEST:
            raise _refused(f"this nests deeper than {DEEPEST}", node)
        self.known[id(node)] = size
        return size


def _inside(node: yaml.Node) -> list[yaml.Node]:
    """Return the nodes in a node; the keys of a mapping are different ones."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        return [one for pair in node.value for one in pair]
    if "\0" in node.value:
        raise _refused("this holds a NUL, which no name and no path does", node)
    if node.tag != _TEXT and len(node.value) > LONGEST_NUMBER:
        raise _refused(f"a value of more than {LONGEST_NUMBER} characters must be quoted", node)
    if node.tag in _NUMBERS and _OF_YAML_1_1.fullmatch(node.value):
        raise _refused(
            f"{node.value!r} is another number to YAML than it looks: write a number without "
            "leading 0 and colons, and a text between quotes",
            node,
        )
    return []


def _check_keys(node: yaml.MappingNode) -> None:
    found = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        if (key.tag, key.value) in found:
            raise _refused(f"the key {key.value!r} stands twice", key)
        found.add((key.tag, key.value))


def _refused(why: str, node: yaml.Node) -> ConstructorError:
    return ConstructorError(None, None, why, node.start_mark)
