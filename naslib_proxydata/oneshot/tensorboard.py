"""TensorBoard events of a search, as an optional hook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from naslib_proxydata.errors import SearchError
from naslib_proxydata.hookspecs import SearchInfo, hookimpl


class TensorBoard:
    """Writes each epoch's metrics and cell.

    Args:
        folder: Where the event files go; ``tensorboard`` in the run folder where None.

    Raises:
        SearchError: The package ``tensorboard`` is not installed.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise SearchError(
                "TensorBoard events need the package tensorboard; pip install tensorboard"
            ) from None
        self._make_writer = SummaryWriter
        self._folder = folder

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Open the event file.

        Raises:
            SearchError: There is neither a folder of its own nor a run folder.
        """
        folder = self._folder or (info.folder and info.folder / "tensorboard")
        if folder is None:
            raise SearchError("TensorBoard events need a folder; give one, or a run folder")
        self._writer: Any = self._make_writer(str(folder))

    @hookimpl
    def epoch_finished(self, epoch: int, metrics: Mapping[str, float], cell: str) -> None:
        """Write one epoch."""
        for name, value in metrics.items():
            self._writer.add_scalar(f"search/{name}", value, epoch)
        self._writer.add_text("search/cell", cell, epoch)
        self._writer.flush()

    @hookimpl
    def search_finished(self) -> None:
        """Close the event file."""
        self._writer.close()
