"""Pages as text: whole, escaped, and with nothing to load from anywhere."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

from naslib_proxydata.pages.chart import shortened
from naslib_proxydata.pages.cost_chart import CostPoint, cost_chart
from naslib_proxydata.pages.markup import element, escaped
from naslib_proxydata.pages.notebook import MOST_LINES as MOST_IN_NOTEBOOKS
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.pages.page import Page, Section, facts, figure, page_html, paragraph, picture
from naslib_proxydata.pages.rank_chart import RankPoint, rank_chart
from naslib_proxydata.pages.scales import Scale, linear_ticks, padded, whole_powers
from naslib_proxydata.pages.table import MOST_LINES, Number, Table, as_number, table_html

HOSTILE = """<script>alert(1)</script>"'&</td></table>\x1b[2J"""
VOID = {"meta", "input", "img", "br"}


class Reader(HTMLParser):
    """Reads a page, and fails where an element is not closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def hostile_page() -> str:
    point = RankPoint(HOSTILE, HOSTILE, 0.5, 0.4, 0.6, HOSTILE)
    costs = [CostPoint(HOSTILE, HOSTILE, 0.1, 0.5, HOSTILE)]
    content = [
        paragraph(HOSTILE),
        table_html(Table([HOSTILE, "n"], [[HOSTILE, Number(1, HOSTILE)]] * 9, HOSTILE, HOSTILE)),
        figure(rank_chart([point], HOSTILE, {HOSTILE: 0.7}), HOSTILE, [("published", HOSTILE)]),
        figure(cost_chart(costs, HOSTILE, HOSTILE), HOSTILE),
        picture(b"png", HOSTILE),
        facts([(HOSTILE, HOSTILE)]),
    ]
    sections = [Section(HOSTILE, content), Section(HOSTILE, content, is_folded=True)]
    return page_html(Page(HOSTILE, HOSTILE, sections, HOSTILE))


def test_no_text_of_a_strangers_becomes_an_element():
    read = Reader(hostile_page())
    assert read.count("script") == 1  # the page's own
    assert read.text.count("alert(1)") > 20
    assert "\x1b" not in hostile_page()
    assert "\\x1b[2J" in read.text
    for _, attributes in read.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)


def test_a_page_loads_nothing():
    text = hostile_page()
    read = Reader(text)
    sources = [one for _, attributes in read.elements for one in (attributes.get("src"),) if one]
    assert sources
    assert all(one.startswith("data:image/png;base64,") for one in sources)
    assert not [attributes for _, attributes in read.elements if "href" in attributes]
    assert "http" not in text.replace("http-equiv", "")
    assert not re.search(r"url\(|@import", text)


def test_the_policy_lets_the_pages_own_program_run_and_no_other():
    read = Reader(hostile_page())
    policy = next(
        attributes["content"]
        for name, attributes in read.elements
        if name == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy


def test_numbers_are_sorted_by_what_they_are_and_unknown_ones_have_no_key():
    lines = [["a", Number(0.123456789, "0.12")], ["b", Number(math.nan, "–")]]
    read = Reader(table_html(Table(("name", "rho"), lines, "t")))
    keys = [attributes["data-key"] for _, attributes in read.elements if "data-key" in attributes]
    assert keys == ["0.123456789", ""]
    assert read.count("input") == 0  # two lines are not searched


def test_a_huge_table_is_cut_with_a_sentence():
    lines = [[str(number)] for number in range(MOST_LINES + 5)]
    read = Reader(table_html(Table(("name",), lines, "t")))
    assert read.count("tr") == MOST_LINES + 1
    assert f"The first {MOST_LINES:,} of {MOST_LINES + 5:,} lines are shown." in read.text
    said = "The best are shown; architectures.csv has all."
    assert said in Reader(table_html(Table(("name",), lines, "t", said))).text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.75 (0.65)", 0.75),
        ("-0.30", -0.3),
        ("−2", -2.0),
        ("12 %", 12.0),
        ("1,234", 1234.0),
        ("1e-05", 1e-5),
        ("◇ 0.5", None),
        ("nb201", None),
    ],
)
def test_texts_that_begin_with_a_number_are_sorted_by_it(text, value):
    found = as_number(text)
    assert found == (text if value is None else Number(value, text))


def test_a_dash_is_a_number_that_is_not_known():
    found = as_number("–")
    assert isinstance(found, Number)
    assert math.isnan(found.value)


def test_attributes_are_escaped_and_left_out_where_there_are_none():
    made = element("p", escaped("<"), class_='a"b', data_key=1, title=None)
    assert made == '<p class="a&quot;b" data-key="1">&lt;</p>'


def test_ticks_are_round_and_within_the_axis():
    assert linear_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert linear_ticks(-0.35, 1) == [0, 0.5, 1.0]
    assert whole_powers(-2.3, 1.0) == [-2, -1, 0, 1]
    assert Scale(0, 10, 100, 200)(2.5) == 125
    assert Scale(3, 3, 0, 1)(3) == 0
    assert padded([math.nan]) == (0.0, 1.0)
    assert padded([0.0, 1.0], 0.1) == (-0.1, 1.1)


def test_points_stand_where_their_values_are():
    points = [
        RankPoint("a", "", 1.0, 0.0, 1.0, "told a"),
        RankPoint("b", "", 0.0, 0.0, 1.0, "told b"),
        RankPoint("c", "", math.nan, math.nan, math.nan, "told c"),
    ]
    read = Reader(rank_chart(points, "rho", {}))
    xs = [float(attributes["cx"] or "") for name, attributes in read.elements if name == "circle"]
    intervals = [one for name, one in read.elements if one.get("class") == "interval"]
    assert xs == [float(intervals[0]["x2"] or ""), float(intervals[0]["x1"] or "")]
    assert "–" in read.text  # of c, which has a line and no point


def test_published_values_and_the_ceiling_are_drawn_and_told():
    points = [RankPoint("a", "", 0.5, math.nan, math.nan, "a")]
    read = Reader(rank_chart(points, "rho", {"a": 0.65}, 0.9))
    told = [attributes.get("data-told") for _, attributes in read.elements]
    assert "a\npublished: 0.65" in told
    assert any("noise ceiling 0.900" in (one or "") for one in told)


def test_costs_of_nothing_and_unknown_ones_do_not_fail():
    points = [
        CostPoint("free", "", 0.0, 0.5, "free"),
        CostPoint("unknown", "", math.nan, 0.5, "unknown"),
        CostPoint("undefined", "", 1.0, math.nan, "undefined"),
    ]
    read = Reader(cost_chart(points, "seconds", "rho"))
    assert read.count("circle") == 1
    assert Reader(cost_chart([], "seconds", "rho")).count("circle") == 0


def test_names_beside_points_do_not_cover_each_other():
    points = [CostPoint(f"predictor-{place}", "", 1.0, 0.5, "") for place in range(30)]
    read = Reader(cost_chart(points, "seconds", "rho"))
    labels = [one for name, one in read.elements if one.get("class") == "label"]
    assert 0 < len(labels) < 30
    assert len({(one["x"], one["y"]) for one in labels}) == len(labels)


def test_long_names_are_shortened():
    assert shortened("x" * 30, 5) == "xxxx…"


def test_a_notebook_shows_a_short_escaped_table():
    lines = [[HOSTILE, "x" * 500]] * (MOST_IN_NOTEBOOKS + 3)
    text = notebook_table(HOSTILE, ("a", "b"), lines, "Said.")
    read = Reader(text)
    assert read.count("script") == 0
    assert read.count("tr") == MOST_IN_NOTEBOOKS + 1
    assert "3 more lines. Said." in read.text
    assert len(text) < 12_000
