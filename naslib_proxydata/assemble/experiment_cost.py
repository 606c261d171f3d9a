"""How many examples a planned search processes, where that can be known before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naslib_proxydata.assemble.experiment import PlannedSearch

BATCH = 64
"""Batch size where the search's own is not settled yet: DARTS'."""


def most_examples(one: PlannedSearch) -> str:
    """Return in words how many examples go through the network in one search.

    Known where the selection has a size and the search its epochs, and the architecture trains on
    a part of the selection rather than on images that nothing shrinks; a pruner takes some of them,
    how many depends on what it sees.
    """
    epochs = one.search.training.get("epochs")
    select = one.select
    apart = one.search.architecture_dataset is not None or (select and select.keep_architecture)
    if epochs is None or select is None or select.size is None or apart:
        return "examples to process depend on the dataset"
    weights = int(select.split[0] * select.size)
    whole = sum(select.split) > 1 - 1e-9
    architecture = select.size - weights if whole else int(select.split[1] * select.size)
    each = epoch_examples(weights, architecture, one.search.training.get("batch_size", BATCH))
    if one.search.training.get("epoch_of", "longer") != "longer":
        return "examples to process depend on the length of its epochs"
    known = f"{int(epochs) * each:,} examples to process"
    return (
        f"at most {known}, less what {one.search.pruner.name} prunes"
        if one.search.pruner
        else known
    )


def epoch_examples(weights: int, architecture: int, batch: int) -> int:
    """Return the examples of an epoch: the longer level once, the other as often as it takes."""
    longer, shorter = max(weights, architecture), min(weights, architecture)
    batches, cycle = -(-longer // batch), -(-shorter // batch)
    whole, rest = divmod(batches, cycle)
    return longer + whole * shorter + min(rest * batch, shorter)
