"""Which files of a folder are images, and of which class, as torchvision's ``ImageFolder`` says."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from naslib_proxydata.errors import DatasetError

_log = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""What torchvision's ``ImageFolder`` takes for images, in any case of letters."""

OTHER_IMAGES = (".gif", ".jfif", ".jpe", ".jp2", ".avif", ".heic", ".svg", ".npy")
"""Images that neither ``ImageFolder`` nor this package reads; skipping them is worth a warning."""

SPLITS = frozenset({"train", "val", "valid", "validation", "test"})


@dataclass
class Skipped:
    """What was passed over while a folder was listed.

    Attributes:
        hidden: Hidden files and folders, which ``ImageFolder`` counts.
        loose: Images beside the folders of the classes.
        suffixes: How many files have each suffix that is no image's.
    """

    hidden: list[str] = field(default_factory=list)
    loose: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)

    def tell(self, root: str) -> None:
        """Log it: as warnings what a user may miss."""
        if self.hidden:
            _log.warning(
                "%s: %d hidden or system entries are left out, %s among them; torchvision's "
                "ImageFolder counts them, so remove them before indices are shared with it",
                root,
                len(self.hidden),
                self.hidden[0],
            )
        if self.loose:
            _log.warning(
                "%s: %d images beside the folders of the classes have no class and are left out",
                root,
                self.loose,
            )
        images = {suffix: n for suffix, n in self.suffixes.items() if suffix in OTHER_IMAGES}
        if images:
            _log.warning(
                "%s: skipped %s, as torchvision's ImageFolder does; convert them to one of %s",
                root,
                _counts(images),
                " ".join(SUFFIXES),
            )
        others = {suffix: n for suffix, n in self.suffixes.items() if suffix not in OTHER_IMAGES}
        if others:
            _log.info("%s: %s are no images", root, _counts(others))


def is_hidden(name: str) -> bool:
    """Return whether a name is hidden, or one that an archiver or a notebook leaves behind."""
    return name.startswith(".") or name == "__MACOSX"


def is_image(name: str) -> bool:
    """Return whether a file's name has an image's suffix, in any case of letters."""
    return name.lower().endswith(SUFFIXES)


def training_folder(root: str) -> str:
    """Return ``root``, or its ``train`` where that is a split and no class.

    It is a split where it holds folders itself, or where all folders beside it are named as splits
    are: ``car``, ``plane`` and ``train`` are three classes.
    """
    inner = os.path.join(root, "train")
    if not os.path.isdir(inner):
        return root
    return inner if class_names(inner) or set(class_names(root)) <= SPLITS else root


def class_names(root: str, skipped: Skipped | None = None) -> list[str]:
    """Return the names of the folders of the classes, sorted.

    Raises:
        DatasetError: The folder cannot be read.
    """
    with _entries(root) as entries:
        found = [entry.name for entry in entries if _is_folder(entry)]
    if skipped is not None:
        skipped.hidden += [os.path.join(root, name) for name in found if is_hidden(name)]
    return sorted(name for name in found if not is_hidden(name))


def image_names(folder: str, skipped: Skipped) -> tuple[list[str], list[str]]:
    """Return the images of one folder and the folders in it, each sorted by name.

    Raises:
        DatasetError: The folder cannot be read.
    """
    images, folders = [], []
    with _entries(folder) as entries:
        for entry in entries:
            is_folder = _is_folder(entry)
            if is_hidden(entry.name):
                if is_folder or is_image(entry.name):
                    skipped.hidden.append(entry.path)
            elif is_folder:
                folders.append(entry.name)
            elif is_image(entry.name):
                images.append(entry.name)
            else:
                skipped.suffixes[os.path.splitext(entry.name)[1].lower()] += 1
    return sorted(images), sorted(folders)


def images_below(folder: str, skipped: Skipped) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder at or below this one with its images, in the order of ``ImageFolder``.

    That is the order of the folders' paths as texts, links followed.

    Raises:
        DatasetError: A folder cannot be read, or a link leads back to a folder above it.
    """
    found: dict[str, list[str]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(folder, (os.path.realpath(folder),))]
    while waiting:
        path, above = waiting.pop()
        found[path], inner = image_names(path, skipped)
        for name in inner:
            below = os.path.join(path, name)
            real = os.path.realpath(below)
            if any(one == real or one.startswith(real + os.sep) for one in above):
                raise DatasetError(
                    f"{below} is a link to {real}, a folder above it, so it has no end; remove it"
                )
            waiting.append((below, (*above, real)))
    yield from sorted(found.items())


def _entries(folder: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    try:
        return os.scandir(folder)
    except OSError as error:
        raise DatasetError(f"cannot read folder {folder}: {error.strerror}") from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder; a link that leads to itself is none, as in os.walk."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _counts(suffixes: dict[str, int]) -> str:
    return ", ".join(f"{n} files {name or 'without suffix'}" for name, n in suffixes.items())
