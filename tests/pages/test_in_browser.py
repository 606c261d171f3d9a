"""The page in a real browser: it sorts, searches, tells, and runs nothing of a stranger's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from naslib_proxydata.leaderboard.architectures import ScoredArchitecture
from naslib_proxydata.leaderboard.page import Line, architecture_section, task_sections
from naslib_proxydata.pages.page import Page, page_html
from tests.browser import Browser
from tests.leaderboard.test_report import row

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
TABLE = "document.querySelectorAll('.table')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A leaderboard of nine predictors, one of them hostile and one that failed."""
    rows = [
        row(predictor=f"predictor-{place}", spearman=place / 10, seconds_per_architecture=0.1)
        for place in range(7)
    ]
    rows += [row(predictor=HOSTILE, spearman=0.95), row(predictor="failed", spearman=math.nan)]
    architectures = [
        ScoredArchitecture("b", "d", "m", 0, f"cell-{place}", float(place), {HOSTILE: 1.0 * place})
        for place in range(20)
    ]
    sections = task_sections([Line("", one) for one in rows])
    sections.append(architecture_section(architectures, 423_624, rows))
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_html(Page("Board", HOSTILE, sections, "foot")), encoding="utf-8")
    return path


def column(browser: Browser, table: int, place: int, selector: str = "tbody tr") -> list[str]:
    rows = f"[...{TABLE}[{table}].querySelectorAll('{selector}')]"
    found: list[str] = browser.value(f"{rows}.map((row) => row.cells[{place}].textContent)")
    return found


def sort(browser: Browser, table: int, name: str) -> None:
    heads = f"[...{TABLE}[{table}].querySelectorAll('th button')]"
    browser.value(f"{heads}.find((one) => one.textContent.startsWith('{name}')).click()")


def test_a_click_on_a_head_sorts_and_another_turns_it_round(browser, page):
    browser.open(page)
    sort(browser, 0, "Spearman")
    names = column(browser, 0, 0)
    assert names[:2] == [HOSTILE, "predictor-6"]
    assert names[-1] == "failed"  # what is not known is last
    sort(browser, 0, "Spearman")
    names = column(browser, 0, 0)
    assert names[:2] == ["predictor-0", "predictor-1"]
    assert names[-1] == "failed"
    sort(browser, 0, "predictor")
    assert column(browser, 0, 0)[1:] == ["failed", *(f"predictor-{place}" for place in range(7))]
    sorted_by = f"{TABLE}[0].querySelector('[aria-sort]').getAttribute('aria-sort')"
    assert browser.value(sorted_by) == "ascending"


def test_a_search_leaves_what_holds_every_word(browser, page):
    browser.open(page)
    field = f"{TABLE}[1].querySelector('input')"
    browser.value(f"{field}.value = 'CELL-1 b:'; {field}.dispatchEvent(new Event('input'))")
    shown = column(browser, 1, 0, "tbody tr:not([hidden])")
    assert sorted(shown) == sorted(["cell-1", *(f"cell-1{place}" for place in range(10))])
    assert browser.value(f"{TABLE}[1].querySelector('output').textContent") == "11 of 20 lines"
    visible = "getComputedStyle([...document.querySelectorAll('tr[hidden]')][0]).display"
    assert browser.value(visible) == "none"


def test_a_pointer_on_a_point_tells_its_values(browser, page):
    browser.open(page)
    mark = "document.querySelector('svg .mark.series0')"
    browser.value(f"{mark}.dispatchEvent(new PointerEvent('pointermove', {{clientX: 9}}))")
    told: str = browser.value("document.getElementById('told').textContent")
    assert told.startswith(HOSTILE)
    assert "\nrho 0.95 " in told
    assert browser.value("document.getElementById('told').hidden") is False
    browser.value(f"{mark}.dispatchEvent(new PointerEvent('pointerleave'))")
    assert browser.value("document.getElementById('told').hidden") is True


def test_nothing_of_a_strangers_runs_and_nothing_is_loaded(browser, page):
    browser.open(page)
    assert browser.value("document.title") == "Board"
    assert browser.value("document.scripts.length") == 1
    complaints = [one for one in browser.events if one["method"] == "Log.entryAdded"]
    assert complaints == []
    asked = [
        one["params"]["request"]["url"]
        for one in browser.events
        if one["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [page.resolve().as_uri()]


def test_a_program_that_got_in_would_not_run(browser, page, tmp_path):
    """The second line of defence: the policy that the page carries."""
    text = page.read_text(encoding="utf-8").replace("<footer>", f"{HOSTILE}<footer>")
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(text, encoding="utf-8")
    browser.open(spoilt)
    assert browser.value("document.scripts.length") == 2
    assert browser.value("document.title") == "Board"


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("dark", [False, True])
def test_a_page_is_never_wider_than_its_window(browser, page, width, dark):
    browser.open(page, width, dark=dark)
    assert browser.value("document.documentElement.scrollWidth") <= width
    colour = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (colour == "rgb(255, 255, 255)") is not dark
