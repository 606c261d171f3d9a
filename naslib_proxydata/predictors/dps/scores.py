"""The scores of many proxies for the same architectures, with all that they share made once.

Images, label features, the networks' initial states, multiply-accumulates and the frozen barriers
do not depend on most of what a proxy sets. The MAC term is applied after the loss, so proxies that
differ in it alone share their losses.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.eproxy.config import EproxyConfig, Feature, resolve
from naslib_proxydata.predictors.eproxy.labels import feature
from naslib_proxydata.predictors.eproxy.mac_term import mac_term
from naslib_proxydata.predictors.eproxy.predictor import Eproxy, batch
from naslib_proxydata.predictors.eproxy.student import (
    Student,
    assemble,
    initial_trunk,
    make_barriers,
)
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.trunk import Trunk

TRUNK_BYTES = 256 * 2**20
"""Initial states of trunks are kept up to this size together; the longest unused go first."""
BARRIERS = 4
"""So many lists of barriers are kept, with their spectra; the longest unused go first."""


def training_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that decide the losses: all but the MAC term."""
    return {key: value for key, value in options.items() if not key.startswith("mac_")}


def training_key(options: Mapping[str, Any]) -> str:
    """Return the text that proxies of the same losses share."""
    return json.dumps(training_options(options), sort_keys=True)


def with_mac_term(score: float, config: EproxyConfig, macs: int) -> float:
    """Return a score times its :func:`mac_term`; a failed one, or no signal, stays as it is."""
    if not math.isfinite(score):
        return score  # -inf times a negative term would rank first
    return score * mac_term(macs, config.mac_alpha, config.mac_reference)


class ProxyScorer:
    """Scores architectures of one task by any proxy, without MAC term.

    Args:
        task: What the scores depend on besides proxy and architecture.
    """

    def __init__(self, task: ScoringTask[Any]) -> None:
        self.task = task
        self._shared = _Shared(task)
        self._predictor: tuple[str, _Sharing] | None = None

    def score(self, options: Mapping[str, Any], architecture: Any) -> Score:
        """Return the negative loss by a proxy with these options of Eproxy."""
        key = training_key(options)
        if self._predictor is None or self._predictor[0] != key:
            predictor = _Sharing(self._shared, training_options(options))
            predictor.prepare(self.task)
            self._predictor = key, predictor
        return self._predictor[1].score_one(architecture)


class _Shared:
    """What proxies share."""

    def __init__(self, task: ScoringTask[Any]) -> None:
        self.task = task
        self._images: dict[tuple[object, ...], Tensor] = {}
        self._features: dict[tuple[str, int, int], Tensor] = {}
        self._barriers: OrderedDict[str, list[nn.Module]] = OrderedDict()
        self._trunks: OrderedDict[tuple[Any, str], _Initial] = OrderedDict()
        self._trunk_bytes = 0

    def images(self, config: EproxyConfig) -> Tensor:
        """Return the batch."""
        key = (config.batch, config.augment, config.images)
        if key not in self._images:
            self._images[key] = batch(self.task, config)
        return self._images[key]

    def feature(self, name: Feature, images: Tensor, seed: int, branch: int = 0) -> Tensor:
        """Return a label feature of one of the batches; only ``net`` has one for each branch."""
        key = (name, id(images), branch if name == "net" else 0)
        if key not in self._features:
            self._features[key] = feature(name, images, seed, branch)
        return self._features[key]

    def barriers(self, config: EproxyConfig) -> list[nn.Module]:
        """Return the barriers, the same modules for proxies with the same ones."""
        shapes = [
            (branch.barrier_kernel, branch.mid_channels, branch.out_channels)
            for branch in config.branches
        ]
        key = json.dumps([shapes, config.barrier_init, config.barrier, config.shared_barrier])
        if key not in self._barriers:
            self._barriers[key] = make_barriers(config, self.task.seed)
        self._barriers.move_to_end(key)
        while len(self._barriers) > BARRIERS:
            self._barriers.popitem(last=False)
        return self._barriers[key]

    def trunk(
        self, architecture: Any, config: EproxyConfig, in_channels: int
    ) -> tuple[Trunk, torch.Generator]:
        """Return a trunk in its initial state, and the generator that its transforms go on with.

        It is the same trunk each time: who asks for it again takes it from who trained it before.
        """
        key = (architecture, config.network_init)
        if key not in self._trunks:
            task = self.task
            generator = torch_generator(task.seed, "eproxy", "network")
            made = task.space.trunk(architecture, generator, in_channels=in_channels)
            drawn = initial_trunk(made, config.network_init, task.seed)
            self._keep(key, _Initial(made, drawn))
        self._trunks.move_to_end(key)
        return self._trunks[key].restored()

    def _keep(self, key: tuple[Any, str], initial: _Initial) -> None:
        """Keep a trunk, and let others go until all fit."""
        self._trunks[key] = initial
        self._trunk_bytes += initial.bytes()
        while self._trunk_bytes > TRUNK_BYTES and len(self._trunks) > 1:
            _, gone = self._trunks.popitem(last=False)
            self._trunk_bytes -= gone.bytes()


class _Initial:
    """A trunk that can be trained many times, each time from its initial state."""

    def __init__(self, trunk: Trunk, drawn: torch.Generator) -> None:
        self._trunk = trunk
        self._state = [value.clone() for value in trunk.state_dict().values()]
        self._drawn = drawn.get_state()

    @torch.no_grad()
    def restored(self) -> tuple[Trunk, torch.Generator]:
        """Return the trunk as it was, and the generator as drawing its weights has left it."""
        self._trunk.zero_grad()
        for value, initial in zip(self._trunk.state_dict().values(), self._state, strict=True):
            value.copy_(initial)
        return self._trunk, torch.Generator().set_state(self._drawn)

    def bytes(self) -> int:
        """Return the size of the trunk and of its initial state together."""
        return 2 * sum(int(value.nbytes) for value in self._state)


class _Sharing(Eproxy[Any]):
    """Eproxy that takes what it can from what proxies share; its scores are the same."""

    def __init__(self, shared: _Shared, options: Mapping[str, Any]) -> None:
        super().__init__(**options)
        self._shared = shared

    def prepare(self, task: ScoringTask[Any]) -> None:
        """Bind to a task and take images, barriers and targets from what is shared."""
        Predictor.prepare(self, task)
        self.config = resolve(self._options, task.space.name)
        shared = self._shared
        self.share(shared.images(self.config), shared.barriers(self.config), shared.feature)

    def student(self, architecture: Any) -> Student:
        """Build the network that is trained around the trunk in its initial state."""
        config, seed = self.config, self.task.seed
        trunk, drawn = self._shared.trunk(architecture, config, self._images.shape[1])
        return assemble(trunk, self.barriers(trunk), config, self._size, seed, drawn)
