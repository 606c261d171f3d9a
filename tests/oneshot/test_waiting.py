"""No batch of a search waits for the device, or copies what it need not.

The device is torch's ``meta``: it has shapes and no values, so that whatever reads a value fails by
itself, and two modes look at every call besides. What they cannot see: waits inside of an
operation (of an allocator, or of a kernel that asks how large its result is), whether memory is
really pinned, and how long anything takes. ``benchmarks/gpu/search_step.py`` counts the first where
there is a GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.loader import Batch, BatchLoader
from naslib_proxydata.data.transforms import CropAndFlip
from naslib_proxydata.hookspecs import LEVELS
from naslib_proxydata.oneshot import host
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Meter, Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies import enas
from naslib_proxydata.plugins import load
from naslib_proxydata.pruning.baselines import EL2NPruner
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.pruning.infobatch import InfoBatchPruner
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import CLASSES, acting, coloured

PLUGINS = load()
FAKE = "meta"


class WaitedError(AssertionError):
    """A batch did what a GPU would have had to be waited for."""


def is_there(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type == FAKE


def is_here(value: object) -> bool:
    return isinstance(value, Tensor) and value.device.type == "cpu"


def flat(given: object) -> Sequence[object]:
    """The arguments in a list, which is as deep as operations go; pytree takes most of a test."""
    return given if isinstance(given, list | tuple) else (given,)


class NoHostIndex(TorchFunctionMode):
    """Fails where the host gives indices or values: torch copies them behind its operations."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in ("__getitem__", "__setitem__") and is_there(args[0]):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            for one in index:
                if isinstance(one, list | np.ndarray) or (is_here(one) and one.ndim):
                    raise WaitedError(f"an index of the host: {one}")
        if name in ("tensor", "as_tensor") and str(kwargs.get("device", "cpu")) == FAKE:
            raise WaitedError(f"values of the host: {args}")
        return func(*args, **kwargs)


class NoWaiting(TorchDispatchMode):
    """Fails on whatever waits for the device; counts copies to it that nobody waits for."""

    WAITING = ("_local_scalar_dense", "nonzero", "is_nonzero", "masked_select", "unique", "equal")

    def __init__(self) -> None:
        super().__init__()
        self.copies = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = func.overloadpacket.__name__
        leaves = [one for given in (*args, *kwargs.values()) for one in flat(given)]
        there = any(is_there(one) for one in leaves)
        if there and name.startswith(self.WAITING):
            raise WaitedError(str(func))
        if name == "_to_copy":
            target = torch.device(kwargs.get("device") or args[0].device).type
            self._copied(str(func), args[0].device.type, target, kwargs.get("non_blocking"))
        if name == "copy_":
            waits = not (args[2] if len(args) > 2 else kwargs.get("non_blocking", False))
            self._copied(str(func), args[1].device.type, args[0].device.type, not waits)
        if name.startswith("index") and there and any(is_here(one) for one in leaves):
            raise WaitedError(f"{func} with an index of the host")
        args = tuple(None if isinstance(one, torch.Generator) else one for one in args)
        if kwargs.get("generator") is not None:  # there is no generator of a meta device
            kwargs["generator"] = None
        if name == "_dirichlet_grad":  # has no meta kernel; the gradient has the sample's shape
            return torch.empty_like(args[0])
        return func(*args, **kwargs)

    def _copied(self, what: str, source: str, target: str, free: bool | None) -> None:
        if source == target:
            return
        if target != FAKE or not free:
            raise WaitedError(f"{what} from {source} to {target}")
        self.copies += 1


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The tensors that the host has read by the one function that may wait; it gets ones."""
    seen: list[Tensor] = []

    def read(tensor: Tensor) -> Tensor:
        seen.append(tensor)
        return torch.ones(tensor.shape, dtype=tensor.dtype)

    monkeypatch.setattr(host, "read", read)
    monkeypatch.setattr(enas, "read", read)
    monkeypatch.setattr("naslib_proxydata.data.loader.BatchLoader._draws", lambda loader: HERE)
    return seen


HERE = torch.Generator().manual_seed(0)


OPTIONS: dict[str, dict[str, Any]] = {
    "p-darts": {"depths": (1, 1, 1)},
    "sdarts-adv": {"steps": 1},
    "enas": {"steps": 1, "cells": 2, "picks": 1},
}


def made_copies(name: str, space: str, *actors: object, resident: bool = True) -> int:
    """Make the second pair of batches of an epoch; return how often it copied to the device."""
    strategy = PLUGINS.create("strategies", name, **OPTIONS.get(name, {}))
    sizes = {} if space == "mobilenet" else {"cells": 1}
    builder = supernet_builder(
        PLUGINS, space, channels=8, num_classes=CLASSES, partial=strategy.partial, **sizes
    )
    given = {"epochs": 4, "batch_size": 8, "warm_up": 0, "device": FAKE}
    settings = SearchSettings.parse({**strategy.published(space), **given}, "a test")
    learner = Learner(builder, strategy, settings, cells=1)
    images = coloured(24, 32 if space == "mobilenet" else 8)
    search = Search(images, learner, acting(*actors), space)
    search._choose()
    search.acting.hook.search_started(info=search._info())
    skips = 0.3 if name == "p-darts" else 0.0
    moment = Moment(2, 4, HERE, skips, host=HERE, device=FAKE)
    held = images.pixels(np.arange(len(images))).to(FAKE) if resident else None
    loaders = [_loader(images, search.active[level], held) for level in LEVELS]
    modes = NoWaiting()
    with modes:  # order and labels are copied once an epoch, before its first batch
        first = [next(loader) for loader in loaders]
    modes.copies = 0
    with NoHostIndex(), modes:
        weights, architecture = (next(loader) for loader in loaders)
        search._pair(weights, architecture, moment, {level: Meter() for level in LEVELS})
        if strategy.phase is not None and name not in BETWEEN_EPOCHS:
            strategy.phase.run(learner, first, moment)
    return modes.copies


def _loader(
    images: ArrayDataset, active: NDArray[np.int64], held: Tensor | None
) -> Iterator[Batch]:
    loader = BatchLoader(
        images,
        active,
        batch_size=4,
        generator=torch_generator(1),
        augment=CropAndFlip(),
        device=FAKE,
        weights=np.ones(len(active)),
        resident=held,
    )
    return iter(loader)


BETWEEN_EPOCHS = ("darts-pt",)
"""Their phase decides between epochs, on the host: it reads once a decision, and in no batch."""

CHOSEN_ON_THE_HOST = {"gdas": (2, 2), "random-sharing": (2, 1), "enas": (4, 1)}
"""Copies that nobody waits for (two cells are drawn in a pair, two in ENAS's step), and reads: of
alpha and of what is allowed, of the latter alone, of the accuracies of a step."""


@pytest.mark.parametrize("name", PLUGINS.names("strategies"))
def test_no_batch_of_a_strategy_waits(name: str, reads: list[Tensor]) -> None:
    assert (made_copies(name, "nb201"), len(reads)) == CHOSEN_ON_THE_HOST.get(name, (0, 0))


@pytest.mark.parametrize("space", ["darts", "s4", "nb1shot1-3"])
def test_no_batch_of_a_supernet_waits(space: str, reads: list[Tensor]) -> None:
    assert (made_copies("darts", space), len(reads)) == (0, 0)


def test_no_forward_pass_of_a_chain_waits(reads: list[Tensor]) -> None:
    builder = supernet_builder(PLUGINS, "mobilenet", channels=4, cells=1, num_classes=CLASSES)
    settings = SearchSettings.parse({"device": FAKE}, "a test")
    learner = Learner(builder, PLUGINS.create("strategies", "gdas"), settings)
    images = torch.zeros(4, 3, 32, 32, device=FAKE)
    # The mode leaves only the global generator to draw from, and ones that are read allow absent
    # candidates too: from this seed none of them is drawn.
    rng = torch.random.fork_rng(devices=[])
    with rng, torch.no_grad(), NoHostIndex(), NoWaiting() as modes:
        torch.manual_seed(4)
        learner.supernet(images, learner.mixtures(Moment(1, 4, HERE, host=HERE, device=FAKE)))
    assert (modes.copies, len(reads)) == (1, 2)


@pytest.mark.parametrize("pruner", [BilevelPruner(), EL2NPruner(epoch=2), InfoBatchPruner()])
def test_pruners_get_the_indices_and_wait_for_nothing(pruner: object, reads: list[Tensor]) -> None:
    first = 2 * isinstance(pruner, InfoBatchPruner)  # its losses begin as nan
    assert made_copies("robust-darts", "nb201", pruner) == 2 + first
    assert not reads


def test_images_that_are_not_on_the_device_are_copied_once_a_batch(reads: list[Tensor]) -> None:
    assert made_copies("darts", "nb201", resident=False) == 2


def test_values_are_read_once_after_each_change(reads: list[Tensor]) -> None:
    values, alpha = host.HostValues(), torch.zeros(6, 5, device=FAKE)
    for _ in range(2):
        values.of(alpha), values.of(alpha)
        alpha.add_(1)
    assert len(reads) == 2
    here = torch.zeros(2)
    assert values.of(here) is not here
    assert len(reads) == 2


@pytest.mark.parametrize(
    "waits",
    [
        lambda there: there[[0, 1]],
        lambda there: there[torch.tensor([0, 1])],
        lambda there: there.sum().item(),
        lambda there: there.tolist(),
        lambda there: there.cpu(),
        lambda there: bool((there > 0).any()),
        lambda there: torch.zeros(2).to(FAKE),
        lambda there: torch.tensor([1.0], device=FAKE),
    ],
)
def test_the_modes_see(waits: Callable[[Tensor], object]) -> None:
    with NoHostIndex(), NoWaiting(), pytest.raises(WaitedError):
        waits(torch.zeros(4, 3, device=FAKE))
