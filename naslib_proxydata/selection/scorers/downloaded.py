"""Weights that torch has downloaded before: whole, and nobody else's."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.private import UntrustedError, open_private

_SHA256_BEGINS = re.compile(r"-([0-9a-f]{8,64})\.")
"""In the name of a published file."""
_AGAIN = "remove it to download it again, or give another file by --weights FILE"


def check_downloaded(url: str) -> None:
    """Refuse the file that torch keeps of a download where it is not what was published.

    Torch compares the sha256 when it downloads, and never again; and it reads the file by an
    unpickler that runs what it finds. Where nothing is kept yet, nothing is checked.

    Raises:
        SelectionError: The file is damaged, or somebody else may have written it.
    """
    name = url.rpartition("/")[2]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.exists():
        return
    with boundary(path, SelectionError, _AGAIN):
        try:
            file = open_private(path)
        except UntrustedError as error:
            raise SelectionError(f"the weights {error}; or {_AGAIN}") from None
        found = hashlib.sha256()
        with file:
            while block := file.read(2**20):
                found.update(block)
    begins = _SHA256_BEGINS.search(name)
    if begins is not None and not found.hexdigest().startswith(begins[1]):
        raise SelectionError(
            f"the weights {path} are damaged: their sha256 begins with {found.hexdigest()[:8]}, "
            f"not with {begins[1]} as published; {_AGAIN}"
        )
