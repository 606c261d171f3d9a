"""A step of a search as a CUDA graph: recorded once an epoch, then replayed.

A step of a supernet starts a few thousand small kernels, one by one, which takes the host longer
than a GPU needs to compute them. A recorded step is started at once. What the host decides is part
of the record, so that only steps are recorded whose decisions hold for an epoch: learning rate,
forbidden candidates, the weight of a regulariser.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from naslib_proxydata.data.loader import Batch
from naslib_proxydata.oneshot.first_order import FirstOrder, Softmax
from naslib_proxydata.runs.processes import processes

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.learner import Learner
    from naslib_proxydata.oneshot.moment import Moment

_log = logging.getLogger(__name__)

Outputs = tuple[Tensor, Tensor]
Step = Callable[[Batch], Outputs]


class Recording(NamedTuple):
    """A recorded step.

    Attributes:
        replay: Makes the step anew, on whatever its input tensors then hold.
        outputs: Where each replay leaves loss and logits.
    """

    replay: Callable[[], None]
    outputs: Outputs


Record = Callable[[Callable[[], Outputs]], Recording]


def replayable(learner: Learner, moment: Moment) -> bool:
    """Return whether the host decides nothing from batch to batch, and a GPU makes the steps."""
    strategy = learner.strategy
    return (
        learner.settings.device.startswith("cuda")
        and learner.settings.precision != "float16"  # whose scale the host reads
        and isinstance(strategy.step, FirstOrder)
        and isinstance(strategy.relaxation, Softmax)
        and strategy.perturbation is None
        and strategy.attack is None
        and strategy.policy is None
        and not moment.skip_dropout
        and processes() == 1
    )


def cuda_graph(step: Callable[[], Outputs], generator: torch.Generator) -> Recording:
    """Record a step that has run before, so that libraries and optimizers are ready.

    Args:
        step: What is recorded; recording does not compute it.
        generator: Where the step draws; a replay goes on with it where it is on the GPU.

    Raises:
        RuntimeError: The step does what cannot be recorded, such as a wait for the device.
    """
    graph = torch.cuda.CUDAGraph()
    if generator.device.type == "cuda":
        graph.register_generator_state(generator)
    here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(here)
    with torch.cuda.stream(aside):
        graph.capture_begin(capture_error_mode="thread_local")  # other threads may pin memory
        try:
            outputs = step()
        finally:
            graph.capture_end()
    here.wait_stream(aside)
    return Recording(graph.replay, outputs)


class ReplayedStep:
    """A step on batches of one size, made once as it is, then recorded, then replayed.

    Batches of another size, such as an epoch's last one, are stepped on as without it. Where
    recording fails, so are all, and a warning says why.

    Args:
        step: Makes a step on a batch and returns its loss and logits.
        record: Records a step on fixed tensors.
    """

    def __init__(self, step: Step, record: Record) -> None:
        self._step = step
        self._record = record
        self._shapes: list[torch.Size] | None = None
        self._inputs: list[Tensor] = []
        self._recording: Recording | None = None
        self._failed = False

    def __call__(self, batch: Batch) -> Outputs:
        """Make a step; what it returns holds until the next one."""
        inputs = _inputs(batch)
        shapes = [one.shape for one in inputs]
        if self._shapes is None:
            self._shapes = shapes
            return self._step(batch)
        if self._failed or shapes != self._shapes:
            return self._step(batch)
        if self._recording is None:
            self._start(batch)
        if self._recording is None:
            return self._step(batch)
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        self._recording.replay()
        return self._recording.outputs

    def _start(self, batch: Batch) -> None:
        self._inputs = [torch.empty_like(one).copy_(one) for one in _inputs(batch)]
        fixed = Batch(self._inputs[0], self._inputs[1], batch.indices, *self._inputs[2:])
        try:
            self._recording = self._record(lambda: self._step(fixed))
        except RuntimeError as error:
            self._failed = True
            _log.warning("steps are not recorded as a CUDA graph: %s", error)


def _inputs(batch: Batch) -> list[Tensor]:
    """Return the tensors of a batch that a step computes with."""
    weights = [] if batch.weights is None else [batch.weights]
    return [batch.images, batch.labels, *weights]
