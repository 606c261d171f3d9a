"""NAS-Bench-MR (arXiv 2103.13253): multi-resolution networks written as 27 integers."""

from __future__ import annotations

import math
import reprlib  # a pickle's value may hold itself many times over
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.common.constructed import ConstructedSpace
from naslib_proxydata.spaces.common.graph import GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.nasbench_mr.architecture import STAGES, MrNetwork, MrStage
from naslib_proxydata.spaces.nasbench_mr.convolutions import convolutions

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

COUNTS = (1, 2, 3, 4)
"""Modules of a stage, and residual units of a branch."""
SAMPLED_CHANNELS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128)
CHANNELS = range(8, 129, 8)
LONGEST_NUMBER = 4
"""Digits of a number in a text."""
FORM = (
    "expected I_I-n_1_u_c-n_2_uu_cc-n_3_uuu_ccc-n_4_uuuu_cccc-L with numbers joined by '_': "
    "channels of the two stem layers; for each stage the number of modules, of branches, residual "
    "units and channels by branch; channels of the last layer"
)


class NasBenchMr(ConstructedSpace[MrNetwork]):
    """The networks; a text is a line of the benchmark's ``search_list.txt``.

    Published networks take images of 128 pixels in 50 classes, which is where the benchmark's
    ``flops`` and ``params`` were counted; in scored trunks the stem does not shrink the image.
    """

    name = "nasbench-mr"
    published_size = 128
    published_classes = 50

    def parse(self, text: str) -> MrNetwork:
        """Read a line such as ``16_16-1_1_1_16-1_2_1_1_16_16-...-16``.

        Raises:
            ArchitectureError: The line has another form or lies outside the space.
        """
        groups = [part.split("_") for part in text.split("-")]
        lengths = [len(group) for group in groups]
        digits = all(
            one.isascii() and one.isdigit() and len(one) <= LONGEST_NUMBER
            for group in groups
            for one in group
        )
        if not digits or lengths != [2, *(2 + 2 * stage for stage in range(1, STAGES + 1)), 1]:
            raise ArchitectureError(f"not a network of NAS-Bench-MR: {text[:120]!r}; {FORM}")
        numbers = [[int(one) for one in group] for group in groups]
        for branches, group in enumerate(numbers[1:-1], start=1):
            if group[1] != branches:
                raise ArchitectureError(
                    f"stage {branches} of NAS-Bench-MR has {branches} branches, got {group[1]} in "
                    f"{shown(text)}"
                )
        stages = [[group[0], *group[2:]] for group in numbers[1:-1]]
        return self.from_code(
            [*numbers[0], *(one for stage in stages for one in stage), *numbers[-1]]
        )

    def from_code(self, code: Sequence[int]) -> MrNetwork:
        """Read the 27 integers of the paper's code.

        Raises:
            ArchitectureError: They are not 27, or one of them is out of range.
        """
        if len(code) != 27:
            raise ArchitectureError(f"a code of NAS-Bench-MR has 27 integers, got {len(code)}")
        for place, (number, choices) in enumerate(zip(code, _ranges(), strict=True)):
            if type(number) is not int or number not in choices:
                raise ArchitectureError(
                    f"place {place} of NAS-Bench-MR's code must be one of {list(choices)}, got "
                    f"{reprlib.repr(number)}"
                )
        stages, at = [], 2
        for branches in range(1, STAGES + 1):
            units = tuple(code[at + 1 : at + 1 + branches])
            channels = tuple(code[at + 1 + branches : at + 1 + 2 * branches])
            stages.append(MrStage(code[at], units, channels))
            at += 1 + 2 * branches
        return MrNetwork((code[0], code[1]), tuple(stages), code[26])

    def from_record(self, record: Any) -> MrNetwork:
        """Read ``input_channel``, ``inverted_residual_setting`` and ``last_channel``.

        Raises:
            ArchitectureError: A module's lists do not fit its number of branches, equal numbers
                of branches have unequal modules, or a number is out of range.
        """
        modules = record["inverted_residual_setting"]
        stages: dict[int, list[Any]] = {}
        for place, (branches, units, channels) in enumerate(modules):
            if not len(units) == len(channels) == branches:
                raise ArchitectureError(
                    f"inverted_residual_setting[{place}] has {branches} branches, but "
                    f"{len(units)} numbers of units and {len(channels)} of channels"
                )
            stages.setdefault(branches, []).append([*units, *channels])
        order = [module[0] for module in modules]
        uneven = [
            branches for branches, found in stages.items() if found.count(found[0]) != len(found)
        ]
        if list(stages) != list(range(1, STAGES + 1)) or order != sorted(order) or uneven:
            raise ArchitectureError(
                f"inverted_residual_setting must be 1 to 4 equal modules of 1, then of 2, 3 and 4 "
                f"branches, got {reprlib.repr(modules)}"
            )
        code = [one for found in stages.values() for one in (len(found), *found[0])]
        return self.from_code([*record["input_channel"], *code, record["last_channel"]])

    def parameters(self) -> Parameters[MrNetwork]:
        """Return the 27 integers of the paper's code, such as ``place_0``."""
        return Parameters(
            {f"place_{place}": tuple(choices) for place, choices in enumerate(_ranges())},
            self.from_code,
            lambda network: network.code(),
        )

    def text(self, architecture: MrNetwork) -> str:
        """Return the network's line."""
        stages = [
            (stage.modules, len(stage.units), *stage.units, *stage.channels)
            for stage in architecture.stages
        ]
        groups = [architecture.stem, *stages, (architecture.last,)]
        return "-".join("_".join(map(str, group)) for group in groups)

    def sample(self, generator: np.random.Generator) -> MrNetwork:
        """Draw every integer uniformly from the benchmark's choices."""
        choices = [COUNTS if one is COUNTS else SAMPLED_CHANNELS for one in _ranges()]
        return self.from_code([one[int(generator.integers(len(one)))] for one in choices])

    def neighbours(self, architecture: MrNetwork) -> Sequence[MrNetwork]:
        """Return the networks that differ in one of the 27 integers."""
        code = architecture.code()
        return [
            self.from_code([*code[:place], other, *code[place + 1 :]])
            for place, choices in enumerate(_ranges())
            for other in choices
            if other != code[place]
        ]

    def graph_view(self, architecture: MrNetwork) -> GraphView:
        """Return the code as numbers, and how deep and wide each resolution is in all."""
        numbers = {f"stem {place}": float(one) for place, one in enumerate(architecture.stem)}
        numbers["last"] = float(architecture.last)
        units, work = [0.0] * STAGES, [0.0] * STAGES
        for place, stage in enumerate(architecture.stages):
            numbers[f"stage {place}: modules"] = float(stage.modules)
            for branch, (deep, wide) in enumerate(zip(stage.units, stage.channels, strict=True)):
                numbers[f"stage {place}, branch {branch}: units"] = float(deep)
                numbers[f"stage {place}, branch {branch}: log channels"] = math.log(wide)
                units[branch] += stage.modules * deep
                work[branch] += stage.modules * deep * wide
        for branch in range(STAGES):
            numbers[f"branch {branch}: units of all modules"] = units[branch]
            numbers[f"branch {branch}: log channels of all units"] = math.log(work[branch])
        return GraphView(numbers=numbers)

    def construct_network(
        self, architecture: MrNetwork, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct stem, modules, last layer at the smallest size, mean and classifier."""
        from naslib_proxydata.spaces.nasbench_mr.network import MrClassifier

        return MrClassifier(architecture, num_classes, in_channels)

    def construct_trunk(self, architecture: MrNetwork, in_channels: int) -> Trunk:
        """Construct the trunk; its taps are at a quarter of the images' size."""
        from naslib_proxydata.spaces.nasbench_mr.network import MrTrunk

        return MrTrunk(architecture, in_channels)

    def params(self, architecture: MrNetwork, *, num_classes: int = 10) -> int:
        """Count weights and normalisations, and the classifier, by formula."""
        total = sum(
            one.inputs * one.outputs * one.kernel**2 + 2 * one.outputs
            for one in convolutions(architecture, self.image_size)
        )
        return total + (architecture.last + 1) * num_classes

    def macs(
        self, architecture: MrNetwork, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the multiply-accumulates of the published network for one image, by formula."""
        total = sum(
            one.inputs * one.outputs * one.kernel**2 * one.size**2
            for one in convolutions(architecture, image_size or self.image_size)
        )
        return total + architecture.last * num_classes

    def scored_macs(self, architecture: MrNetwork) -> int:
        """Count the scored trunk, whose stem does not shrink the image, by formula."""
        return sum(
            one.inputs * one.outputs * one.kernel**2 * one.size**2
            for one in convolutions(architecture, self.image_size, stem_stride=1)
        )

    def published_flops(self, architecture: MrNetwork) -> int:
        """Return what the benchmark calls ``flops``.

        Multiply-accumulates at 128 pixels and 50 classes, two for every normalised element, and
        the classifier's biases.
        """
        size, classes = self.published_size, self.published_classes
        elements = sum(one.outputs * one.size**2 for one in convolutions(architecture, size))
        macs = self.macs(architecture, num_classes=classes, image_size=size)
        return macs + 2 * elements + classes


def _ranges() -> list[Sequence[int]]:
    """Return what each of the 27 integers may be."""
    stages: list[Sequence[int]] = []
    for branches in range(1, STAGES + 1):
        stages += [COUNTS] * (1 + branches) + [CHANNELS] * branches
    return [CHANNELS, CHANNELS, *stages, CHANNELS]
