"""The examples of a search whose levels train on two datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.selection.base import Selection

if TYPE_CHECKING:
    from naslib_proxydata.data.joined import JoinedDataset


def two_set_selection(joined: JoinedDataset, chosen: Selection | None, seed: int) -> Selection:
    """Return weight examples of the first dataset and all architecture examples of the second.

    Only the weight set shrinks (Moser et al., CVPR workshops 2022).

    Args:
        joined: Both datasets.
        chosen: A selection of the first, whose halves both train the weights; None for all.
        seed: Seed of the search.

    Raises:
        SelectionError: The selection was not made from the first dataset.
    """
    weights = joined.first.readable
    if chosen is not None:
        chosen.check_fits(joined.first)
        weights = np.union1d(chosen.weight_indices, chosen.architecture_indices)
    architecture = joined.second.readable + len(joined.first)
    return Selection(
        np.concatenate([weights, architecture]),
        weights,
        architecture,
        len(joined),
        "all" if chosen is None else chosen.method,
        {} if chosen is None else chosen.parameters,
        seed if chosen is None else chosen.seed,
        joined.name,
        joined.fingerprint,
    )
