"""How the learning rate falls: pure functions of how far a training is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naslib_proxydata.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, epochs_done: float) -> float:
    """Return the learning rate at a moment of a training.

    In the first ``warm_up`` epochs it rises linearly from 0. Cosine and linear schedules run over
    the others; those by steps count from the first epoch on, as timm's do.

    Args:
        settings: Schedule and length.
        epochs_done: Epochs that have been trained, with fractions within one; where the settings
            update it every epoch, the fraction does not count.
    """
    done = float(math.floor(epochs_done)) if settings.update == "epoch" else epochs_done
    if done < settings.warm_up:
        begun = done + 1 if settings.update == "epoch" else done  # no whole epoch is to stand still
        return settings.learning_rate * min(1.0, begun / settings.warm_up)
    return _scheduled(settings, done)


def _scheduled(settings: TrainingSettings, done: float) -> float:
    share = (done - settings.warm_up) / (settings.epochs - settings.warm_up)
    rate, least = settings.learning_rate, settings.learning_rate_min
    if settings.schedule == "cosine":
        return cosine(rate, least, share)
    if settings.schedule == "linear":
        return rate + (least - rate) * share
    if settings.schedule == "step":
        return rate * settings.decay ** sum(done >= one for one in settings.milestones)
    if settings.schedule == "exponential":
        return rate * settings.decay ** math.floor(done / settings.decay_epochs)
    return rate


def cosine(rate: float, least: float, share: float) -> float:
    """Return least + (rate - least) (1 + cos(pi share)) / 2 (arXiv 1608.03983, equation 5)."""
    return least + (rate - least) * (1 + math.cos(math.pi * share)) / 2
