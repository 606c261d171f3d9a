"""The AnyNet spaces of NDS (arXiv 1905.13214): Vanilla, ResNet, ResNeXt-A and -B by stages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import ArchitectureError, closest, shown
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import GraphView
from naslib_proxydata.spaces.nds.anynet_counts import convolutions
from naslib_proxydata.spaces.nds.anynet_settings import (
    BASIC,
    BOTTLENECK,
    CHOICES,
    PLAIN,
    SCORED_STEM,
    STEM_STRIDES,
    AnyNetSettings,
    Stage,
)
from naslib_proxydata.spaces.nds.record import (
    LARGEST_DEPTH,
    LARGEST_WIDTH,
    read_record,
    write_record,
)

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

KEYS = ("block_type", "bot_muls", "ds", "num_gs", "ss", "ws")
NORM_FLOPS = 5


class AnyNet(ConstructedSpace[AnyNetSettings]):
    """One family on CIFAR-10 or ImageNet; a text is a record's ``net`` as compact JSON.

    The first entry of a record's lists is the stem: of stride 1 a 3x3 convolution (CIFAR), of
    stride 4 a 7x7 of stride 2 and max pooling, of stride 8 three 3x3 of stride 2.

    Args:
        family: One of :data:`anynet_settings.CHOICES`.
    """

    def __init__(self, family: str) -> None:
        self.name = f"nds-{family}"
        self.choices = CHOICES[family]
        if family.endswith("-in"):
            self.published_size, self.published_classes = 224, 1000

    def parse(self, text: str) -> AnyNetSettings:
        """Read a network's JSON.

        Raises:
            ArchitectureError: It is not JSON, or not a network of this family.
        """
        return self.from_record(read_record(text, self.name, f"the keys {', '.join(KEYS)}"))

    def from_record(self, settings: Any) -> AnyNetSettings:
        """Read the ``net`` of a record.

        Raises:
            ArchitectureError: It is not a network of this family.
        """
        if not isinstance(settings, dict) or set(settings) != set(KEYS):
            got = sorted(settings) if isinstance(settings, dict) else settings
            raise ArchitectureError(f"{self.name}: expected the keys {KEYS}, got {shown(got)}")
        block = settings["block_type"]
        if block != self.choices.block_type:
            known = (PLAIN, BASIC, BOTTLENECK)
            raise ArchitectureError(
                f"{self.name}: block_type must be {self.choices.block_type!r}, got {shown(block)}."
                f"{closest(block, known) if isinstance(block, str) else ''}"
            )
        stages = len(self.choices.strides)
        is_bottleneck = block == BOTTLENECK
        for key in ("ds", "ws", "ss"):
            self._check(key, settings[key], stages, int)
        for key, kind in (("bot_muls", (int, float)), ("num_gs", int)):
            self._check(key, settings[key], stages if is_bottleneck else 0, kind)
        lists = [settings[key] for key in ("ds", "ws", "ss")]
        if is_bottleneck:
            lists += [[float(ratio) for ratio in settings["bot_muls"]], settings["num_gs"]]
        net = AnyNetSettings(block, tuple(Stage(*one) for one in zip(*lists, strict=True)))
        self._check_stages(net)
        return net

    def _check(self, key: str, values: Any, length: int, kind: Any) -> None:
        right = isinstance(values, list) and len(values) == length
        if not right or not all(_is_finite(one, kind) for one in values):
            raise ArchitectureError(
                f"{self.name}: {key} must be a list of {length} numbers, got {shown(values)}"
            )

    def _check_stages(self, net: AnyNetSettings) -> None:
        stem, *stages = net.stages
        if max(stage.depth for stage in net.stages) > LARGEST_DEPTH:
            raise ArchitectureError(
                f"{self.name}: a stage has at most {LARGEST_DEPTH:,} blocks, got {net}"
            )
        if stem.depth != 1 or stem.stride not in STEM_STRIDES or stem.width < 2:
            raise ArchitectureError(
                f"{self.name}: the first stage is the stem, of depth 1 and a stride of "
                f"{STEM_STRIDES}, got {stem}"
            )
        for number, stage in enumerate(stages, start=2):
            if min(stage.depth, stage.width) < 1 or stage.stride not in (1, 2):
                raise ArchitectureError(f"{self.name}: stage {number} cannot be built: {stage}")
            if net.block_type == BOTTLENECK and not _divides(stage):
                raise ArchitectureError(
                    f"{self.name}: stage {number}: {stage.groups} groups do not divide its inner "
                    f"width of {stage.inner} channels"
                )

    def text(self, architecture: AnyNetSettings) -> str:
        """Return the network's JSON."""
        stages = architecture.stages
        is_bottleneck = architecture.block_type == BOTTLENECK
        record = {
            "block_type": architecture.block_type,
            "bot_muls": [stage.ratio for stage in stages] if is_bottleneck else [],
            "ds": [stage.depth for stage in stages],
            "num_gs": [stage.groups for stage in stages] if is_bottleneck else [],
            "ss": [stage.stride for stage in stages],
            "ws": [stage.width for stage in stages],
        }
        return write_record(record)

    def sample(self, generator: np.random.Generator) -> AnyNetSettings:
        """Draw every stage uniformly from the family's choices that can be built."""
        chosen = self.choices
        ratio, groups = (1.0, 1) if chosen.ratios else (0.0, 0)
        stages = [Stage(1, chosen.stem, chosen.strides[0], ratio, groups)]
        for stride in chosen.strides[1:]:
            stage = self._draw(stride, generator)
            while chosen.ratios and not _divides(stage):
                stage = self._draw(stride, generator)
            stages.append(stage)
        return AnyNetSettings(chosen.block_type, tuple(stages))

    def _draw(self, stride: int, generator: np.random.Generator) -> Stage:
        chosen = self.choices
        depth = chosen.depths[int(generator.integers(len(chosen.depths)))]
        width = chosen.widths[int(generator.integers(len(chosen.widths)))]
        if not chosen.ratios:
            return Stage(depth, width, stride)
        ratio = chosen.ratios[int(generator.integers(len(chosen.ratios)))]
        groups = chosen.groups[int(generator.integers(len(chosen.groups)))]
        return Stage(depth, width, stride, ratio, groups)

    def neighbours(self, architecture: AnyNetSettings) -> Sequence[AnyNetSettings]:
        """Return the networks that differ in one number of one stage."""
        old = architecture.stages
        return [
            AnyNetSettings(architecture.block_type, (*old[:place], stage, *old[place + 1 :]))
            for place in range(1, len(old))
            for stage in self._edits(old[place])
            if not self.choices.ratios or _divides(stage)
        ]

    def _edits(self, stage: Stage) -> Iterator[Stage]:
        chosen = self.choices
        yield from (replace(stage, depth=one) for one in chosen.depths if one != stage.depth)
        yield from (replace(stage, width=one) for one in chosen.widths if one != stage.width)
        yield from (replace(stage, ratio=one) for one in chosen.ratios if one != stage.ratio)
        yield from (replace(stage, groups=one) for one in chosen.groups if one != stage.groups)

    def construct_network(
        self, architecture: AnyNetSettings, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, stages, global mean and classifier."""
        from naslib_proxydata.spaces.common.networks import Classifier
        from naslib_proxydata.spaces.nds.anynet_network import AnyNetTrunk

        return Classifier(AnyNetTrunk(architecture, in_channels), num_classes)

    def construct_trunk(self, architecture: AnyNetSettings, in_channels: int) -> Trunk:
        """Construct the scored trunk; see :func:`anynet_network.scored_trunk`."""
        from naslib_proxydata.spaces.nds.anynet_network import scored_trunk

        return scored_trunk(architecture, in_channels)

    def graph_view(self, architecture: AnyNetSettings) -> GraphView:
        """Return a chain as numbers: what each stage is, and the blocks of all stages."""
        stages = architecture.stages[1:]
        numbers = {"log blocks": math.log(sum(stage.depth for stage in stages))}
        for place, stage in enumerate(stages):
            numbers |= {
                f"stage {place}: log depth": math.log(stage.depth),
                f"stage {place}: log width": math.log(stage.width),
                f"stage {place}: ratio": stage.ratio,
                f"stage {place}: log groups": math.log(max(1, stage.groups)),
            }
        return GraphView(numbers=numbers)

    def params(self, architecture: AnyNetSettings, *, num_classes: int = 10) -> int:
        """Count weights and normalisations, and the classifier, by formula."""
        total = sum(
            one.weights + 2 * one.outputs for one in convolutions(architecture, self.image_size)
        )
        return total + (architecture.stages[-1].width + 1) * num_classes

    def macs(
        self, architecture: AnyNetSettings, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the multiply-accumulates of the published network for one image, by formula."""
        size = image_size or self.image_size
        total = sum(one.weights * one.size**2 for one in convolutions(architecture, size))
        return total + architecture.stages[-1].width * num_classes

    def scored_macs(self, architecture: AnyNetSettings) -> int:
        """Count the scored trunk, whose stem comes before all stages, by formula."""
        stem, *stages = architecture.stages
        scored = (Stage(1, SCORED_STEM, 1), replace(stem, stride=1), *stages)
        net = AnyNetSettings(architecture.block_type, scored)
        return sum(one.weights * one.size**2 for one in convolutions(net, self.image_size))

    def published_flops(self, architecture: AnyNetSettings) -> int:
        """Return what the released files call ``flops``; see :mod:`published_flops`."""
        size, classes = self.published_size, self.published_classes
        elements = sum(one.outputs * one.size**2 for one in convolutions(architecture, size))
        macs = self.macs(architecture, num_classes=classes, image_size=size)
        return macs + NORM_FLOPS * elements + classes


def _is_finite(value: Any, kind: Any) -> bool:
    """Return whether a value is a number of a kind and of a size that is built.

    JSON as Python reads it knows NaN and infinity.
    """
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    return bool(abs(value) <= LARGEST_WIDTH)


def _divides(stage: Stage) -> bool:
    return stage.inner >= 1 and stage.groups >= 1 and stage.inner % stage.groups == 0
