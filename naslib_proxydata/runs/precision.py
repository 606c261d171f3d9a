"""Mixed precision: a network computes in 16 bits, all that is learnt stays float32."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from torch import Tensor

TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Precision:
    """The context of forward passes, and steps whose gradients may have been scaled.

    float16 rounds small gradients to 0, so that losses are scaled up before and gradients down
    after (arXiv 1710.03740, section 3.2); a step whose gradients are not finite is left out. To
    know this the host waits for the device once a step, which bfloat16 does not need.

    Args:
        precision: ``float32``, ``bfloat16`` or ``float16``.
        device: A torch device string.

    Raises:
        ConfigError: This torch cannot scale gradients.
    """

    def __init__(self, precision: str, device: str) -> None:
        self._type = TYPES.get(precision)
        self._kind = torch.device(device).type
        self._scaler: Any = None
        if precision == "float16":
            if not hasattr(torch.amp, "GradScaler"):
                raise ConfigError(
                    f"precision float16 needs torch 2.3 or later, this is {torch.__version__}; "
                    "use bfloat16"
                )
            self._scaler = torch.amp.GradScaler(self._kind)

    def forward(self) -> AbstractContextManager[Any]:
        """Return the context that a forward pass is made in."""
        if self._type is None:
            return nullcontext()
        return torch.autocast(self._kind, dtype=self._type)

    def output(self, logits: Tensor) -> Tensor:
        """Return logits of a forward pass, from which losses are computed in 32 bits."""
        return logits if self._type is None else logits.float()

    def scaled(self, loss: Tensor) -> Tensor:
        """Return what is differentiated in place of a loss before :meth:`step`."""
        if self._scaler is None:
            return loss
        result: Tensor = self._scaler.scale(loss)
        return result

    def step(
        self,
        optimizer: torch.optim.Optimizer,
        parameters: Sequence[Tensor] = (),
        clip: float | None = None,
    ) -> None:
        """Make a step of an optimizer.

        Args:
            optimizer: Its parameters have gradients of a :meth:`scaled` loss.
            parameters: Whose gradients are clipped.
            clip: The largest norm of these; None for any.
        """
        if self._scaler is not None:
            self._scaler.unscale_(optimizer)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        if self._scaler is None:
            optimizer.step()
            return
        self._scaler.step(optimizer)
        self._scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Return the scale, nothing where there is none."""
        return {} if self._scaler is None else dict(self._scaler.state_dict())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        if self._scaler is not None and state:
            self._scaler.load_state_dict(dict(state))
