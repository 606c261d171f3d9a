"""Memory in pages of 2 MiB for torch's tensors, of which a processor knows far more by heart."""

from __future__ import annotations

import os
from typing import Final

_VARIABLE: Final = "THP_MEM_ALLOC_ENABLE"


def ask_for_huge_pages() -> None:
    """Let torch ask Linux for them, here if torch is not loaded yet, and in processes started.

    What a user has set stays.
    """
    os.environ.setdefault(_VARIABLE, "1")
