"""What an interrupted run has kept, in words."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.runs.folder import SCORES
from naslib_proxydata.runs.store import ScoreStore

GOES_ON = "the same command goes on from there"
ANEW = "nothing had been computed yet; the same command starts anew"


def scores_kept(folder: Path) -> str:
    """Return how many scores a run folder holds, and how the run goes on."""
    path = folder.expanduser() / SCORES
    count = 0
    with suppress(RunFolderError):
        if path.is_file():
            with ScoreStore(path) as store:
                count = store.count()
    if not count:
        return ANEW
    return f"{count:,} {'score is' if count == 1 else 'scores are'} kept in {folder}; {GOES_ON}"


def trainings_kept(folder: Path) -> str:
    """Return how many trainings a folder holds, and how the run goes on."""
    begun: list[Path] = []
    with suppress(OSError):
        begun = [one for one in folder.expanduser().iterdir() if any(one.glob("checkpoint*.pt"))]
    if not begun:
        return "no epoch was finished yet; the same command starts anew"
    done = sum((one / "result.json").is_file() for one in begun)
    return (
        f"{done} finished and {len(begun) - done} begun trainings are kept in {folder}; {GOES_ON}"
    )


def epochs_kept(folder: Path, history: str) -> str:
    """Return how many epochs of a search a run folder holds, and how the run goes on.

    Args:
        folder: The run folder.
        history: The name of its list of epochs.
    """
    count = 0
    with suppress(OSError, ValueError, TypeError, RecursionError):
        count = len(json.loads((folder.expanduser() / history).read_text(encoding="utf-8")))
    if not count:
        return "no epoch was finished yet; the same command starts anew"
    return f"{count} {'epoch is' if count == 1 else 'epochs are'} kept in {folder}; {GOES_ON}"
