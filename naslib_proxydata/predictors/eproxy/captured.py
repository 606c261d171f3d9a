"""Eproxy's iterations as a CUDA graph: captured once for a network, replayed for the others.

An iteration launches hundreds of kernels that take microseconds each; a graph launches them all at
once. On the CPU, and where a device refuses to capture, every iteration is launched anew.
"""

from __future__ import annotations

import gc
import logging

import torch
from torch import Tensor

from naslib_proxydata.predictors.eproxy.training import Training

_log = logging.getLogger(__name__)
_FEWEST = 4
"""Iterations below which there is nothing to gain: the first is launched, and so is the last."""


class Recorder:
    """Runs trainings one after the other, each by a graph of its own.

    Attributes:
        refused: Why the last capture failed; empty where none has.
    """

    def __init__(self) -> None:
        self.refused = ""
        self._last: torch.cuda.CUDAGraph | None = None
        self._stream: torch.cuda.Stream | None = None

    def run(self, training: Training) -> Tensor:
        """Take all iterations and return their errors, stacked, on the device.

        Args:
            training: A fresh one, with ``steady`` weights.
        """
        if training.images.device.type != "cuda" or training.iterations < _FEWEST:
            return training.run()
        with torch.cuda.device(training.images.device):
            if self._stream is None:  # one for all, which memory that is free again belongs to
                self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream = self._stream
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                first = training.step()  # which lets libraries set themselves up
                captured = None if self.refused else self._captured(training)
                taken = [first]
                for _ in range(training.iterations - 2):
                    taken.append(training.step() if captured is None else _replayed(*captured))
                result = torch.stack([*taken, training.last()])
            torch.cuda.current_stream().wait_stream(stream)
            stream.synchronize()  # before what it works on is given to another stream
        return result

    def _captured(self, training: Training) -> tuple[torch.cuda.CUDAGraph, Tensor] | None:
        """Capture an iteration without taking it; None where that fails, with a word in the log.

        ``torch.cuda.graph`` would give all free memory back to the device each time.
        """
        graph = torch.cuda.CUDAGraph()
        pool = () if self._last is None else (self._last.pool(),)
        torch.cuda.current_stream().synchronize()
        collects = gc.isenabled()
        gc.disable()  # what it would free might be what must not be freed while capturing
        try:
            graph.capture_begin(*pool)
            try:
                errors = training.step()
            finally:
                graph.capture_end()
        except RuntimeError as error:
            self._refuse(training, error)
            return None
        finally:
            if collects:
                gc.enable()
        self._last = graph  # its memory serves the next one; it is not replayed again
        return graph, errors

    def _refuse(self, training: Training, error: RuntimeError) -> None:
        for weight in training.optimizer.weights:
            weight.grad = None
        first = error.__context__ or error  # what capture_end says comes of it
        if isinstance(first, torch.cuda.OutOfMemoryError):
            raise first
        self.refused = f"{type(first).__name__}: {first}".splitlines()[0]
        _log.warning(
            "eproxy: this device does not capture an iteration (%s); each is launched anew, "
            "which is slower and gives the same scores",
            self.refused,
        )


def _replayed(graph: torch.cuda.CUDAGraph, errors: Tensor) -> Tensor:
    graph.replay()
    return errors.clone()
