"""The files of a selection: arrays in ``.npz``, all else in the ``.json`` beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.files import write_atomically, write_text
from naslib_proxydata.selection.base import SELECTION_ARRAYS, Selection
from naslib_proxydata.selection.origin import ScoreOrigin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 1
SELECTION = "selection.npz"
"""The selection's file in a run folder."""


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
    text = json.dumps(facts, indent=2, sort_keys=True) + "\n"
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays), error=SelectionError)
    write_text(sidecar, text, error=SelectionError)


def load_selection(path: Path) -> Selection:
    """Read what :func:`save_selection` wrote.

    Args:
        path: The ``.npz`` file, or a run folder that holds :data:`SELECTION`.

    Raises:
        SelectionError: A file is absent or damaged, or the two do not belong together.
    """
    path = path / SELECTION if path.is_dir() else path
    sidecar = _sidecar(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in SELECTION_ARRAYS}
        facts = json.loads(sidecar.read_text())
        if facts["format"] != FORMAT:
            raise SelectionError(f"{sidecar}: format {facts['format']!r}, expected {FORMAT}")
        if facts["arrays_sha256"] != _arrays_sha256(arrays):
            raise SelectionError(f"{path} and {sidecar} do not belong together; select again")
        return Selection(
            **arrays,
            dataset_size=int(facts["dataset_size"]),
            method=str(facts["method"]),
            parameters=dict(facts["parameters"]),
            seed=int(facts["seed"]),
            dataset=str(facts["dataset"]),
            fingerprint=str(facts["fingerprint"]),
            **_made_by(facts),
        )
    except FileNotFoundError as error:
        raise SelectionError(
            f"no file {error.filename}; a selection is an .npz file and the .json beside it, or "
            f"the run folder of naslib-proxydata select, which holds {SELECTION}"
        ) from None
    except SelectionError:
        raise
    except Exception as error:  # a damaged archive can fail in nearly every way
        raise SelectionError(f"{path} is not a readable selection: {error!r}") from None


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


def _arrays_sha256(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in SELECTION_ARRAYS:
        digest.update(f"{name} {len(arrays[name])} ".encode())
        digest.update(arrays[name].astype("<i8").tobytes())
    return digest.hexdigest()
