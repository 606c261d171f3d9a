"""A whole page: one file with its style and its few lines of program."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from naslib_proxydata.pages.markup import Html, element, escaped, joined


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        content: What is in it, from top to bottom.
        is_folded: Whether a reader has to open it.
    """

    title: str
    content: Sequence[Html]
    is_folded: bool = False


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: Its heading.
        lead: What it is of, in a line.
        sections: From top to bottom.
        foot: Where and by what it was made.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    foot: str


def page_html(page: Page) -> str:
    """Return a page as the text of a file.

    Nothing of it is loaded from anywhere, and a browser is told to run no program but the page's
    own: whatever a name in it holds, it cannot act.
    """
    style, program = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(program)}'; base-uri 'none'; form-action 'none'"
    )
    sections = joined(map(_section, page.sections))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escaped(page.title)}</title>
<style>{style}</style>
</head>
<body>
<main>
<header>
<h1>{escaped(page.title)}</h1>
<p class="lead">{escaped(page.lead)}</p>
</header>
{sections}
<footer>{escaped(page.foot)}</footer>
</main>
<div id="told" role="status" hidden></div>
<script>{program}</script>
</body>
</html>
"""


def paragraph(text: str, kind: str | None = None) -> Html:
    """Return a paragraph."""
    return element("p", escaped(text), class_=kind)


def figure(drawn: Html, caption: str, keys: Sequence[tuple[str, str]] = ()) -> Html:
    """Return a figure with its caption.

    Args:
        drawn: The figure.
        caption: What it shows.
        keys: What its marks mean: class and name of each, behind the caption.
    """
    legend = [element("span", _key(kind), escaped(name), class_="key") for kind, name in keys]
    return element("figure", drawn, element("figcaption", escaped(caption), *legend))


def side_by_side(*content: Html) -> Html:
    """Return what stands in columns where a page is wide enough."""
    return element("div", *content, class_="columns")


def picture(png: bytes, name: str) -> Html:
    """Return a picture that is part of the page."""
    data = base64.b64encode(png).decode("ascii")
    image = Html(f'<img src="data:image/png;base64,{data}" alt="{escaped(name)}" loading="lazy">')
    return element("figure", image, element("figcaption", escaped(name)), class_="picture")


def facts(pairs: Sequence[tuple[str, object]]) -> Html:
    """Return names with their values, line by line."""
    parts = [
        part
        for name, value in pairs
        for part in (element("dt", escaped(name)), element("dd", escaped(value)))
    ]
    return element("dl", *parts)


def _section(section: Section) -> Html:
    heading = element("h2", escaped(section.title))
    if not section.is_folded:
        return element("section", heading, *section.content)
    return element("details", element("summary", heading), *section.content)


def _key(kind: str) -> Html:
    mark = {
        "published": Html('<polygon points="6,1 11,6 6,11 1,6" class="published"/>'),
        "ceiling": Html('<line x1="6" y1="0" x2="6" y2="12" class="ceiling"/>'),
    }.get(kind, Html('<circle cx="6" cy="6" r="4"/>'))
    inner = element("g", mark, class_=f"mark {kind}")
    return element("svg", inner, viewBox="0 0 12 12", aria_hidden="true")


@cache
def _asset(name: str) -> Html:
    return Html((files(__package__) / name).read_text(encoding="utf-8"))


def _digest(text: str) -> str:
    """Return a text's hash as a content security policy names it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
