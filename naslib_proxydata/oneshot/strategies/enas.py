"""ENAS: a recurrent controller learns by REINFORCE which cells to draw (arXiv 1802.03268).

The settings are those of the NAS-Bench-201 program (arXiv 2001.00326): an epoch trains the shared
weights on one drawn cell a batch, then the controller has a phase of its own. The reward of a drawn
cell is its accuracy on one architecture batch, as a fraction, plus a share of the entropy, and the
baseline moves once a phase. The program also lets a gradient through the entropy of the reward,
which REINFORCE does not have; here it is a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.examples import endless
from naslib_proxydata.oneshot.gradients import gradients_of, set_gradients
from naslib_proxydata.oneshot.host import read, send
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.steps import TrainableState


class Controller(nn.Module):
    """An LSTM that chooses the operation of one edge after another.

    Logits are 2.5 tanh(logits / 5) (section 2.3 and its release); every choice is embedded and
    fed to the next step. It stays on the host, whatever the device of the search: what it draws
    decides which operations are launched.

    Args:
        choices: The choices of each kind of cell, drawn one kind after the other.
        generator: Source of the initial weights, U(-0.1, 0.1).
        hidden: Width of the LSTM's two layers.
    """

    temperature = 5.0
    bound = 2.5

    def __init__(
        self, choices: Mapping[str, Choices], generator: torch.Generator, hidden: int = 32
    ) -> None:
        super().__init__()
        self.choices = dict(choices)
        widest = max(one.shape[1] for one in choices.values())
        with torch.random.fork_rng(devices=[]):  # torch's own initial values move no generator
            self.embedding = nn.Embedding(widest + 1, hidden)  # the last one starts the sequence
            self.lstm = nn.LSTM(hidden, hidden, num_layers=2)
            self.heads = nn.ModuleDict(
                {kind: nn.Linear(hidden, one.shape[1]) for kind, one in choices.items()}
            )
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-0.1, 0.1, generator=generator)
        self.baseline: Tensor
        self.register_buffer("baseline", torch.tensor(torch.nan))  # until the first phase ends

    def draw(
        self, generator: torch.Generator | None
    ) -> tuple[dict[str, list[int]], Tensor, Tensor]:
        """Choose an operation for every edge.

        Args:
            generator: Source of the choices; where None, the likeliest is chosen.

        Returns:
            Columns by kind of cell, the log-probability of all choices, their summed entropy.
        """
        last = torch.tensor([self.embedding.num_embeddings - 1])
        state: tuple[Tensor, Tensor] | None = None
        columns: dict[str, list[int]] = {}
        log_probability = entropy = torch.zeros(())
        for kind, one in self.choices.items():
            columns[kind] = []
            for _ in one.edges:
                output, state = self.lstm(self.embedding(last)[None], state)
                logits = self.heads[kind](output[0, 0])
                logs = (self.bound * torch.tanh(logits / self.temperature)).log_softmax(-1)
                column = self._choose(logs, generator)
                columns[kind].append(column)
                log_probability = log_probability + logs[column]
                entropy = entropy - (logs.exp() * logs).sum()
                last = torch.tensor([column])
        return columns, log_probability, entropy

    def _choose(self, logs: Tensor, generator: torch.Generator | None) -> int:
        if generator is None:
            return int(logs.argmax())
        return int(torch.multinomial(logs.detach().exp(), 1, generator=generator))

    def mixtures(self, moment: Moment) -> dict[str, Mixture]:
        """Draw a cell, without keeping how likely it was."""
        with torch.no_grad():
            columns, _, _ = self.draw(moment.decisions)
        return self.as_mixtures(columns, moment)

    def as_mixtures(self, columns: Mapping[str, list[int]], moment: Moment) -> dict[str, Mixture]:
        """Return the mixtures that run only the chosen operations."""
        return {
            kind: Mixture(
                send(_one_hot(chosen, self.choices[kind].shape[1]), moment.device),
                tuple((column,) for column in chosen),
                generator=moment.generator,
            )
            for kind, chosen in columns.items()
        }

    @torch.no_grad()
    def strengths(self) -> dict[str, Tensor]:
        """Return 1 for the likeliest choices, step by step, and 0 for the others."""
        columns, _, _ = self.draw(None)
        return {
            kind: _one_hot(chosen, self.choices[kind].shape[1]) for kind, chosen in columns.items()
        }


def _one_hot(columns: list[int], width: int) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(columns), width).float()


@dataclass(frozen=True)
class Reinforce:
    """Adam steps on the mean over cells of -log pi(cell) (R - b), the network in eval mode.

    R = accuracy + 1e-4 entropy and b = .99 B + .01 R, where B is the b of the last cell of the
    phase before; in the first phase, which has no B, b is the cell's own accuracy
    (D-X-Y/AutoDL-Projects, exps/NAS-Bench-201-algos/ENAS.py, ``train_controller``). The host waits
    for the device once a step, for the accuracies of all its cells.

    Attributes:
        steps: Steps of the optimizer after each epoch.
        cells: Cells that are drawn for a step, each judged by a batch of its own.
        clip: Largest norm of the controller's gradient.
        entropy_weight: Share of the entropy in the reward.
        decay: Share of B in b.
    """

    steps: int = 50
    cells: int = 20
    clip: float = 5.0
    entropy_weight: float = 1e-4
    decay: float = 0.99

    def run(self, learner: TrainableState, batches: Iterable[Batch], moment: Moment) -> None:
        """Train the controller.

        Args:
            learner: The shared weights and the controller.
            batches: The architecture batches, which are begun anew when they end.
            moment: The epoch that has ended, and where cells are drawn from.
        """
        parameters = learner.architecture_parameters
        controller = cast(Controller, learner.architecture.policy)
        unending = endless(batches)
        baseline = controller.baseline
        learner.supernet.eval()
        for _ in range(self.steps):
            losses, baseline = self.losses(learner, unending, moment)
            set_gradients(parameters, gradients_of(torch.stack(losses).mean(), parameters))
            torch.nn.utils.clip_grad_norm_(parameters, self.clip)
            learner.architecture_optimizer.step()
        learner.supernet.train()
        controller.baseline.copy_(baseline)

    def losses(
        self, learner: TrainableState, batches: Iterator[Batch], moment: Moment
    ) -> tuple[list[Tensor], Tensor]:
        """Draw the cells of a step; return -log pi(cell) (R - b) of each, and b of the last."""
        controller = cast(Controller, learner.architecture.policy)
        drawn = [controller.draw(moment.decisions) for _ in range(self.cells)]
        cells = [controller.as_mixtures(columns, moment) for columns, _, _ in drawn]
        accuracies = [self.accuracy(learner, next(batches), cell) for cell in cells]
        losses, baseline = [], controller.baseline
        for (_, log_probability, entropy), accuracy in zip(
            drawn, read(torch.stack(accuracies)), strict=True
        ):
            reward = accuracy + self.entropy_weight * entropy.detach()
            baseline = self.baseline(controller.baseline, accuracy, reward)
            losses.append(-log_probability * (reward - baseline))
        return losses, baseline

    def baseline(self, before: Tensor, accuracy: Tensor, reward: Tensor) -> Tensor:
        """Return b of a cell; ``before``: B, nan where there is none yet."""
        return torch.where(before.isnan(), accuracy, before.lerp(reward, 1 - self.decay))

    @torch.no_grad()
    def accuracy(
        self, learner: TrainableState, batch: Batch, cell: Mapping[str, Mixture]
    ) -> Tensor:
        """Return the share of a batch that a cell classifies rightly, a scalar on the device."""
        _, logits = learner.loss(batch, cell)
        return (logits.argmax(1) == batch.labels).float().mean()


@with_ranges("strategy 'enas'", picks=counted(1), steps=counted(1), cells=counted(1))
def enas(picks: int = 100, steps: int = 50, cells: int = 20) -> Strategy:
    """Return ENAS with the settings of its NAS-Bench-201 program.

    Args:
        picks: Number of drawn cells from which the final one is picked by the accuracy of one batch
            each, without a baseline (the program's ``get_best_arch``, which augments that batch).
        steps: Steps of the controller after each epoch.
        cells: Drawn cells of each of them.
    """
    settings: dict[str, Any] = {
        "epochs": 250,
        "batch_size": 128,
        "weights_lr": 0.05,
        "weights_lr_min": 0.0005,
        "nesterov": True,
        "weight_decay": 2.5e-4,
        "architecture_lr": 1e-3,
        "architecture_beta": 0.0,
        "architecture_epsilon": 1e-3,
        "architecture_decay": 0.0,
    }
    return Strategy(
        "enas",
        learns=False,
        phase=Reinforce(steps=steps, cells=cells),
        policy=Controller,
        picks=picks,
        settings=settings,
    )
