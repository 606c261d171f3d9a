"""Whether a search is long enough for what is to happen in it, asked before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.base import Strategy
    from naslib_proxydata.oneshot.settings import SearchSettings


def check_epochs(strategy: Strategy, settings: SearchSettings) -> None:
    """Refuse a search that ends before its architecture parameters are trained or decided.

    Raises:
        ConfigError: The warm-up is as long as the search, or the search is shorter than the
            strategy's stages need.
    """
    epochs, warm_up = settings.epochs, settings.warm_up
    learns = strategy.learns or strategy.phase is not None
    if learns and warm_up >= epochs:
        raise ConfigError(
            f"the warm-up has {warm_up} epochs and the whole search {epochs}, so the architecture "
            f"would never be trained; give more than {warm_up} epochs, or a shorter warm-up with "
            f"--set training.warm_up={max(0, epochs // 3)}"
        )
    if strategy.progress is None:
        return
    fewest = strategy.progress.fewest_epochs()
    if epochs < fewest:
        raise ConfigError(
            f"strategy {strategy.name!r} needs at least {fewest} epochs for its stages and "
            f"decisions, got {epochs}; give more epochs, or change its stages by "
            "--set strategy.KEY=VALUE"
        )
    frozen = [e for e in range(1, epochs + 1) if strategy.progress.frozen(e, epochs)]
    if learns and {*frozen, *range(1, warm_up + 1)} >= {*range(1, epochs + 1)}:
        raise ConfigError(
            f"strategy {strategy.name!r} keeps the architecture as it is in epochs "
            f"{', '.join(map(str, frozen))} of {epochs}, and the warm-up of {warm_up} epochs takes "
            "the others, so the architecture would never be trained; give more epochs"
        )
