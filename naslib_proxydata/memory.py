"""How much memory there is, against which the sizes that files declare are held."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import Final

from naslib_proxydata.errors import ProxyDataError

_OF_A_CONTAINER: Final = Path("/sys/fs/cgroup/memory.max")


def check_fits_in_memory(
    size: int, source: Path | str, error: type[ProxyDataError], advice: str
) -> None:
    """Refuse a file whose content would not fit, before anything is made for it.

    Args:
        size: Bytes that it declares.
        source: The file, and the place in it where it is known.
        error: What is raised.
        advice: What to do, as a sentence's end.

    Raises:
        ProxyDataError: It would not.
    """
    most = memory()
    if most is not None and size > most:
        declared, there = (f"{min(one, 2**60) / 2**30:,.1f} GiB" for one in (size, most))
        raise error(
            f"{source} declares {declared}, more than the {there} of memory here; it is damaged, "
            f"or {advice}"
        )


@cache
def memory() -> int | None:
    """Return the bytes of this machine's memory, or of the container's; None where not known."""
    known: list[int] = []
    with contextlib.suppress(AttributeError, ValueError, OSError):
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(ValueError, OSError):
        known.append(int(_OF_A_CONTAINER.read_text()))
    return min((size for size in known if size > 0), default=None)
