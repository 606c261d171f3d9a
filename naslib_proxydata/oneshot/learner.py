"""Supernet, architecture parameters and their optimizers: everything one step touches."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.oneshot.architecture import ArchitectureParameters
from naslib_proxydata.oneshot.buffers import unchanged_buffers
from naslib_proxydata.oneshot.first_order import FirstOrder
from naslib_proxydata.oneshot.gradients import gradients_of, set_gradients
from naslib_proxydata.oneshot.shares import Shares
from naslib_proxydata.oneshot.widening import copied_channels, take_over
from naslib_proxydata.runs.precision import Precision
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.base import Strategy
    from naslib_proxydata.oneshot.mixture import Mixture
    from naslib_proxydata.oneshot.moment import Moment
    from naslib_proxydata.oneshot.parts import Attack
    from naslib_proxydata.oneshot.settings import SearchSettings
    from naslib_proxydata.oneshot.supernets.base import Supernet


class Learner:
    """A search's trainable state and the two kinds of step.

    Args:
        make_supernet: Builds the supernet from a generator and a number of cells (None for
            its own), and from the K of partial channels where a strategy changes it.
        strategy: What to do in a step.
        settings: Learning rates and the like.
        depth: Number of cells of the first supernet; the builder's own where None.
        cells: Number of cells that the user asked for, None where nothing was said.

    Raises:
        ConfigError: The precision is float16 and the strategy's step does not scale gradients.
        SearchError: The strategy's progress cannot be made with this supernet.

    Attributes:
        supernet: The network.
        architecture: alpha and what is allowed.
        relaxation: The strategy's.
        depth: Number of cells the supernet was built with, None for its own.
        partial: The K of partial channels that it was widened to, None for its own.
        batch_size: Examples in a batch; a strategy's progress may let it grow.
        last_architecture_batch: What the last architecture step saw.
    """

    def __init__(
        self,
        make_supernet: Callable[..., Supernet],
        strategy: Strategy,
        settings: SearchSettings,
        depth: int | None = None,
        cells: int | None = None,
    ) -> None:
        self.strategy = strategy
        self.settings = settings
        if settings.precision == "float16" and not isinstance(strategy.step, FirstOrder):
            raise ConfigError(
                f"precision float16 scales gradients, which the step of {strategy.name!r} does not "
                "do; use bfloat16"
            )
        self.precision = Precision(settings.precision, settings.device)
        self._shares = Shares()
        self.relaxation = strategy.relaxation
        self._make_supernet = make_supernet
        self.architecture: ArchitectureParameters
        self.architecture_optimizer: torch.optim.Adam
        self.batch_size = settings.batch_size
        self.last_architecture_batch: Batch | None = None
        self.cells = cells
        self.partial: int | None = None
        self.rebuild(depth, first=True)
        if strategy.progress is not None:
            strategy.progress.check(self.supernet, cells)
            self._check_widths()

    def rebuild(self, depth: int | None, *, first: bool = False) -> None:
        """Build the supernet anew with another depth; alpha starts again, what is forbidden stays.

        Args:
            depth: Number of cells.
            first: Build the architecture parameters too.
        """
        seed, part = self.settings.seed, str(depth)
        supernet = self.supernet = self._built(depth)
        generator = torch_generator(seed, "alpha", part)
        if first:
            policy = self.strategy.policy
            self.architecture = ArchitectureParameters(
                supernet.choices,
                generator,
                edge_weights=self.strategy.edge_weights,
                policy=None if policy is None else policy(supernet.choices, generator),
                auxiliary=self.strategy.auxiliary,
            )
            self.architecture.place(self.settings.device)
        else:
            self.architecture.restart(generator)
        self.depth = depth
        self.weights: list[Tensor] = list(self.supernet.parameters())
        self.architecture_parameters: list[Tensor] = list(self.architecture.parameters())
        self._make_optimizers()

    def _built(self, depth: int | None) -> Supernet:
        """Build a supernet with the present K."""
        generator = torch_generator(self.settings.seed, "supernet", str(depth))
        partial = () if self.partial is None else (self.partial,)
        supernet = self._make_supernet(generator, depth, *partial).to(self.settings.device)
        for parameter in supernet.parameters():
            if parameter.ndim == 4:  # pixels of all channels side by side: faster convolutions
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        if torch.get_num_threads() == 1:  # compiled code has one, torch may have more
            accelerate(supernet, hooks=True)
        return supernet

    def _check_widths(self) -> None:
        """Build the supernet with every later K, which fails where the channels do not fit."""
        progress, epochs = self.strategy.progress, self.settings.epochs
        assert progress is not None
        later = {progress.partial(epoch, epochs) for epoch in range(1, epochs + 1)}
        for partial in later - {None, self.strategy.partial}:
            self._make_supernet(torch_generator(self.settings.seed), self.depth, partial)

    def widen(self, partial: int) -> None:
        """Let operations see 1 / partial of the channels, with their weights and momentum."""
        old, momenta = self.supernet, [self.momentum_of(one) for one in self.weights]
        adam = self.architecture_optimizer
        self.partial = partial
        self.supernet = self._built(self.depth)
        generator = torch_generator(self.settings.seed, "wider", partial)
        copied = copied_channels(old, self.supernet, generator)
        take_over(old, self.supernet, copied)
        self.weights = list(self.supernet.parameters())
        self._make_optimizers()
        self.architecture_optimizer = adam
        for (name, weight), momentum in zip(self.supernet.named_parameters(), momenta, strict=True):
            buffer = copied[name].of(momentum) if name in copied else momentum
            self.weights_optimizer.state[weight]["momentum_buffer"] = buffer

    def _make_optimizers(self) -> None:
        settings = self.settings
        self.weights_optimizer = torch.optim.SGD(
            self.weights,
            lr=settings.weights_lr,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
        )
        self.architecture_optimizer = torch.optim.Adam(
            self.architecture_parameters,
            lr=settings.architecture_lr,
            betas=(settings.architecture_beta, 0.999),
            eps=settings.architecture_epsilon,
            weight_decay=settings.architecture_decay,
            capturable=self._steps_on_gpu(),
        )

    def _steps_on_gpu(self) -> bool:
        """Return whether Adam counts its steps on a GPU, so that a graph can hold one."""
        return all(one.is_cuda for one in self.architecture_parameters)

    @property
    def weights_lr(self) -> float:
        """The weights' learning rate of this epoch."""
        return float(self.weights_optimizer.param_groups[0]["lr"])

    def set_epoch(self, epoch: int) -> None:
        """Set the cosine learning rate: min + (max - min) (1 + cos(pi (epoch - 1) / E)) / 2.

        Where a strategy has stages, epoch and E count within the stage, and max may be a share.
        """
        settings, progress = self.settings, self.strategy.progress
        number, length, peak = epoch, settings.epochs, settings.weights_lr
        if progress is not None:
            number, length = progress.position(epoch, settings.epochs)
            peak *= progress.peak(epoch, settings.epochs)
        share = (1 + math.cos(math.pi * (number - 1) / length)) / 2
        span = peak - settings.weights_lr_min
        self.weights_optimizer.param_groups[0]["lr"] = settings.weights_lr_min + span * share

    def momentum_of(self, weight: Tensor) -> Tensor:
        """Return a weight's momentum buffer, zeros before the first step."""
        buffer = self.weights_optimizer.state.get(weight, {}).get("momentum_buffer")
        return torch.zeros_like(weight) if buffer is None else buffer

    def mixtures(self, moment: Moment) -> dict[str, Mixture]:
        """Return the mixtures of one forward pass, undisturbed."""
        return self.architecture.mixtures(self.relaxation, moment)

    def loss(self, batch: Batch, mixtures: Mapping[str, Mixture]) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy of a batch and its logits (n, classes).

        With weights it is the mean of w_i times the loss of example i, over all n.
        """
        logits = self._shares.logits(self._logits, batch.images, mixtures)
        if batch.weights is None:
            return F.cross_entropy(logits, batch.labels), logits
        losses = F.cross_entropy(logits, batch.labels, reduction="none")
        return (batch.weights * losses).mean(), logits

    def _logits(self, images: Tensor, mixtures: Mapping[str, Mixture]) -> Tensor:
        """Return the logits (n, classes) of some images."""
        images = images.contiguous(memory_format=torch.channels_last)
        if self.settings.image_reduction > 1:
            images = F.avg_pool2d(images, self.settings.image_reduction)
        with self.precision.forward():
            logits: Tensor = self.supernet(images, mixtures)
        return self.precision.output(logits)

    def penalty(self, moment: Moment) -> Tensor:
        """Return the sum of the strategy's regularisers."""
        # What a progress has forbidden has no weight any more, and none in a regulariser either.
        alphas = [
            alpha.masked_fill(~self.architecture.allowed(kind), -1e9)
            for kind, alpha in self.architecture.alpha.items()
        ]
        total = torch.zeros((), device=self.settings.device)
        for regulariser in self.strategy.regularisers:
            total = total + regulariser.penalty(alphas, moment)
        return total

    def architecture_step(
        self, weights_batch: Batch, architecture_batch: Batch, moment: Moment
    ) -> tuple[Tensor, Tensor]:
        """Update alpha, or only look at the batch where alpha is not to be updated now.

        Returns:
            Loss and logits of the architecture batch, detached.
        """
        self.last_architecture_batch = architecture_batch
        progress = self.strategy.progress
        frozen = progress is not None and progress.frozen(moment.epoch, moment.epochs)
        if frozen or not self.strategy.learns or moment.epoch <= self.settings.warm_up:
            with torch.no_grad():
                return self.loss(architecture_batch, self.mixtures(moment))
        loss, logits = self.strategy.step.gradients(self, weights_batch, architecture_batch, moment)
        with self.architecture.decided_kept():
            self.precision.step(self.architecture_optimizer)
        return loss, logits

    def scaled(self, loss: Tensor) -> Tensor:
        """Return what is differentiated in place of a loss, for small gradients in float16."""
        return self.precision.scaled(loss)

    def weights_step(self, batch: Batch, moment: Moment) -> tuple[Tensor, Tensor]:
        """Update the network's weights with alpha held fixed.

        Returns:
            Loss and logits of the batch, detached.
        """
        with torch.no_grad():
            mixtures = self.architecture.mixtures(
                self.relaxation, moment, self.strategy.perturbation
            )
        if self.strategy.attack is not None:
            mixtures = self._attacked(self.strategy.attack, batch, mixtures, moment)
        loss, logits = self.loss(batch, mixtures)
        set_gradients(self.weights, gradients_of(self.scaled(loss), self.weights))
        self.precision.step(self.weights_optimizer, self.weights, self.settings.clip)
        return loss.detach(), logits.detach()

    def _attacked(
        self, attack: Attack, batch: Batch, mixtures: Mapping[str, Mixture], moment: Moment
    ) -> dict[str, Mixture]:
        """Return the mixtures with the weights that the attack finds; edge weights stay."""

        def weighed(weights: Mapping[str, Tensor]) -> dict[str, Mixture]:
            return {
                kind: replace(one, weights=weights[kind] * _column(one.edges))
                for kind, one in mixtures.items()
            }

        def loss(weights: Mapping[str, Tensor]) -> Tensor:
            return self.loss(batch, weighed(weights))[0]

        plain = {kind: one.weights / _column(one.edges) for kind, one in mixtures.items()}
        allowed = {kind: self.architecture.allowed(kind) for kind in mixtures}
        with unchanged_buffers(self.supernet):
            return weighed(attack.perturb(plain, allowed, loss, moment))

    def state_dict(self) -> dict[str, Any]:
        """Return everything that a checkpoint must hold of this object."""
        return {
            "depth": self.depth,
            "partial": self.partial,
            "batch_size": self.batch_size,
            "supernet": self.supernet.state_dict(),
            "architecture": self.architecture.state_dict(),
            "weights_optimizer": self.weights_optimizer.state_dict(),
            "architecture_optimizer": self.architecture_optimizer.state_dict(),
            "precision": self.precision.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        partial = state.get("partial")  # none up to version 0.1
        if (state["depth"], partial) != (self.depth, self.partial):
            self.partial = partial
            self.rebuild(state["depth"])
        self.batch_size = state["batch_size"]
        self.supernet.load_state_dict(state["supernet"])
        self.architecture.load_state_dict(state["architecture"])
        self.weights_optimizer.load_state_dict(state["weights_optimizer"])
        adam = state["architecture_optimizer"]
        groups = [{**one, "capturable": self._steps_on_gpu()} for one in adam["param_groups"]]
        self.architecture_optimizer.load_state_dict({**adam, "param_groups": groups})
        self.precision.load_state_dict(state.get("precision", {}))  # none up to version 0.1


def _column(edges: Tensor | None) -> Tensor | float:
    """Return edge weights as a column, 1 where there are none."""
    return 1.0 if edges is None else edges[:, None]
