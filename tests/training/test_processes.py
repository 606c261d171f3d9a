"""Two gloo processes that train together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.multiprocessing import get_context, start_processes

from tests.training.fakes import TRICKS, plain_network, training_of, weights_of

SEVERAL = 2
NO_DRAWS: dict[str, Any] = {"padding": 0, "flip": False, "epochs": 2, "batch_size": 15}


def work(number: int, folder: Path) -> None:
    """What each process does."""
    torch.set_num_threads(1)
    address = f"file://{folder}/address"
    dist.init_process_group("gloo", init_method=address, rank=number, world_size=SEVERAL)
    plain = training_of(network=plain_network(), **NO_DRAWS)
    found: dict[str, Any] = {"plain": plain.run(), "plain weights": weights_of(plain)}
    tricks: dict[str, Any] = {**TRICKS, "epochs": 2}
    kept = folder / "run" if number == 0 else None
    (folder / "run").mkdir(exist_ok=True)
    cell = training_of(kept, size=32, count=33, **tricks)
    found |= {"cell": cell.run(), "cell weights": weights_of(cell)}
    again = training_of(kept, size=32, count=33, **tricks)  # from the checkpoint of the first
    found |= {"again": again.run(), "again weights": weights_of(again)}
    torch.save(found, folder / f"{number}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("processes")
    get_context("forkserver").set_forkserver_preload([__name__])
    start_processes(work, (folder,), nprocs=SEVERAL, start_method="forkserver")
    return [torch.load(folder / f"{number}.pt", weights_only=False) for number in range(SEVERAL)]


def test_a_network_without_batch_statistics_is_trained_as_by_one_process(
    found: list[dict[str, Any]],
) -> None:
    """48 images in batches of 15: the last one has 3, unequal shares."""
    alone = training_of(network=plain_network(), **NO_DRAWS)
    expected = alone.run()
    weights = weights_of(alone)
    for process in found:
        for name, one in weights.items():
            torch.testing.assert_close(process["plain weights"][name], one, rtol=1e-5, atol=1e-6)
        for ours, theirs in zip(process["plain"].records, expected.records, strict=True):
            assert ours.training.loss == pytest.approx(theirs.training.loss, rel=1e-5)
            assert ours.validation.loss == pytest.approx(theirs.validation.loss, rel=1e-5)
        assert process["plain"].test.top1 == expected.test.top1  # type: ignore[union-attr]


def test_processes_end_alike(found: list[dict[str, Any]]) -> None:
    first, second = found
    assert [one.training for one in first["cell"].records] == [
        one.training for one in second["cell"].records
    ]
    trained = [name for name in first["cell weights"] if "running" not in name]
    for name in trained:
        torch.testing.assert_close(first["cell weights"][name], second["cell weights"][name])
    assert first["cell"].test == second["cell"].test


def test_both_take_over_the_checkpoint_of_the_first(found: list[dict[str, Any]]) -> None:
    for process in found:
        assert len(process["again"].records) == 2
        assert process["again"].test == found[0]["cell"].test
