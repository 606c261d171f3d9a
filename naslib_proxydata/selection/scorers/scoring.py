"""Scorers by name, and the cache that makes a second selector cost nothing."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError, unknown_name
from naslib_proxydata.files import write_atomically
from naslib_proxydata.selection.scorers.base import Scorer, Workplace, digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)
_ROOM = "naslib_proxydata.selection.scorers"

SCORERS = {
    "entropy": f"{_ROOM}.outputs:EntropyScorer",
    "el2n": f"{_ROOM}.outputs:EL2NScorer",
    "margin": f"{_ROOM}.outputs:MarginScorer",
    "loss": f"{_ROOM}.outputs:LossScorer",
    "forgetting": f"{_ROOM}.histories:ForgettingScorer",
    "features": f"{_ROOM}.histories:FeatureScorer",
    "pixels": f"{_ROOM}.plain:PixelScorer",
    "class": f"{_ROOM}.plain:ClassScorer",
    "reconstruction": f"{_ROOM}.reconstruction:ReconstructionScorer",
    "transfer": f"{_ROOM}.transfer:TransferScorer",
}


def make_scorer(name: str) -> Scorer:
    """Return a scorer by name.

    Raises:
        SelectionError: There is none of this name.
    """
    if name not in SCORERS:
        raise SelectionError(unknown_name("scorer", name, SCORERS))
    module, _, attribute = SCORERS[name].partition(":")
    scorer: Scorer = getattr(importlib.import_module(module), attribute)()
    return scorer


def score_dataset(name: str, workplace: Workplace) -> NDArray[np.floating[Any]]:
    """Return a scorer's array for a dataset, from the cache where it was computed before.

    The cache is keyed by the dataset's fingerprint, the scorer, the model, the recipe and the
    seed.

    Raises:
        SelectionError: The scorer is unknown or fails.
        DatasetError: The scorer needs labels and the dataset has none.
    """
    scorer = make_scorer(name)
    if not scorer.cached:
        return scorer.compute(workplace)
    key = digest({"scorer": name, **workplace.key(scorer.model(workplace))})
    path = workplace.cache / "scores" / f"{key}.npz"
    if path.is_file():
        _log.info("scores %r come from the cache, %s", name, path)
        with np.load(path, allow_pickle=False) as archive:
            return np.array(archive["array"])
    array = scorer.compute(workplace)
    write_atomically(
        path, lambda file: np.savez_compressed(file, array=array), error=SelectionError
    )
    return array
