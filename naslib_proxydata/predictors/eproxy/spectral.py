"""A frozen convolution by the discrete Fourier transform, for kernels large against the map.

A 7x7 convolution of 512 into 512 channels on maps of 8x8 takes 13 billion multiply-accumulates
for 16 images; by the convolution theorem 1.1 billion are left, and as the weights never change
their spectrum is computed once. Equal to the direct convolution up to rounding.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn


class SpectralConv2d(nn.Conv2d):
    """``nn.Conv2d`` of stride 1 that keeps height and width, with weights that do not learn.

    Its gradient for the input is right; it gives none for weights and bias.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, padding: int) -> None:
        if kernel != 2 * padding + 1:
            raise ValueError(f"kernel {kernel} needs padding {kernel // 2}, got {padding}")
        super().__init__(in_channels, out_channels, kernel, padding=padding)
        self._known: tuple[Any, Tensor] | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h, w)."""
        spectrum = self.spectrum(features)
        output: Tensor = _Convolution.apply(features, spectrum, self.kernel_size[0] // 2)  # type: ignore[no-untyped-call]
        assert self.bias is not None
        return output + self.bias.detach().view(-1, 1, 1)

    @torch.no_grad()
    def spectrum(self, features: Tensor) -> Tensor:
        """Return the weights' spectrum for maps of this size: (frequencies, in, out), complex.

        It is computed anew where size, type or device of the maps have changed, or the weights
        were written to.
        """
        size, like = features.shape[2:], (features.dtype, features.device)
        key = (size, like, self.weight._version)
        if self._known is None or self._known[0] != key:
            there = _weight_transform(self.kernel_size[0], size, like)
            flat = self.weight.to(features.dtype).flatten(2).permute(2, 1, 0).flatten(1)
            shape = (-1, self.in_channels, self.out_channels)
            self._known = key, _complex(there @ flat).view(shape)
        return self._known[1]


class _Convolution(torch.autograd.Function):
    """Transform, multiply by the spectrum at each frequency, transform back and crop."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, spectrum: Tensor, padding: int) -> Tensor:
        ctx.spectrum, ctx.padding = spectrum, padding
        return _multiplied(features, spectrum, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _multiplied(gradients[0], ctx.spectrum, ctx.padding, adjoint=True), None, None


def _multiplied(features: Tensor, spectrum: Tensor, padding: int, adjoint: bool = False) -> Tensor:
    """Map (n, c, h, w) by a spectrum (frequencies, c, d), or its adjoint, to (n, d, h, w)."""
    n, channels, height, width = features.shape
    like = (features.dtype, features.device)
    there, back = _transforms((height, width), _circle((height, width), padding), like)
    pixels = features.permute(2, 3, 0, 1).reshape(height * width, n * channels)
    waves = _complex(there @ pixels).view(-1, n, channels)
    if adjoint:  # x S^H is the conjugate of conj(x) S^T, which spares a copy of S
        product = torch.bmm(waves.conj_physical_(), spectrum.transpose(1, 2)).conj_physical_()
    else:
        product = torch.bmm(waves, spectrum)
    product = product.flatten(1)  # frequencies x n d
    maps = back @ torch.cat([product.real, product.imag])
    return maps.view(height, width, n, -1).permute(2, 3, 0, 1)


def _complex(stacked: Tensor) -> Tensor:
    """Turn real parts above imaginary ones, (2 f, c), into complex numbers (f, c)."""
    real, imaginary = stacked.chunk(2)
    return torch.complex(real, imaginary)


def _circle(size: Any, padding: int) -> tuple[int, int]:
    """Return the period at which what wraps around falls outside the map."""
    return size[0] + padding, size[1] + padding


@cache
def _transforms(size: tuple[int, int], circle: tuple[int, int], like: Any) -> tuple[Tensor, Tensor]:
    """Return the real transform of a map padded to the circle, and its inverse, cropped.

    Shapes (2 f, h w) and (h w, 2 f), real parts before imaginary ones; as matrices they are
    faster than a fast transform at so few pixels.
    """
    dtype, device = like
    height, width = size
    pixels = torch.eye(height * width, dtype=torch.float64).view(-1, height, width)
    waves = torch.fft.rfft2(pixels, s=circle).flatten(1)
    unit = torch.eye(waves.shape[1], dtype=torch.complex128)
    units = torch.cat([unit, 1j * unit]).view(-1, circle[0], circle[1] // 2 + 1)
    back = torch.fft.irfft2(units, s=circle)[:, :height, :width].flatten(1)
    there = torch.cat([waves.real, waves.imag], dim=1)
    return there.T.to(device, dtype).contiguous(), back.T.to(device, dtype).contiguous()


@cache
def _weight_transform(kernel: int, size: tuple[int, int], like: Any) -> Tensor:
    """Return the matrix (2 f, kernel^2) that gives the spectrum of a layer's weights.

    A convolution layer correlates, and its kernel is centred: so it is the conjugate of the
    weights' transform, moved back by the padding.
    """
    dtype, device = like
    rows, columns = _circle(size, kernel // 2)
    taps = torch.eye(kernel * kernel, dtype=torch.float64).view(-1, kernel, kernel)
    placed = torch.zeros(len(taps), rows, columns, dtype=torch.float64)
    for row, column in product(range(kernel), repeat=2):  # wraps around where a map is small
        to = (row - kernel // 2) % rows, (column - kernel // 2) % columns
        placed[:, to[0], to[1]] += taps[:, row, column]
    waves = torch.fft.rfft2(placed).flatten(1).conj()
    return torch.cat([waves.real, waves.imag], dim=1).T.to(device, dtype).contiguous()
