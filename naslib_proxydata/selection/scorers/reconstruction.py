"""How badly a small autoencoder, trained on the dataset, restores each example."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.inference import score_outputs
from naslib_proxydata.selection.scorers.models import initialise
from naslib_proxydata.selection.scorers.recipe import PAPER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.context import ScoringContext

_log = logging.getLogger(__name__)

WIDTHS = (16, 32, 64, 64)
REDUCTION = 2 ** len(WIDTHS)
BATCH_SIZE = 64
PAPER_EPOCHS = 50


class Autoencoder(nn.Module):
    """Four 4 x 4 convolutions of stride 2 and their mirror image ("Less is More").

    Channels 3-16-32-64-64; batch normalisation and ReLU after each but the last of encoder and
    decoder; a sigmoid at the end.

    Args:
        channels: Channels of the images.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        down = (channels, *WIDTHS)
        up = down[::-1]
        layers: list[nn.Module] = []
        for place in range(len(WIDTHS)):
            layers.append(nn.Conv2d(down[place], down[place + 1], 4, 2, 1))
            if place < len(WIDTHS) - 1:
                layers += [nn.BatchNorm2d(down[place + 1]), nn.ReLU()]
        for place in range(len(WIDTHS)):
            layers.append(nn.ConvTranspose2d(up[place], up[place + 1], 4, 2, 1))
            if place < len(WIDTHS) - 1:
                layers += [nn.BatchNorm2d(up[place + 1]), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, pixels: Tensor) -> Tensor:
        """Restore pixels in [0, 1], shape (n, channels, h, w), h and w multiples of 16."""
        restored: Tensor = self.layers(pixels)
        return restored


def reconstruction_loss(restored: Tensor, pixels: Tensor) -> Tensor:
    """Binary cross-entropy of each example, in nats per pixel, shape (n,).

    -mean [x ln r + (1 - x) ln(1 - r)] with pixels x as target and restored r as input. The
    release of "Less is More" exchanges the two when it scores; here they stand as in training.
    """
    loss = functional.binary_cross_entropy(restored, pixels, reduction="none")
    return loss.flatten(1).mean(1)


class ReconstructionScorer(Scorer):
    """Loss of the autoencoder after Adam with batches of 64 for 50 epochs, or fewer when quick.

    Epochs are 50 of the paper's recipe's 200, and in this proportion of other recipes. Images
    whose sides are no multiple of 16 are resized to the next one.
    """

    name = "reconstruction"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train on the dataset, then score it."""
        model = _train(context)

        def formula(restored: Tensor, _: Tensor) -> Tensor:
            return restored

        scoring = _Scoring(model, context.dataset)
        return score_outputs(
            scoring, context.dataset, formula, context.device, context.scoring_pass
        )


class _Scoring(nn.Module):
    """From normalised images to reconstruction losses."""

    def __init__(self, model: Autoencoder, dataset: Dataset) -> None:
        super().__init__()
        self.model = model
        self.dataset = dataset

    def forward(self, images: Tensor) -> Tensor:
        """Return the loss of each example, shape (n,)."""
        pixels = _pixels(images, self.dataset)
        return reconstruction_loss(self.model(pixels), pixels)


def _train(context: ScoringContext) -> Autoencoder:
    dataset, device = context.dataset, context.device
    model = Autoencoder(dataset[0][0].shape[0])
    initialise(model, torch_generator(context.seed, "autoencoder", "weights"))
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters())
    generator = torch_generator(context.seed, "autoencoder", "order")
    epochs = max(1, round(PAPER_EPOCHS * context.recipe.epochs / PAPER.epochs))
    for epoch in range(epochs):
        loss = torch.zeros(())
        loader = BatchLoader(dataset, batch_size=BATCH_SIZE, generator=generator, device=device)
        for images, *_ in loader:
            pixels = _pixels(images, dataset)
            optimizer.zero_grad()
            loss = reconstruction_loss(model(pixels), pixels).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        if not torch.isfinite(loss):
            raise SelectionError(f"the autoencoder's loss is {loss} in epoch {epoch + 1}")
        _log.info("autoencoder: epoch %d of %d, loss %.4f", epoch + 1, epochs, loss)
        context.report("training the autoencoder", epoch + 1, epochs)
    return model


def _pixels(images: Tensor, dataset: Dataset) -> Tensor:
    """Undo the loader's normalisation and make both sides multiples of 16."""
    mean, std = (torch.tensor(part, device=images.device) for part in dataset.statistics)
    pixels = (images * std.view(-1, 1, 1) + mean.view(-1, 1, 1)).clamp(0, 1)
    height, width = (-(-side // REDUCTION) * REDUCTION for side in images.shape[2:])
    if (height, width) != tuple(images.shape[2:]):
        pixels = functional.interpolate(pixels, (height, width), mode="bilinear").clamp(0, 1)
    return pixels
