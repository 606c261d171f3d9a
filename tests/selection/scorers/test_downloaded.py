"""What torch keeps of a download is used where it is what was published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.scorers.downloaded import check_downloaded

CONTENT = b"weights" * 1000
URL = f"https://where.it.lies/models/net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    path = folder / URL.rpartition("/")[2]
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    return path


def test_what_was_published_passes(kept: Path) -> None:
    check_downloaded(URL)
    kept.unlink()
    check_downloaded(URL)


def test_other_content_is_refused(kept: Path) -> None:
    kept.write_bytes(CONTENT[:-1])
    with pytest.raises(SelectionError, match=f"{kept} are damaged.*remove it to download"):
        check_downloaded(URL)


@pytest.mark.parametrize("folder", [False, True])
def test_what_others_could_have_written_is_refused(kept: Path, folder: bool) -> None:
    """Torch would run what a pickle of theirs holds."""
    place = kept.parent if folder else kept
    place.chmod(0o777)
    with pytest.raises(SelectionError, match=f"{place} can be written by others"):
        check_downloaded(URL)
