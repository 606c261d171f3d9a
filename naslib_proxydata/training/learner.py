"""Network, optimizer and average: everything that one step of a training touches."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.runs.precision import Precision
from naslib_proxydata.runs.processes import bounds, process_number, processes
from naslib_proxydata.training.averaging import averaged_copy
from naslib_proxydata.training.drop_path import DropPath
from naslib_proxydata.training.optimizers import make_optimizer

if TYPE_CHECKING:
    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.training.settings import TrainingSettings


@runtime_checkable
class HasAuxiliary(Protocol):
    """A network with a second classifier, which is trained along and then left out."""

    auxiliary: nn.Module | None

    def both_logits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of both classifiers, each (n, classes)."""


class _Outputs(nn.Module):
    """A network that returns the logits of all classifiers that are trained, by one call."""

    def __init__(self, network: nn.Module, auxiliary: bool) -> None:
        super().__init__()
        self.network = network
        self.auxiliary = auxiliary

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        if self.auxiliary:
            assert isinstance(self.network, HasAuxiliary)
            return self.network.both_logits(images)
        return (self.network(images),)


class Learner:
    """A network that is trained.

    Where several processes train, each takes its share of every batch and gradients are averaged
    (torch's DistributedDataParallel); batch statistics are those of a share.

    Args:
        network: On the CPU, with initial weights. One with a second classifier must have been
            built with it where the settings weigh its loss.
        settings: How it is trained.

    Raises:
        ConfigError: The settings ask for what this network does not have.
    """

    def __init__(self, network: nn.Module, settings: TrainingSettings) -> None:
        self.settings = settings
        self.network = network.to(settings.device)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:  # pixels of all channels side by side: faster convolutions
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.average = averaged_copy(self.network, settings.average) if settings.average else None
        self.drop_path = DropPath(self.network) if settings.drop_path else None
        if torch.get_num_threads() == 1:  # compiled code has one, torch may have more
            accelerate(self.network, hooks=True)
        self._outputs: nn.Module = _Outputs(self.network, settings.auxiliary > 0)
        if processes() > 1:
            # Said of 1x1 convolutions, whose memory is the same in either layout.
            warnings.filterwarnings("ignore", message="Grad strides do not match")
            # What lies on no path to the output, as a cell may have it, gets no gradient.
            self._outputs = DistributedDataParallel(self._outputs, static_graph=True)
        self.weights = [one for one in self.network.parameters() if one.requires_grad]
        self.optimizer = make_optimizer(self.network, settings)
        self.precision = Precision(settings.precision, settings.device)

    def begin_epoch(self, epoch: int, generator: torch.Generator) -> None:
        """Set the share of dropped paths: p e / E in epoch e of E, from 0 (arXiv 1806.09055).

        Args:
            epoch: Counting from 1.
            generator: Draws which paths are dropped, on the network's device.
        """
        self.network.train()
        if self.drop_path is not None:
            self.drop_path.share = self.settings.drop_path * (epoch - 1) / self.settings.epochs
            self.drop_path.generator = generator

    def step(self, batch: Batch, rate: float, whole: int) -> tuple[Tensor, Tensor]:
        """Make a step of the optimizer.

        Args:
            batch: This process's share of a batch.
            rate: The learning rate.
            whole: Number of examples of the whole batch, of all processes.

        Returns:
            The loss summed over the share, and its logits (n, classes), detached.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        settings = self.settings
        with self.precision.forward():
            outputs = self._outputs(batch.images.contiguous(memory_format=torch.channels_last))
        logits, *others = [self.precision.output(one) for one in outputs]
        loss = self._loss(logits, batch.labels)
        total = loss
        for other in others:
            total = total + settings.auxiliary * self._loss(other, batch.labels)
        self.optimizer.zero_grad(set_to_none=True)
        # Gradients are averaged over the processes: with this factor, over all examples.
        share = mean_factor(len(batch.labels), whole)
        torch.autograd.backward(self.precision.scaled(total * share if share != 1 else total))
        self.precision.step(self.optimizer, self.weights, settings.clip)
        if self.average is not None:
            self.average.update_parameters(self.network)
        return loss.detach() * len(batch.labels), logits.detach()

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the mean cross-entropy, with smoothed labels where these are asked for."""
        return F.cross_entropy(logits, labels, label_smoothing=self.settings.label_smoothing)

    def logits(self, network: nn.Module, images: Tensor) -> Tensor:
        """Return the logits (n, classes) of this network or of the average in evaluation mode."""
        with self.precision.forward():
            logits: Tensor = network(images.contiguous(memory_format=torch.channels_last))
        return self.precision.output(logits)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that a checkpoint must hold of this object."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.precision.state_dict(),
            "average": {} if self.average is None else self.average.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.precision.load_state_dict(state["precision"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])


def own_share(count: int) -> tuple[int, int]:
    """Return first and past-the-last place of this process's examples in a batch of so many.

    Where a batch has fewer shares than there are processes, those left over take the first, whose
    gradient then counts for nothing.
    """
    if processes() == 1:
        return 0, count
    shares = bounds(count, processes())
    return shares[process_number() if has_own_share(count) else 0]


def mean_factor(own: int, whole: int) -> float:
    """Return what a share's mean loss is multiplied with, so that processes average to the mean.

    n_k P / n for n_k of n examples on one of P processes; 0 where the share is another's.
    """
    if processes() == 1:
        return 1.0
    return own * processes() / whole if has_own_share(whole) else 0.0


def has_own_share(whole: int) -> bool:
    """Return whether a batch of so many examples has a share for this process."""
    return process_number() < len(bounds(whole, processes()))
