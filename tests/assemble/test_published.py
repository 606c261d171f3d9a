"""Published figures are read by name, and what is wrong with their file is told."""

from __future__ import annotations

import pytest

from naslib_proxydata.assemble.published import PublishedFigure, read_published
from naslib_proxydata.errors import ConfigError

HEADER = "experiment,row,dataset,metric,mean,sd,best,n,source\n"
LINE = 'one,"Low, High",cifar10,test_accuracy,81.41,,93.62,5,"table 3"\n'


@pytest.fixture
def read(tmp_path):
    def call(text, experiment="one", rows=None):
        file = tmp_path / "published.csv"
        file.write_text(text)
        return read_published(file, experiment, rows)

    return call


def test_a_row_stands_under_the_label_that_it_has_here(read):
    key = ("Low, High", "cifar10", "test_accuracy")
    figure = PublishedFigure(81.41, None, 93.62, 5, "table 3")
    assert read(HEADER + LINE) == {key: figure}
    assert read(HEADER + LINE, rows={"low high": "Low, High"}) == {("low high", *key[1:]): figure}


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        (HEADER + LINE, {"experiment": "on"}, "unknown experiment 'on'.*'one'"),
        (HEADER + LINE, {"rows": {"a": "Low, Low"}}, "unknown row 'Low, Low'.*'Low, High'"),
        (HEADER + LINE + LINE, {}, "line 3: Low, High, .* stands there already"),
        (HEADER + LINE.replace("81.41", "81,41"), {}, "line 2: expected 9 fields, got 10"),
        (HEADER + LINE.replace("81.41", "much"), {}, "line 2: mean must be a number or empty"),
        ("experiment,row,dataset,mean\n", {}, "metric is missing"),
        ("", {}, "is missing from an empty file"),
    ],
)
def test_what_is_wrong_is_told(read, text, given, message):
    with pytest.raises(ConfigError, match=message):
        read(text, **given)
