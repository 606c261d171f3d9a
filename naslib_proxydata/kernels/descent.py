"""Steps of stochastic gradient descent with momentum, in compiled code: one pass over memory."""

from __future__ import annotations

from torch import Tensor, channels_last, empty_like

from naslib_proxydata.kernels.compiled import call, lanes, readable


def descend(
    weight: Tensor,
    gradient: Tensor,
    velocity: Tensor | None,
    *,
    learning_rate: float,
    momentum: float,
    weight_decay: float,
) -> Tensor | None:
    """Step ``v <- momentum v + (g + decay w)``, ``w <- w - learning_rate v``, in place.

    Args:
        weight: Of any shape.
        gradient: Of the same shape.
        velocity: What the step before returned; None for the first.
        learning_rate: Factor of the step.
        momentum: Factor of the velocity.
        weight_decay: Of this weight.

    Returns:
        The velocity; None, and nothing is changed, where compiled code cannot do it.
    """
    lines = _lines(weight, gradient) if lanes() and readable(weight) else None
    if lines is None or (velocity is not None and velocity.stride() != weight.stride()):
        return None
    begun = velocity is not None
    if velocity is None:
        velocity = empty_like(weight)
    tensors = weight, gradient, velocity
    factors = float(learning_rate), float(momentum), float(weight_decay)
    call("descend", *tensors, *lines, int(begun), *factors)
    return velocity


def _lines(weight: Tensor, gradient: Tensor) -> tuple[int, int, int] | None:
    """Return as how many lines of how many floats both lie, and how far apart the gradient's do."""
    there = gradient.dtype == weight.dtype and gradient.device == weight.device
    if not there or gradient.shape != weight.shape:
        return None
    last = weight.dim() == 4 and weight.is_contiguous(memory_format=channels_last)
    if weight.stride() == gradient.stride() and (last or weight.is_contiguous()):
        return 1, weight.numel(), weight.numel()
    if not last:
        return None
    outputs, inputs, height, width = weight.shape
    distance = gradient.stride(0) // (height * width)
    steps = height * width * distance, 1, width * distance, distance
    walked = zip(weight.shape, gradient.stride(), steps, strict=True)
    if distance < inputs or any(size > 1 and one != other for size, one, other in walked):
        return None
    return outputs * height * width, inputs, distance
