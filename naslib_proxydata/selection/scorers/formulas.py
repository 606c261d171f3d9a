"""What a trained classifier says of one example, from its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def entropy(logits: Tensor) -> Tensor:
    """Entropy of the softmax, in nats: -sum_c p_c ln p_c (arXiv 2106.04784, section 3).

    Args:
        logits: Shape (n, classes); computed in float64, for confident models come close to 0.

    Returns:
        Shape (n,), float64, from 0 to ln(classes).
    """
    log_probabilities = torch.log_softmax(logits.double(), dim=1)
    return -(log_probabilities.exp() * log_probabilities).sum(1)


def error_norm(logits: Tensor, labels: Tensor) -> Tensor:
    """EL2N: ||p - y||_2 with softmax p and one-hot y (arXiv 2107.07075).

    Args:
        logits: Shape (n, classes).
        labels: int64, shape (n,).

    Returns:
        Shape (n,), float64, from 0 to sqrt(2).
    """
    probabilities = torch.softmax(logits.double(), dim=1)
    one_hot = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (probabilities - one_hot).square().sum(1).sqrt()


def margin(logits: Tensor) -> Tensor:
    """Probability of the likeliest class minus that of the second; small is uncertain.

    Args:
        logits: Shape (n, classes), two classes or more.

    Returns:
        Shape (n,), float64, from 0 to 1.
    """
    best = torch.softmax(logits.double(), dim=1).topk(2, dim=1).values
    return best[:, 0] - best[:, 1]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy loss of each example, in nats: -ln p_y.

    Args:
        logits: Shape (n, classes).
        labels: int64, shape (n,).

    Returns:
        Shape (n,), float64.
    """
    return torch.nn.functional.cross_entropy(logits.double(), labels, reduction="none")


def logit_margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Margin of the example's class: z_y - max_{c != y} z_c (arXiv 2001.10528, eq. 1).

    Args:
        logits: Shape (n, classes), two classes or more.
        labels: int64, shape (n,).

    Returns:
        Shape (n,), in the logits' type; below 0 where another class is likelier.
    """
    own = logits.gather(1, labels[:, None])
    others = logits.scatter(1, labels[:, None], float("-inf"))
    return own[:, 0] - others.amax(1)


def divergence(now: Tensor, before: Tensor) -> Tensor:
    """Change between two epochs: sum_c |p_c (ln p_c - ln q_c)| (arXiv 2311.13613, release).

    Every probability has 1e-8 added to it in the logarithms, as in the authors' release.

    Args:
        now: Probabilities p, shape (n, classes).
        before: Probabilities q of the epoch before, shape (n, classes).

    Returns:
        Shape (n,), from 0 on.
    """
    return (now * ((now + 1e-8).log() - (before + 1e-8).log())).abs().sum(1)
