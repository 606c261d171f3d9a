"""What keeps a run from starting is told before anything is spent."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.cli.main import main
from naslib_proxydata.config import SelectConfig, resolve
from naslib_proxydata.errors import ConfigError, FileError, RunFolderError
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.start import resolved
from tests.disks import fill, make_read_only, small_disk

COMMANDS = {
    "leaderboard": ("--benchmark", "csv:/no/such/file"),
    "select": ("--dataset", "/no/such/folder", "--size", "5"),
    "search": ("--dataset", "/no/such/folder"),
    "evolve": ("--space", "nb201", "--benchmark", "csv:/no/such/file"),
    "dps": ("--benchmark", "csv:/no/such/file", "--space", "nb201"),
}
"""What each would complain of, were its run folder fine."""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("spoil", [None, fill, make_read_only])
def test_every_command_looks_at_its_folder_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, spoil: object
) -> None:
    (tmp_path / "file").write_text("")

    def refused(out: Path) -> None:
        with pytest.raises(SystemExit) as stopped:
            main([command, *COMMANDS[command], "--out", str(out)])
        assert stopped.value.code == 2
        said = capsys.readouterr().err
        assert f"error: cannot create the run folder {out}: " in said
        assert "choose another --out" in said

    if not callable(spoil):
        refused(tmp_path / "file")
        return
    with small_disk(tmp_path / "disk", 64) as disk:
        spoil(disk)
        refused(disk / "run")


def test_a_home_folder_that_is_not_known_is_told(tmp_path: Path) -> None:
    config = resolve(SelectConfig, None, {"out": Path("~no-such-user/run"), "size": 5})
    with pytest.raises(FileError, match="no home folder is known for ~no-such-user/run"):
        resolved(config)
    fine = resolve(SelectConfig, None, {"out": tmp_path / "run", "size": 5})
    assert resolved(fine).out == tmp_path / "run"
    assert not (tmp_path / "run").exists()
    with pytest.raises(RunFolderError):
        resolved(resolve(SelectConfig, None, {"out": Path("/proc/run"), "size": 5}))


def test_a_device_that_draws_no_random_numbers_is_refused() -> None:
    with pytest.raises(ConfigError, match="device 'meta' cannot be used"):
        resolved_device("meta")
