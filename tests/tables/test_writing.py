"""Targets that cannot be written are told before the source is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.cli.convert import converter
from naslib_proxydata.cli.main import main
from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.writing import check_target
from tests.disks import fill, make_read_only, small_disk

PLUGINS = plugins.load()
CONVERTED = [name for name in PLUGINS.names("benchmarks") if PLUGINS.benchmark(name).convert]


@pytest.mark.parametrize("name", CONVERTED)
@pytest.mark.parametrize(
    ("target", "told"),
    [("table.txt", r"is a \.(npz|json\.gz) file"), ("file/table", "no folder|is a")],
)
def test_every_converter_looks_at_its_target_first(
    tmp_path: Path, name: str, target: str, told: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match=told):
        converter(PLUGINS, name)(tmp_path / "no source", tmp_path / target)


def test_a_target_that_is_a_folder_or_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.npz").mkdir()
    with pytest.raises(TableError, match="is a folder; name a file"):
        check_target(tmp_path / "table.npz", ".npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match="no folder"):
        check_target(tmp_path / "file" / "table.npz", ".npz")
    check_target(tmp_path / "to be made" / "table.npz", ".npz")


@pytest.mark.parametrize("spoil", [fill, make_read_only])
def test_convert_to_a_disk_that_cannot_be_written_ends_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: object
) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        assert callable(spoil)
        spoil(disk)
        with pytest.raises(SystemExit) as stopped:
            main(["convert", "nb201", str(tmp_path / "no source"), str(disk / "table.npz")])
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot write in" in line
