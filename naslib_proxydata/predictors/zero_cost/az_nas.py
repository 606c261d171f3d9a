"""AZ-NAS: four cheap proxies of the features, ranked together (arXiv 2403.19232)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pydantic import Field
from scipy.stats import rankdata
from torch import nn
from torch.nn import functional

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
    initialise_kaiming_normal,
    place,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

COMPONENTS = ("expressivity", "progressivity", "trainability", "complexity")


class AzNasSettings(BatchSettings):
    """Options of az-nas.

    Attributes:
        batch_size: Number of Gaussian inputs; 64 in the authors' program.
    """

    batch_size: int = Field(64, ge=2)


def primary_blocks(trunk: nn.Module) -> list[nn.Module]:
    """Return the blocks between which features are compared.

    They are the outermost modules below the trunk that are not torch's own (lists and
    sequences are looked into, and so is a module that holds all others): in a cell-based space,
    the cells and the reductions.
    """

    def search(parent: nn.Module) -> Iterator[nn.Module]:
        for child in parent.children():
            if isinstance(child, nn.Sequential | nn.ModuleList):
                yield from search(child)
            elif not type(child).__module__.startswith("torch."):
                yield child

    blocks = list(search(trunk))
    while len(blocks) == 1 and (inner := list(search(blocks[0]))):
        blocks = inner
    return blocks


def entropy(features: Tensor) -> float:
    """Return the entropy, in nats, of the principal components of a feature map.

    -sum_i p_i log p_i with p the eigenvalues of the channels' covariance, normalised to sum 1
    (arXiv 2403.19232, section 3, expressivity); 0 where nothing varies.

    Args:
        features: Shape (n, channels, h, w).
    """
    rows = features.detach().transpose(0, 1).flatten(1)  # c x nhw
    rows = rows - rows.mean(1, keepdim=True)
    eigenvalues = torch.linalg.eigvalsh((rows @ rows.T).double()).clamp(min=0)
    if float(eigenvalues.sum()) == 0:
        return 0.0
    return float(torch.special.entr(eigenvalues / eigenvalues.sum()).sum())


def block_trainability(before: Tensor, after: Tensor, generator: torch.Generator) -> float:
    """Return how close to 1 the spectral norm of a block's Jacobian is.

    -sigma - 1 / sigma + 2 with sigma the largest singular value of mean(g_in g_out^T) over
    images and positions, g_out random signs and g_in = J^T g_out (arXiv 2403.19232, section 3,
    trainability). At best 0; -inf for a block that is the identity, as in the authors' program:
    it would look perfect otherwise.

    Args:
        before: The block's input features, shape (n, c, h, w).
        after: Its output, shape (n, c', h / stride, w / stride); its graph is freed.
        generator: Source of the signs.
    """
    signs = torch.randint(0, 2, after.shape, generator=generator).to(after) * 2 - 1
    (slopes,) = torch.autograd.grad(after, before, signs)
    if slopes.shape == signs.shape and torch.equal(slopes, signs):
        return -math.inf
    if slopes.shape[2] != signs.shape[2]:
        slopes = functional.pixel_unshuffle(slopes, slopes.shape[2] // signs.shape[2])
    rows = [grid.transpose(0, 1).flatten(1) for grid in (slopes, signs)]  # c x nhw each
    sigma = float(torch.linalg.matrix_norm(rows[0] @ rows[1].T / rows[1].shape[1], ord=2))
    return -sigma - 1 / sigma + 2 if sigma > 0 else -math.inf


def feature_components(
    trunk: nn.Module, inputs: Tensor, generator: torch.Generator
) -> dict[str, float]:
    """Return expressivity, progressivity and trainability (arXiv 2403.19232, section 3).

    The sum of the blocks' entropies, their smallest increase from one block to the next, and
    the mean trainability of all blocks after the first.

    Args:
        trunk: In train mode.
        inputs: Shape (n, channels, h, w).
        generator: Source of the random signs.

    Raises:
        ValueError: The trunk has fewer than two primary blocks.
    """
    outputs: list[Tensor] = []
    with hooked(primary_blocks(trunk), lambda _, __, output: outputs.append(output)):
        trunk(inputs.requires_grad_())
    features = [output for output in outputs if isinstance(output, torch.Tensor)]
    if len(features) < 2:
        raise ValueError(f"az-nas compares at least two blocks, the trunk has {len(features)}")
    entropies = np.array([entropy(output) for output in features])
    trainability = [
        block_trainability(features[i - 1], features[i], generator)
        for i in reversed(range(1, len(features)))
    ]
    return {
        "expressivity": float(entropies.sum()),
        "progressivity": float(np.diff(entropies).min()),
        "trainability": float(np.mean(trainability)),
    }


def rank_sum(components: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Combine the components of m architectures: sum_c log(rank_c / m), ranks from 1 (worst).

    The non-linear ranking aggregation of arXiv 2403.19232, section 3; tied architectures share
    their mean rank.
    """
    count = len(components)
    total = np.zeros(count)
    for name in COMPONENTS:
        total += np.log(rankdata([values[name] for values in components]) / max(count, 1))
    return total


class AzNas(UntrainedNetworkPredictor[Architecture]):
    """AZ-NAS of the canonical trunk on Gaussian inputs with Kaiming-normal weights.

    The published value is a sum of log-ranks over all evaluated architectures: see
    :meth:`aggregate`. The value of a single score, for use without a population, is
    expressivity + progressivity + exp(trainability) + log(complexity).
    """

    name = "az-nas"
    settings_type = AzNasSettings
    options: AzNasSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.images_needed = 0  # inputs are Gaussian

    def components(self, architecture: Architecture) -> dict[str, float]:
        """Return the four components, higher is better; complexity is the MACs."""
        space, generator = self.task.space, self.generator("weights, inputs and signs")
        shape = self.input_shape(self.options.batch_size)
        trunk = space.trunk(architecture, generator, in_channels=shape[1])
        initialise_kaiming_normal(trunk, generator)
        place(trunk, self.task.device).train().requires_grad_(False)
        inputs = self.on_device(torch.randn(shape, generator=generator))
        complexity = space.macs(architecture, num_classes=self.task.num_classes)
        return {
            **feature_components(trunk, inputs, generator),
            "complexity": float(complexity),
        }

    def measure(self, architecture: Architecture) -> Score:
        """Return the value of a single score, with the components as details."""
        parts = self.components(architecture)
        features = parts["expressivity"] + parts["progressivity"]
        # exp keeps the sum finite where an identity block has made the trainability -inf.
        value = features + math.exp(parts["trainability"]) + math.log(parts["complexity"])
        return Score(value, details=parts)

    def aggregate(self, scores: Sequence[Score]) -> NDArray[np.float64]:
        """Sum the log-ranks of the components over the finite scores."""
        values = np.array([score.value for score in scores], dtype=np.float64)
        scored = np.flatnonzero(np.isfinite(values))
        values[scored] = rank_sum([scores[int(i)].details for i in scored])
        return values
