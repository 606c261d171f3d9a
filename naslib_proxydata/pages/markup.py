"""HTML as a type of its own, so that no text of a stranger's gets into a page as it is."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import NewType

from naslib_proxydata.errors import printable

Html = NewType("Html", str)
"""A piece of a page; made by the functions here alone."""


def escaped(text: object) -> Html:
    r"""Return a text as a page shows it, whatever is in it; control characters as ``\\x1b``."""
    return Html(html.escape(printable(str(text))))


def element(name: str, *content: Html, **attributes: object) -> Html:
    """Return an element.

    Args:
        name: Its name, never a stranger's.
        content: What is in it, in pieces.
        attributes: Their names with underscores for hyphens, and at the end where Python has the
            word for itself; values are escaped, and None leaves the attribute out.
    """
    given = {key: value for key, value in attributes.items() if value is not None}
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"' for key, value in given.items()
    )
    return Html(f"<{name}{told}>{''.join(content)}</{name}>")


def joined(pieces: Iterable[Html]) -> Html:
    """Return pieces one after the other."""
    return Html("".join(pieces))
