"""The encoder, predictor and decoder of NAO (arXiv 1808.07233, section 3), and how they learn.

Sizes and losses are the paper's; what it leaves open is as in the authors' release
(renqianluo/NAO, ``NAO/cnn/epd``; renqianluo/NAO_pytorch, ``NAO_V1``). Nothing moves torch's own
generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, normalize

GRADIENT_BOUND = 5.0
"""Largest norm of the gradient of a step (``max_gradient_norm`` of the release)."""


@dataclass(frozen=True)
class Sizes:
    """How large the three are.

    Attributes:
        embedding: Numbers that stand for a symbol in the encoder.
        hidden: Width of both LSTMs.
        dropout: Share of the embeddings' numbers that is zeroed while they learn.
    """

    embedding: int
    hidden: int
    dropout: float


@dataclass(frozen=True)
class Training:
    """How the three learn together.

    Attributes:
        epochs: Passes over all that is known.
        batch: Architectures of a step.
        learning_rate: Adam's.
        weight_decay: Adam's.
        trade_off: Share of the prediction's loss; the rest is the reconstruction's.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    trade_off: float


class SequenceModel(nn.Module):
    """Maps rows of symbols to codes, codes to values, and codes back to rows.

    The code of a row has a unit vector for each of its symbols, shape (length, hidden): the
    outputs of an LSTM. Their mean, as a unit vector again, is what the predictor reads and what
    the decoder starts from; the decoder attends to all of them.

    Args:
        allowed: Which symbols may stand at which place, shape (length, symbols).
        sizes: Its sizes.
        generator: Source of all that is random: initial weights, order of learning, dropout.
    """

    def __init__(self, allowed: Tensor, sizes: Sizes, generator: torch.Generator) -> None:
        super().__init__()
        symbols, hidden = allowed.shape[1], sizes.hidden
        self.generator = generator
        self.dropout = sizes.dropout
        self.allowed = allowed
        with torch.random.fork_rng(devices=[]):  # torch's own initial values move no generator
            self.embedding = nn.Embedding(symbols, sizes.embedding)
            self.encoder = nn.LSTM(sizes.embedding, hidden, batch_first=True)
            self.predictor = nn.Linear(hidden, 1)
            self.last_symbol = nn.Embedding(symbols + 1, hidden)  # the last one starts a row
            self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
            self.query = nn.Linear(hidden, hidden, bias=False)
            self.mix = nn.Linear(2 * hidden, hidden, bias=False)
            self.symbol = nn.Linear(hidden, symbols)
        initialise_uniform(self, hidden, generator)

    def encode(self, rows: Tensor) -> Tensor:
        """Return the codes of rows (n, length), shape (n, length, hidden)."""
        outputs, _ = self.encoder(self._dropped(self.embedding(rows)))
        return normalize(outputs, dim=-1)

    def predict(self, codes: Tensor) -> Tensor:
        """Return the value predicted of codes (n, length, hidden), shape (n,), within (0, 1)."""
        return torch.sigmoid(self.predictor(pooled(codes))).squeeze(-1)

    def scores(self, codes: Tensor, rows: Tensor) -> Tensor:
        """Return what the decoder gives each symbol at each place, given those before it.

        Args:
            codes: Shape (n, length, hidden).
            rows: The rows that are to come out, shape (n, length).

        Returns:
            Shape (n, length, symbols); ``-inf`` where a symbol may not stand.
        """
        before = torch.cat([self._start(len(rows)), rows[:, :-1]], dim=1)
        outputs, _ = self.decoder(self.last_symbol(before), _state(codes))
        return self._scored(outputs, codes).masked_fill(~self.allowed, -torch.inf)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return the row of codes (n, length, hidden), the likeliest symbol each: (n, length)."""
        state, last, row = _state(codes), self._start(len(codes)), []
        for allowed in self.allowed:
            outputs, state = self.decoder(self.last_symbol(last), state)
            last = self._scored(outputs, codes).masked_fill(~allowed, -torch.inf).argmax(-1)
            row.append(last)
        return torch.cat(row, dim=1)

    def _scored(self, outputs: Tensor, codes: Tensor) -> Tensor:
        """Let the decoder's outputs (n, m, hidden) attend to the codes, and score the symbols."""
        attention = (self.query(outputs) @ codes.transpose(1, 2)).softmax(-1)
        mixed = torch.tanh(self.mix(torch.cat([attention @ codes, outputs], dim=-1)))
        scores: Tensor = self.symbol(mixed)
        return scores

    def _start(self, count: int) -> Tensor:
        return torch.full((count, 1), self.last_symbol.num_embeddings - 1)

    def _dropped(self, embedded: Tensor) -> Tensor:
        if not self.training:
            return embedded
        kept = torch.rand(embedded.shape, generator=self.generator) >= self.dropout
        return embedded * kept / (1 - self.dropout)


def pooled(codes: Tensor) -> Tensor:
    """Return the mean over places of codes (n, length, hidden) as unit vectors (n, hidden)."""
    return normalize(codes.mean(dim=1), dim=-1)


def _state(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the decoder's first state, both of its parts the pooled code."""
    start = pooled(codes)[None]
    return start, start


def initialise_uniform(model: nn.Module, hidden: int, generator: torch.Generator) -> None:
    """Draw all weights from U(-1/sqrt(hidden), 1/sqrt(hidden)), torch's default for an LSTM."""
    bound = hidden**-0.5
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-bound, bound, generator=generator)


def loss(model: SequenceModel, rows: Tensor, values: Tensor, trade_off: float) -> Tensor:
    """Return the joint loss of arXiv 1808.07233, equation 1, of a batch.

    L = lambda L_pp + (1 - lambda) L_rec: the squared error of the predictor and, per symbol, the
    negative log-likelihood of the rows under the decoder (the paper adds up symbols, its release
    takes their mean, as is done here).

    Args:
        model: The three.
        rows: Shape (n, length).
        values: What the predictor is to say, within [0, 1], shape (n,).
        trade_off: lambda.
    """
    codes = model.encode(rows)
    prediction = mse_loss(model.predict(codes), values)
    scores = model.scores(codes, rows).flatten(0, 1)
    reconstruction = cross_entropy(scores, rows.flatten(), reduction="sum") / len(rows)
    return trade_off * prediction + (1 - trade_off) * reconstruction


def train(model: SequenceModel, rows: Tensor, values: Tensor, training: Training) -> None:
    """Let the model learn rows (n, length) and their values (n,); it ends in eval mode."""
    optimizer = torch.optim.Adam(
        model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    model.train()
    for _ in range(training.epochs):
        order = torch.randperm(len(rows), generator=model.generator)
        for batch in torch.split(order, training.batch):
            optimizer.zero_grad()
            torch.autograd.backward(loss(model, rows[batch], values[batch], training.trade_off))
            nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_BOUND)
            optimizer.step()
    model.eval()


def slopes(model: SequenceModel, codes: Tensor) -> Tensor:
    """Return the gradient of the predicted value by the codes, in their shape."""
    codes = codes.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model.predict(codes).sum(), codes)
    return gradient


def ascend(codes: Tensor, gradient: Tensor, step: float) -> Tensor:
    """Move codes uphill by arXiv 1808.07233, equation 2: h' = h + eta df/dh, as unit vectors.

    Args:
        codes: Shape (n, length, hidden).
        gradient: Of the predicted value, in that shape.
        step: eta.
    """
    return normalize(codes + step * gradient, dim=-1)
