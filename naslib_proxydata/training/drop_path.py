"""Drop path: whole paths of a cell are left out for single images (arXiv 1605.07648, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator


@runtime_checkable
class HasPaths(Protocol):
    """A module whose paths may be dropped."""

    def droppable_paths(self) -> Iterator[nn.Module]:
        """Yield the modules whose outputs are summed with others, skip connections left out."""


class DropPath:
    """Drops outputs of paths while a network trains: x m / (1 - p), m = 0 with probability p.

    A mask is drawn for each image and each path; a skip connection is never dropped (DARTS'
    release, utils.py). Nothing is done while the network is in evaluation mode.

    Args:
        network: Its modules that have :meth:`HasPaths.droppable_paths` are found.

    Raises:
        ConfigError: There are none.

    Attributes:
        share: p of the moment.
        generator: What masks are drawn from, on the network's device.
    """

    def __init__(self, network: nn.Module) -> None:
        self.share = 0.0
        self.generator: torch.Generator | None = None
        paths = [
            path
            for module in network.modules()
            if isinstance(module, HasPaths)
            for path in module.droppable_paths()
        ]
        if not paths:
            raise ConfigError(
                f"drop_path: networks of this kind ({type(network).__name__}) have no paths that "
                "can be dropped; set it to 0, or train a network of genotype cells"
            )
        self.hooks = [path.register_forward_hook(self._drop) for path in paths]

    def _drop(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        if not module.training or self.share == 0:
            return None
        return dropped(output, self.share, self.generator)


def dropped(features: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Return features with some images' set to 0 and the others' scaled up.

    Args:
        features: Shape (n, channels, h, w).
        share: Probability that an image's features become 0, below 1.
        generator: On the features' device.
    """
    draws = torch.rand(len(features), 1, 1, 1, generator=generator, device=features.device)
    return features * ((draws >= share).to(features.dtype) / (1 - share))
