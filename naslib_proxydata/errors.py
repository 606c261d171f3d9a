"""The exceptions a user may see, and the wording they share.

Every message says what was expected, what was got, where, and what to do next. The command
line prints them without a traceback and exits with 2.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable


class ProxyDataError(Exception):
    """Base of every error that a user can put right."""


class ConfigError(ProxyDataError):
    """A configuration key or value is not what the schema allows."""


class PluginError(ProxyDataError):
    """A plugin is misspelt, has a wrong signature, clashes with another, or raised."""


class ArchitectureError(ProxyDataError):
    """An architecture's text does not belong to the search space."""


class TableError(ProxyDataError):
    """A benchmark file is damaged, hostile, or lacks what was asked of it."""


class TableAbsentError(TableError):
    """A benchmark file is not there; the message says how to get it."""


class LabelError(ProxyDataError):
    """Labelled architectures are too few, all alike, or not of the space."""


class DatasetError(ProxyDataError):
    """A dataset is absent, damaged, or lacks what was asked of it (labels, say)."""


class SelectionError(ProxyDataError):
    """A selection cannot be made from these scores, or belongs to another dataset."""


class PruningError(ProxyDataError):
    """A pruner was given examples, probabilities or ratios that do not fit together."""


class SearchError(ProxyDataError):
    """A search cannot start or go on."""


class TrainingError(ProxyDataError):
    """A network's training cannot start or go on."""


class NaslibError(ProxyDataError):
    """NASLib is absent, does not import here, or is too different from what is known of it."""


class BridgeError(ProxyDataError):
    """A package that a bridge leads to is absent, or was asked for what the bridge cannot carry."""


class MachineError(ProxyDataError):
    """Other machines are gone, or compute by other code than this one."""


class FileError(ProxyDataError):
    """A file cannot be written."""


class RunFolderError(FileError):
    """A run folder cannot be written, or belongs to another run."""


def printable(text: str) -> str:
    r"""Return a text whose control characters are escaped: ``\x1b`` moves no cursor."""
    return "".join(
        one if one.isprintable() or one == "\n" else one.encode("unicode_escape").decode()
        for one in text
    )


def shown(value: object, longest: int = 200) -> str:
    """Return a value as Python spells it, cut where a stranger's would fill the screen.

    It is cut before it is spelt: that of millions of letters or numbers takes seconds.
    """
    start = value[: longest + 1] if isinstance(value, str | bytes) else value
    text = printable(_Start().repr(start))
    return text if len(text) <= longest else f"{text[:longest]}..."


class _Start(reprlib.Repr):
    """Spells values as ``repr`` does, and of long ones no more than a part."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 1000
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 30
        self.maxlevel = 4

    def repr_int(self, x: int, level: int) -> str:
        """Spell a whole number; Python refuses to spell one of more than 4,300 digits."""
        return repr(x) if x.bit_length() < 1000 else f"a number of {x.bit_length():,} bits"


def closest(name: str, known: Iterable[str]) -> str:
    """Return a hint such as `` Did you mean 'snip'?``, or an empty string."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> str:
    """Return the message for a name that is not among the known ones."""
    names = sorted(known)
    place = f" in {where}" if where else ""
    # Names may be a stranger's: the columns of a file.
    listing = printable(", ".join(names)) if names else "none is registered"
    return f"unknown {kind} {shown(name)}{place}.{closest(name, names)} Known: {listing}."
