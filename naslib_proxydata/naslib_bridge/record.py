"""The file that says what a search inside NASLib ran with, and what acted in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.files import write_text
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.settings import RunConfig

if TYPE_CHECKING:
    from naslib_proxydata.naslib_bridge.run import ProxyRun

NAME = "env.json"


def write_record(folder: Path, run: ProxyRun, search: Mapping[str, Any]) -> None:
    """Write versions, plugins, what acts, and what is searched.

    Args:
        folder: Where the checkpoints go.
        run: The search, begun.
        search: What identifies it, as plain data.

    Raises:
        RunFolderError: The folder cannot be written.
    """
    config = RunConfig(seed=run.seed, device=run.device, threads=torch.get_num_threads())
    acting = [actor.plain() for actor in run.acting.actors]
    facts = {**environment(config, run.plugins, acting), "search": dict(search)}
    text = json.dumps(facts, indent=2) + "\n"
    write_text(folder / NAME, text, error=RunFolderError)
