"""NASLib's optimizers with the bridge's hooks in them: ``proxied(DARTSOptimizer)``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.architectures import PREFIX
from naslib_proxydata.naslib_bridge.discrete import ProxiedEnsembles
from naslib_proxydata.naslib_bridge.importing import require_arguments
from naslib_proxydata.naslib_bridge.settings import (
    ENSEMBLE_KEYS,
    KEY,
    ONE_SHOT_KEYS,
    parsed_block,
    read_block,
)
from naslib_proxydata.runs.setup import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable


class ProxiedSteps:
    """Tells a :class:`trainer.ProxyTrainer` of epochs and steps of a one-shot optimizer.

    Attributes:
        on_epoch: Called with NASLib's epoch, counting from 0, before it begins.
        on_step: Called with the logits and labels of training, then of validation, after a step.
    """

    on_epoch: Callable[[int], None] | None = None
    on_step: Callable[[Any, Any, Any, Any], None] | None = None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._block = parsed_block(keywords.get(KEY), f"search.{KEY}")

    def adapt_search_space(self, search_space: Any, *arguments: Any, **keywords: Any) -> None:
        """Adapt as NASLib does.

        Raises:
            NaslibError: The search space is a graph of one of our spaces, which has no supernet.
        """
        kind = search_space.get_type() if hasattr(search_space, "get_type") else ""
        ours = isinstance(kind, str) and kind.startswith(PREFIX)
        if ours and getattr(search_space, "supernet", None) is None:
            raise NaslibError(_without_supernet(kind.removeprefix(PREFIX)))
        super().adapt_search_space(search_space, *arguments, **keywords)  # type: ignore[misc]

    def before_training(self) -> None:
        """Get ready, as NASLib's Trainer asks before the first step.

        Raises:
            NaslibError: The block asks for something, and the Trainer is not ours.
        """
        if self._block is not None and self.on_step is None:
            raise NaslibError(
                f"search.{KEY} would change nothing: it is ProxyTrainer that does what it says, "
                f"and {type(self).__name__} is run by another Trainer; write "
                "ProxyTrainer(optimizer, config), or leave the block out"
            )
        super().before_training()  # type: ignore[misc]

    def new_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        if self.on_epoch is not None:
            self.on_epoch(epoch)
        super().new_epoch(epoch)  # type: ignore[misc]

    def step(self, data_train: Any, data_val: Any) -> Any:
        """Do the optimizer's own step."""
        outcome = super().step(data_train, data_val)  # type: ignore[misc]
        if self.on_step is not None:
            self.on_step(outcome[0], data_train[1], outcome[1], data_val[1])
        return outcome

    def get_final_architecture(self) -> Any:
        """Derive the architecture, without what a forward pass left in the graph.

        NASLib stores an auxiliary head's output, which cannot be copied (its issue with the
        DARTS space), in the graph.
        """
        stored = self.graph.graph  # type: ignore[attr-defined]
        for name in [one for one in stored if str(one).startswith("out_from_")]:
            del stored[name]
        return super().get_final_architecture()  # type: ignore[misc]


class DrawnArchitectures:
    """Lets RandomNAS draw architectures of our supernets; NASLib's own knows two of its graphs."""

    graph: Any

    def sample_random_and_update_alphas(self) -> None:
        """Give alpha the architecture of the next step."""
        if hasattr(self.graph, "draw_alphas"):
            self.graph.draw_alphas()
        else:
            super().sample_random_and_update_alphas()  # type: ignore[misc]


class CheckedBlock:
    """Refuses a block that a discrete optimizer would leave unused, before it searches."""

    def __init__(self, config: Any, *arguments: Any, **keywords: Any) -> None:
        super().__init__(config, *arguments, **keywords)  # type: ignore[call-arg]
        self._block = read_block(config)  # not all of NASLib's keep their configuration

    def adapt_search_space(self, *arguments: Any, **keywords: Any) -> None:
        """Adapt as NASLib does.

        Raises:
            ConfigError: The block holds what this optimizer does not use.
        """
        if self._block is not None:
            self._block.check_acts(acting_keys(self), type(self).__name__)
        super().adapt_search_space(*arguments, **keywords)  # type: ignore[misc]


class CountedModel:
    """Counts parameters where NASLib's own counting fails."""

    def get_model_size(self) -> float:
        """Return the millions of parameters, without those of auxiliary heads.

        NASLib sums a generator with numpy, which numpy 2.4 and later refuse.
        """
        try:
            return float(super().get_model_size())  # type: ignore[misc]
        except TypeError:
            model = self.get_checkpointables()["model"]  # type: ignore[attr-defined]
            parameters = model.named_parameters()
            counts = [one.numel() for name, one in parameters if "auxiliary" not in name]
            return float(sum(counts)) / 1e6


def acting_keys(optimizer: Any) -> tuple[str, ...]:
    """Return the keys of the block that a proxied optimizer's search uses."""
    if optimizer.using_step_function:
        return ONE_SHOT_KEYS
    return ENSEMBLE_KEYS if isinstance(optimizer, ProxiedEnsembles) else ()


@functools.cache
def proxied(optimizer: type) -> Any:
    """Return a subclass of one of NASLib's optimizers that takes part in the bridge.

    One-shot optimizers (DARTS, GDAS, DrNAS, RandomNAS, OneShot) tell :class:`ProxyTrainer` of
    their steps; Bananas and Npenas take the block's predictor. Any other is only counted right.

    Args:
        optimizer: A class of ``naslib.optimizers``.

    Raises:
        NaslibError: The class has not the methods that are known of NASLib's optimizers.
    """
    for method in ("new_epoch", "get_final_architecture", "get_model_size"):
        if not callable(getattr(optimizer, method, None)):
            raise NaslibError(
                f"{optimizer!r} has no method {method!r}; give one of naslib.optimizers"
            )
    mixins: tuple[type, ...] = (CheckedBlock, CountedModel)
    if getattr(optimizer, "using_step_function", True):
        require_arguments(
            optimizer.step,  # type: ignore[attr-defined]
            ("data_train", "data_val"),
            f"{optimizer.__name__}.step",
        )
        mixins = (ProxiedSteps, CountedModel)
        if hasattr(optimizer, "sample_random_and_update_alphas"):
            mixins = (ProxiedSteps, DrawnArchitectures, CountedModel)
    elif hasattr(optimizer, "_get_ensemble"):
        mixins = (CheckedBlock, ProxiedEnsembles, CountedModel)
    return type(
        f"Proxied{optimizer.__name__}", (*mixins, optimizer), {"naslib_name": optimizer.__name__}
    )


def _without_supernet(space: str) -> str:
    """Say what to do about a one-shot optimizer that got a graph of a space of ours alone."""
    begin = f"a one-shot optimizer trains a supernet, and space_graph of {space!r} holds none"
    names = load_plugins((), ()).names("supernets")
    if space in names:
        return f"{begin}; give supernet_graph({space!r}) of naslib_bridge in its place"
    return (
        f"{begin}; there is none of this space: search it with random search, regularized "
        "evolution, local search, Bananas or Npenas, or give one of NASLib's own graphs, or "
        f"supernet_graph of {', '.join(names)}"
    )
