"""Scoring a dataset, and the cache that makes a second selector cost nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from naslib_proxydata.cached import check_cache, read_cached, write_cached
from naslib_proxydata.code import foreign_code_version
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.sealed import DIGEST_BYTES
from naslib_proxydata.selection.large import IN_MEMORY
from naslib_proxydata.selection.origin import Scored, ScoreOrigin, array_sha256
from naslib_proxydata.selection.scorers.context import digest
from naslib_proxydata.version import installed_version

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.base import Scorer
    from naslib_proxydata.selection.scorers.context import ScoringContext

_log = logging.getLogger(__name__)
_ANEW = "the scores are computed anew"


def score_dataset(scorer: Scorer, context: ScoringContext) -> NDArray[np.floating[Any]]:
    """Return a scorer's array for a dataset, from the cache where it was computed before.

    The cache is keyed by the dataset's fingerprint, the scorer, its settings, the model, the
    recipe and the seed, by a batch size of the user's, and by the code of a scorer from outside
    this package. A pass over the dataset that was interrupted goes on there. Arrays above 1 GiB are
    kept as plain ``.npy``, and are not read into memory as a whole. An array that is damaged there,
    or that somebody else may have written, is named in a warning and computed anew; one that cannot
    be kept, on a disk that has become full, is named in a warning and returned.

    Returns:
        Scores, shape (n,), or features, shape (n, dimensions), in dataset order.

    Raises:
        SelectionError: The scorer fails or returned no such array, or the cache folder cannot be
            used, which is told before anything is computed.
        DatasetError: The scorer needs labels and the dataset has none.
    """
    if not scorer.cached:
        return _computed(scorer, context)
    key = cache_key(scorer, context)
    small, large = (context.cache / "scores" / f"{key}{suffix}" for suffix in (".npz", ".npy"))
    for path, decode in ((small, _decode), (large, _map)):
        found = read_cached(path, partial(_checked, decode, scorer, context.dataset), _ANEW)
        if found is not None:
            _log.info("scores %r come from the cache, %s", scorer.name, path)
            return found
    for folder in ("scores", "runs"):
        check_cache(
            context.cache / folder,
            error=SelectionError,
            advice="name another one with --cache or NASLIB_PROXYDATA_CACHE",
        )
    kept = small.with_name(f"{key}-{context.device.replace(':', '-')}.parts")
    array = _computed(scorer, replace(context, kept=kept))
    try:
        return _kept(array, small, large)
    except SelectionError as error:
        _log.warning("%s; the scores are used, but will be computed again next time", error)
        return array


def scored(scorer: Scorer, context: ScoringContext) -> Scored:
    """Return a scorer's array for a dataset, see :func:`score_dataset`, and how it was made."""
    values = score_dataset(scorer, context)
    model = scorer.model(context) if scorer.own_model else ""
    trained_here = context.pretrained is None or scorer.trains_anyway
    origin = ScoreOrigin(
        scorer=scorer.name,
        settings=dict(scorer.settings()),
        hardest=scorer.hardest if scorer.gives == "scores" else None,
        model=model,
        recipe=context.recipe.model_dump() if scorer.cached and trained_here else {},
        seed=context.seed if trained_here else None,
        training_accuracy=scorer.training_accuracy(context),
        version=installed_version(),
        dataset=context.dataset.name,
        fingerprint=context.dataset.fingerprint,
        values_sha256=array_sha256(values),
    )
    return Scored(values, origin)


def cache_key(scorer: Scorer, context: ScoringContext) -> str:
    """Return the name of a scorer's array, which is another whenever the array may be."""
    # Where there are none they leave no trace, so that what was stored before they were keys
    # of their own is found.
    own = {
        "settings": dict(scorer.settings()),
        "code": foreign_code_version(type(scorer)),
        "batch_size": context.batch_size,
    }
    present = {name: value for name, value in own.items() if value}
    training = context.training if scorer.trains_anyway else {}
    key = {**context.key(scorer.model(context)), **training}
    return digest({"scorer": scorer.name, **present, **key})


def _computed(scorer: Scorer, context: ScoringContext) -> NDArray[np.floating[Any]]:
    """Compute an array and refuse one that is not what scorers give."""
    given: Any = scorer.compute(context)
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SelectionError(
            f"scorer {scorer.name!r} returned a {type(given).__name__} that is no array: {error}; "
            "it must return a numpy array"
        ) from error
    _check_shape(array, scorer, context.dataset)
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.float64)
    if not np.issubdtype(array.dtype, np.floating):
        raise SelectionError(
            f"scorer {scorer.name!r} must return real numbers, got an array of {array.dtype}"
        )
    return array


def _check_shape(array: NDArray[Any], scorer: Scorer, dataset: Dataset) -> None:
    """Refuse an array that does not hold what the scorer gives for each example."""
    if _fits(array, scorer, dataset):
        return
    count = len(dataset)
    shape = f"({count}, dimensions)" if scorer.gives == "features" else f"({count},)"
    raise SelectionError(
        f"scorer {scorer.name!r} gives {scorer.gives}, so it must return an array of shape "
        f"{shape} for the {count} examples of {dataset.name!r}, got {array.shape}"
    )


def _fits(array: NDArray[Any], scorer: Scorer, dataset: Dataset) -> bool:
    """Return whether an array holds a number, or a vector, for each example."""
    count = len(dataset)
    axes = 2 if scorer.gives == "features" else 1
    return array.ndim == axes and len(array) == count and array.size >= count


def _kept(array: NDArray[np.floating[Any]], small: Path, large: Path) -> NDArray[Any]:
    """Write an array to the cache and return it; a large one as the file maps it.

    Raises:
        SelectionError: It cannot be written.
    """
    if array.nbytes <= IN_MEMORY:
        write_cached(
            small, lambda file: np.savez_compressed(file, array=array), error=SelectionError
        )
        return array
    write_cached(large, lambda file: np.save(file, array), error=SelectionError)
    with large.open("rb") as file:
        file.seek(DIGEST_BYTES)
        return _map(file)


def _checked(
    decode: Callable[[BinaryIO], NDArray[Any]], scorer: Scorer, dataset: Dataset, file: BinaryIO
) -> NDArray[np.floating[Any]]:
    """Return the array of a file, which must be one that the scorer can have given."""
    array = decode(file)
    if not np.issubdtype(array.dtype, np.floating) or not _fits(array, scorer, dataset):
        raise ValueError(f"{array.dtype} of shape {array.shape} for {len(dataset)} examples")
    return array


def _decode(file: BinaryIO) -> NDArray[Any]:
    with np.load(file, allow_pickle=False) as archive:
        return np.array(archive["array"])


def _map(file: BinaryIO) -> NDArray[Any]:
    """Map the array that begins where an open file is."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, columns_first, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("objects, expected numbers")
    order: Literal["F", "C"] = "F" if columns_first else "C"
    # numpy maps by descriptor where it is given a file, so it is the one that was checked.
    return np.memmap(file, dtype, "r", file.tell(), shape, order)
