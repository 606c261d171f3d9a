"""The files of a selection: arrays in ``.npz``, all else in the ``.json`` beside it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import SelectionError, shown
from naslib_proxydata.files import write_atomically, write_text
from naslib_proxydata.numpy_files import read_npz
from naslib_proxydata.opening import read_file
from naslib_proxydata.selection.base import SELECTION_ARRAYS, Selection
from naslib_proxydata.selection.origin import ScoreOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 1
SELECTION = "selection.npz"
"""The selection's file in a run folder."""
_ADVICE: Final = (
    "select again, or give the .npz file of a selection, with the .json beside it, or the run "
    f"folder of naslib-proxydata select, which holds {SELECTION}"
)


def save_selection(selection: Selection, path: Path) -> None:
    """Write ``path`` (``.npz``, three arrays) and the ``.json`` beside it, each atomically.

    Raises:
        SelectionError: The path does not end in ``.npz`` or cannot be written.
    """
    sidecar = _sidecar(path)
    arrays = {name: getattr(selection, name) for name in SELECTION_ARRAYS}
    facts = {
        "format": FORMAT,
        "method": selection.method,
        "parameters": dict(selection.parameters),
        "seed": selection.seed,
        "size": selection.size,
        "dataset": selection.dataset,
        "dataset_size": selection.dataset_size,
        "fingerprint": selection.fingerprint,
        "labels_sha256": selection.labels_sha256,
        "shares": selection.shares and list(selection.shares),
        "version": selection.version,
        "scores": selection.scores and selection.scores.facts(),
        "arrays_sha256": _arrays_sha256(arrays),
    }
    sealed = {**facts, "facts_sha256": _facts_sha256(facts)}
    text = json.dumps(sealed, indent=2, sort_keys=True) + "\n"
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays), error=SelectionError)
    write_text(sidecar, text, error=SelectionError)


def load_selection(path: Path) -> Selection:
    """Read what :func:`save_selection` wrote.

    Args:
        path: The ``.npz`` file, or a run folder that holds :data:`SELECTION`.

    Raises:
        SelectionError: A file is absent or damaged, or the two do not belong together.
    """
    path = path / SELECTION if os.path.isdir(path) else path  # unlike Path's, it takes any path
    sidecar = _sidecar(path)
    arrays = read_npz(path, SelectionError, _ADVICE, SELECTION_ARRAYS)
    text = read_file(sidecar, SelectionError, _ADVICE)
    with boundary(sidecar, SelectionError, _ADVICE):
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise SelectionError(f"{sidecar}: format {shown(facts['format'])}, expected {FORMAT}")
        if set(arrays) != set(SELECTION_ARRAYS) or facts["arrays_sha256"] != _arrays_sha256(arrays):
            raise SelectionError(f"{path} and {sidecar} do not belong together; select again")
        chosen, weights, architecture = (arrays[name] for name in SELECTION_ARRAYS)
        selection = Selection(
            chosen,
            weights,
            architecture,
            dataset_size=int(facts["dataset_size"]),
            method=str(facts["method"]),
            parameters=dict(facts["parameters"]),
            seed=int(facts["seed"]),
            dataset=str(facts["dataset"]),
            fingerprint=str(facts["fingerprint"]),
            **_made_by(facts),
        )
        # Earlier versions did not seal what they say beside the arrays.
        if facts.pop("facts_sha256", None) not in (None, _facts_sha256(facts)):
            raise SelectionError(f"{sidecar} was changed after it was written; select again")
        return selection


def _made_by(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the selection was made; earlier versions did not say."""
    shares, scores = facts.get("shares"), facts.get("scores")
    return {
        "shares": None if shares is None else (float(shares[0]), float(shares[1])),
        "version": str(facts.get("version", "")),
        "scores": None if scores is None else ScoreOrigin.model_validate(scores),
        "labels_sha256": str(facts.get("labels_sha256", "")),
    }


def _sidecar(path: Path) -> Path:
    if path.suffix != ".npz":
        raise SelectionError(f"a selection is a run folder or a file that ends in .npz, got {path}")
    return path.with_suffix(".json")


def _facts_sha256(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _arrays_sha256(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in SELECTION_ARRAYS:
        digest.update(f"{name} {len(arrays[name])} ".encode())
        digest.update(arrays[name].astype("<i8").tobytes())
    return digest.hexdigest()
