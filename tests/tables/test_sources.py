"""Tables by what a user writes."""

from __future__ import annotations

import pytest

import naslib_proxydata as proxydata
from naslib_proxydata import plugins
from naslib_proxydata.errors import ConfigError, TableAbsentError
from naslib_proxydata.tables.sources import open_table, own_path
from tests.tables.test_own import CELLS

FOUND = plugins.load()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "phone.csv"
    path.write_text("architecture,latency\n" + "".join(f"{text},3\n" for text in CELLS))
    return path


def test_a_file_is_a_table_of_the_space_that_is_named(file):
    table = open_table(f"csv:{file}", FOUND, space="nb201")
    assert (table.name, table.space, table.source) == ("csv:phone", "nb201", str(file))
    assert own_path("nb201") is None


def test_the_face_opens_one(file):
    table = proxydata.table(f"csv:{file}", space="nb201", lower_is_better=["latency"])
    assert table.query(CELLS[0], "latency", "lower_is_better") == -3
    with pytest.raises(ConfigError, match=r"unknown column 'latenci' .*'latency'"):
        proxydata.table(f"csv:{file}", space="nb201", lower_is_better=["latenci"])


def test_what_does_not_fit_is_refused(file, shared_data):
    with pytest.raises(ConfigError, match="does not say of which search space"):
        open_table(f"csv:{file}", FOUND)
    with pytest.raises(ConfigError, match=r"unknown search space 'nb20'. Did you mean 'nb201'"):
        open_table(f"csv:{file}", FOUND, space="nb20")
    with pytest.raises(TableAbsentError, match="there is no file"):
        open_table(f"csv:{file}x", FOUND, space="nb201")
    with pytest.raises(ConfigError, match="holds architectures of 'nb101', not of 'nb201'"):
        open_table("nb101", FOUND, root=shared_data, space="nb201")
    with pytest.raises(ConfigError, match="published benchmarks say themselves"):
        proxydata.table("nb101", shared_data, lower_is_better=["latency"])
