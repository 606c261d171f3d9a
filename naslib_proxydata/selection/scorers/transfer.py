"""The loss of a small head on a network that was trained on other images."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from naslib_proxydata.data.loader import batch_sizes
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.inference import penultimate_features
from naslib_proxydata.selection.scorers.models import (
    find_backbone,
    initialise,
    last_linear,
    pretrained_backbone,
)
from naslib_proxydata.selection.scorers.recipe import PAPER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.selection.scorers.context import ScoringContext

_log = logging.getLogger(__name__)

HIDDEN = 256
BATCH_SIZE = 128
PAPER_EPOCHS = 50


class TransferScorer(Scorer):
    """Cross-entropy of a head on a frozen, pretrained network ("Less is More").

    The head is linear to 256, batch normalisation, ReLU, dropout 0.5, linear to the classes;
    SGD with rate 1e-3, momentum 0.9, weight decay 3e-4, batches of 128, 50 epochs of the
    paper's recipe's 200 and in this proportion of other recipes. The frozen features are
    computed once.
    """

    name = "transfer"
    own_model = "torchvision:resnet18"
    needs_labels = True
    takes_pretrained = True
    trains_anyway = True

    def check(self, context: ScoringContext) -> None:
        """Refuse an unlabelled dataset, and a network that cannot be imported."""
        context.dataset.required_labels(f"scorer {self.name!r}")
        if context.pretrained is not None:
            super().check(context)
            last_linear(context.pretrained.model)
        else:
            find_backbone(self.model(context))

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Extract features, train the head, score."""
        labels = torch.from_numpy(context.dataset.required_labels("scorer 'transfer'"))
        backbone = self._backbone(context)
        features = penultimate_features(
            backbone, context.dataset, context.device, context.scoring_pass
        )
        epochs = max(1, round(PAPER_EPOCHS * context.recipe.epochs / PAPER.epochs))
        head = train_head(torch.from_numpy(features), labels, epochs, context.seed)
        with torch.no_grad():
            losses = formulas.cross_entropy(head(torch.from_numpy(features)), labels)
        result: NDArray[np.float64] = losses.numpy()
        return result

    def _backbone(self, context: ScoringContext) -> nn.Module:
        """Return the frozen network: given weights as they want it, or else as it always was."""
        if context.pretrained is not None:
            return context.classifier(self.model(context))
        return pretrained_backbone(self.model(context)).to(context.device)


def train_head(features: Tensor, labels: Tensor, epochs: int, seed: int) -> nn.Module:
    """Train the head on frozen features and return it in eval mode.

    Args:
        features: float32, shape (n, dimensions).
        labels: int64, shape (n,).
        epochs: Passes over the features.
        seed: Seed of weights, order and dropout.
    """
    classes = int(labels.max()) + 1
    into, out = nn.Linear(features.shape[1], HIDDEN), nn.Linear(HIDDEN, classes)
    norm = nn.BatchNorm1d(HIDDEN)
    head = nn.Sequential(into, norm, nn.ReLU(), out)
    initialise(head, torch_generator(seed, "head", "weights"))
    generator = torch_generator(seed, "head", "order")
    optimizer = torch.optim.SGD(head.parameters(), 1e-3, 0.9, weight_decay=3e-4)
    for epoch in range(epochs):
        order = torch.randperm(len(labels), generator=generator)
        loss = torch.zeros(())
        for indices in torch.split(order, batch_sizes(len(order), BATCH_SIZE)):
            hidden = functional.relu(norm(into(features[indices])))
            kept = torch.rand(hidden.shape, generator=generator) < 0.5
            optimizer.zero_grad()
            loss = functional.cross_entropy(out(hidden * kept * 2), labels[indices])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        _log.info("transfer head: epoch %d of %d, loss %.4f", epoch + 1, epochs, loss)
    return head.eval()
