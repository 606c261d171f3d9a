from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing import get_context, start_processes

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.beta_darts import beta_darts
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.enas import enas
from naslib_proxydata.oneshot.strategies.gdas import gdas
from naslib_proxydata.oneshot.strategies.robust_darts import robust_darts
from naslib_proxydata.oneshot.strategies.sdarts_adv import sdarts_adv
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.pruning.schedule import Schedule
from naslib_proxydata.runs.processes import (
    averaged,
    from_first,
    is_first,
)
from tests.oneshot.fakes import CLASSES, acting, coloured, make_learner, random_batch

SEARCHES = {
    "gdas": gdas,
    "enas": lambda: enas(picks=3, steps=1, cells=2),
    "robust-darts": robust_darts,  # draws inside the network
    "sdarts-adv": lambda: sdarts_adv(steps=1),
}
SEVERAL = 2


class Plain(nn.Module):
    """A network without batch statistics: three linear maps, weighed by the first edge."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        generator = torch.Generator().manual_seed(0)
        self.maps = nn.Parameter(torch.randn(3, CLASSES, 3, generator=generator))

    def forward(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        weights = mixtures[self.kind].weights[0, :3]
        return torch.einsum("o,ock,nk->nc", weights, self.maps.tanh(), images.mean((2, 3)).tanh())


def steps(strategy: Strategy, count: int) -> list[Tensor]:
    """Return all parameters after one step of each level on batches of so many examples."""
    learner = make_learner(strategy, weights_lr=0.1, weights_lr_min=0.0)
    network: Any = Plain(next(iter(learner.architecture.alpha)))
    learner.supernet, learner.weights = network, list(network.parameters())
    learner._make_optimizers()
    moment = Moment.of(learner.settings, 1, "test")
    one, two = random_batch(count, 1), random_batch(count, 2)
    loss, logits = learner.architecture_step(one, two, moment)
    alphas = [alpha.grad for alpha in learner.architecture.alpha.values()]
    learner.weights_step(one, moment)
    slopes = [weight.grad for weight in learner.weights]
    return [one for one in (loss, logits, *alphas, *slopes) if one is not None]


def all_steps() -> dict[str, list[Tensor]]:
    made = {"darts": lambda: darts(1), "darts-2nd": lambda: darts(2), "beta-darts": beta_darts}
    return {f"{name} {n}": steps(one(), n) for name, one in made.items() for n in (3, 9)}


def small_search(strategy: Strategy, folder: Path | None = None, epochs: int = 1) -> Search:
    pruner = BilevelPruner(Schedule(2, 0.3, 0.2))
    learner = make_learner(strategy, channels=2, epochs=epochs, image_reduction=2)
    plugins = acting(pruner) if folder or epochs > 1 else acting()
    return Search(coloured(32), learner, plugins, "nb201", folder=folder)


def state_of(search: Search) -> dict[str, Any]:
    result = search.run()
    return {
        "cell": result.cell,
        "metrics": [
            {k: v for k, v in one.metrics.items() if k != "seconds"} for one in result.records
        ],
        "active": {level: kept.tolist() for level, kept in search.active.items()},
        "strengths": result.records[-1].strengths,
        "weights": [one.detach() for one in search.learner.weights],
        "buffers": list(search.learner.supernet.buffers()),
    }


def work(number: int, folder: Path) -> None:
    """What each process does."""
    torch.set_num_threads(1)
    address = f"file://{folder}/address"
    dist.init_process_group("gloo", init_method=address, rank=number, world_size=SEVERAL)
    found: dict[str, Any] = {"steps": all_steps(), "first": from_first(number)}
    found["mean"] = averaged([torch.tensor([float(number)]), torch.tensor([number * 4.0])])
    found["searches"] = {name: state_of(small_search(one())) for name, one in SEARCHES.items()}
    kept = folder / "run" if is_first() else None
    (folder / "run").mkdir(exist_ok=True)
    found["searches"]["pruned"] = state_of(small_search(darts(), kept, epochs=2))
    torch.save(found, folder / f"{number}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("processes")
    # Both are forked from a third process that has imported this file once, without threads.
    get_context("forkserver").set_forkserver_preload([__name__])
    start_processes(work, (folder,), nprocs=SEVERAL, start_method="forkserver")
    return folder, [torch.load(folder / f"{number}.pt", weights_only=False) for number in range(2)]


def test_gradients_are_those_of_one_process(found: tuple[Path, list[dict[str, Any]]]) -> None:
    alone = all_steps()
    for process in found[1]:
        assert process["steps"].keys() == alone.keys()
        for name, expected in alone.items():
            for one, other in zip(process["steps"][name], expected, strict=True):
                torch.testing.assert_close(one, other, rtol=2e-4, atol=2e-6, msg=name)


def test_processes_end_alike(found: tuple[Path, list[dict[str, Any]]]) -> None:
    first, second = (one["searches"] for one in found[1])
    for name, mine in first.items():
        theirs = second[name]
        for key in ("cell", "metrics", "active", "strengths"):
            assert mine[key] == theirs[key], (name, key)
        # Picking ENAS's cell, after all epochs, moves each process's own averages.
        for key in ("weights",) if name == "enas" else ("weights", "buffers"):
            assert all(map(torch.equal, mine[key], theirs[key])), (name, key)


def test_values_of_the_first_and_means(found: tuple[Path, list[dict[str, Any]]]) -> None:
    for process in found[1]:
        assert process["first"] == 0
        assert [one.item() for one in process["mean"]] == [0.5, 2.0]


def test_one_process_takes_the_checkpoint_over(found: tuple[Path, list[dict[str, Any]]]) -> None:
    search = small_search(darts(), found[0] / "run", epochs=3)
    assert len(search.run().records) == 3
    assert [{k: v for k, v in one.metrics.items() if k != "seconds"} for one in search.records][
        :2
    ] == found[1][0]["searches"]["pruned"]["metrics"]
