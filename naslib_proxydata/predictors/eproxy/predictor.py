"""Eproxy: score an architecture by ten steps of regression (arXiv 2210.09459)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.eproxy.captured import Recorder
from naslib_proxydata.predictors.eproxy.config import EproxyConfig, preset_options, resolve
from naslib_proxydata.predictors.eproxy.labels import MakeFeature, feature, target
from naslib_proxydata.predictors.eproxy.mac_term import mac_term
from naslib_proxydata.predictors.eproxy.stacked import StackedStudent, assemble_stacked
from naslib_proxydata.predictors.eproxy.student import Student, assemble, make_barriers
from naslib_proxydata.predictors.eproxy.training import Training, losses, train
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.spaces.common.stacked import Builder, Stream, Way
from naslib_proxydata.spaces.common.trunk import Trunk

_PADDING = 4
TOGETHER = 256
"""Architectures that train at once on a GPU, where their space allows that."""


class Eproxy(Predictor[Architecture]):
    """The negative loss of a few steps of training against a fixed synthetic target.

    ``score = -mac_term sum_b branch_decay^b MSE_b`` (:mod:`mac_term`), read in the
    forward pass of the last iteration, or of ``read_at``, before its step (the release's
    definition). The training
    loss is the plain sum of the MSEs. ``details["losses"]`` holds the sum of every iteration,
    without the MAC term; MACs are those of the trunk that is trained, at 32x32.

    Args:
        **options: Fields of :class:`EproxyConfig`; what is not set comes from its ``preset``.

    Attributes:
        config: The resolved settings; those of the task's space once prepared.
        way: How convolutions of architectures that train at once are computed.

    Raises:
        ConfigError: An option is unknown or its value is not allowed.
    """

    name = "eproxy"
    way: Way = "direct"

    def __init__(self, **options: Any) -> None:
        self._options = options
        self.config: EproxyConfig = resolve(options, space=None)
        self._from_preset = preset_options(self.config.preset)
        self.images_needed = self.config.batch

    def settings(self) -> Mapping[str, Any]:
        """Return the options as given and what their preset sets, which decide the config."""
        return {**self._from_preset, "preset": self.config.preset, **self._options}

    def images_for(self, space: str) -> int:
        """Return the batch, which depends on the start point of the space."""
        return resolve({**self._options, "mac_alpha": 0.0}, space).batch

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Draw images, targets and barriers, which all architectures share."""
        super().prepare(task)
        self.config = resolve(self._options, task.space.name)
        self.share(batch(task, self.config), make_barriers(self.config, task.seed))

    def share(
        self, images: Tensor, barriers: Sequence[nn.Module], feature: MakeFeature = feature
    ) -> None:
        """Put in place what all architectures share: images, barriers, targets of features."""
        task = self.task
        self._recorder = Recorder()
        self._stream: Stream | None = None
        self._size = (images.shape[2] // 4, images.shape[3] // 4)
        self._barriers = [_placed(barrier, task.device) for barrier in barriers]
        self._targets = [
            target(
                branch, images, task.seed, feature, 0 if self.config.shared_label else number
            ).to(task.device, memory_format=torch.channels_last)
            for number, branch in enumerate(self.config.branches)
        ]
        self._images = images.to(task.device, memory_format=torch.channels_last)

    def student(self, architecture: Architecture) -> Student:
        """Build the network that is trained, in its initial state."""
        task = self.task
        trunk = task.space.trunk(
            architecture,
            torch_generator(task.seed, "eproxy", "network"),
            in_channels=self._images.shape[1],
        )
        return assemble(trunk, self.barriers(trunk), self.config, self._size, task.seed)

    def barriers(self, trunk: Trunk) -> Sequence[nn.Module]:
        """Return the frozen layers: those of all architectures, or of all of the trunk's width."""
        if self.config.transform:
            return self._barriers
        made = make_barriers(self.config, self.task.seed, trunk.channels)
        return [_placed(barrier, self.task.device) for barrier in made]

    def stacked(self, architectures: Sequence[Architecture]) -> StackedStudent | None:
        """Build the students of many architectures as one network, in its initial state.

        Returns:
            None where the space's architectures share no skeleton, or the initial weights are none
            that a stretch of uniform numbers gives.
        """
        task, config = self.task, self.config
        if not _stacks(task, config):
            return None
        if self._stream is None:
            generator = torch_generator(task.seed, "eproxy", "network")
            self._stream = Stream(generator, self._images.device)
        builder = Builder(self._stream, len(architectures), self.way, self._images.dtype)
        trunk = task.space.stacked_trunk(architectures, builder, in_channels=self._images.shape[1])
        if trunk is None:
            return None
        barriers = self.barriers(trunk)
        return assemble_stacked(trunk, barriers, config, self._size, task.seed, builder)

    def evaluate(self, architecture: Architecture) -> Score:
        """Train the architecture's trunk and return its negative loss with the MAC term."""
        student = _placed(self.student(architecture), self.task.device)
        if self._images.device.type == "cpu":
            return self._score(
                architecture, train(student, self._images, self._targets, self.config)
            )
        errors = self._recorder.run(self._training(student))
        return self._score(architecture, losses(errors, self.config))

    def together(self, task: ScoringTask[Architecture]) -> int:
        """Return how many architectures are trained at once: one, on the CPU."""
        config = resolve(self._options, task.space.name)
        return TOGETHER if task.device.startswith("cuda") and _stacks(task, config) else 1

    def evaluate_many(self, architectures: Sequence[Architecture]) -> list[Score | float]:
        """Train the trunks of many architectures at once where the space allows that."""
        student = self.stacked(architectures)
        if student is None:
            return super().evaluate_many(architectures)
        errors = self._recorder.run(self._training(student)).cpu()
        return [
            self._score(architecture, losses(errors[:, :, row], self.config))
            for row, architecture in enumerate(architectures)
        ]

    def _training(self, student: nn.Module) -> Training:
        return Training(student, self._images, self._targets, self.config, steady=True)

    def _score(self, architecture: Architecture, losses: list[float]) -> Score:
        """Return the negative loss of the last iteration with the MAC term."""
        details = {"losses": losses}
        read_at = self.config.read_at or self.config.iterations
        if len(losses) < read_at or not math.isfinite(losses[read_at - 1]):
            return Score(math.nan, f"the loss diverged at iteration {len(losses)}", details=details)
        return Score(-losses[read_at - 1] * self._mac_term(architecture), details=details)

    def _mac_term(self, architecture: Architecture) -> float:
        config, space = self.config, self.task.space
        if not config.mac_alpha:
            return 1.0  # nothing is counted in a space that may not know how
        macs = space.scored_macs(architecture)
        return mac_term(macs, config.mac_alpha, config.mac_reference)


def _stacks(task: ScoringTask[Any], config: EproxyConfig) -> bool:
    """Return whether many architectures give the networks, and the weights, of one by one.

    A space that only inherits ``stacked_trunk`` may have changed its networks since.
    """
    return config.network_init == "default" and "stacked_trunk" in vars(type(task.space))


def batch(task: ScoringTask[Any], config: EproxyConfig) -> Tensor:
    """Draw the images, shape (batch, channels, image_size, image_size), normalised.

    Each is cropped out of its padding by 4 zero pixels and flipped with probability 1/2 where
    ``config.augment`` is set. Gaussian noise of the same shape replaces them in the ablation.
    """
    generator = torch_generator(task.seed, "eproxy", "images")
    size = task.space.image_size
    pixels = task.images.first(config.batch)
    if pixels.shape[2:] != (size, size):
        pixels = F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
    if config.images == "noise":
        return torch.randn(pixels.shape, generator=generator)
    if config.augment:
        pixels = crop_and_flip(pixels, generator)
    return task.images.normalise(pixels)


def crop_and_flip(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Shift images (n, channels, h, w) by up to 4 pixels into black and mirror about half."""
    n, _, height, width = pixels.shape
    padded = F.pad(pixels, (_PADDING,) * 4)
    corners = torch.randint(0, 2 * _PADDING + 1, (n, 2), generator=generator).tolist()
    mirrored = torch.rand(n, generator=generator) < 0.5
    crops = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    stacked = torch.stack(crops)
    return torch.where(mirrored.view(-1, 1, 1, 1), stacked.flip(-1), stacked)


def _placed(module: nn.Module, device: str) -> Any:
    """Move a network to where the images are, in their memory format."""
    return module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
