"""From a model's name to a network: ours, torchvision's, or any importable one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from torch import nn

from naslib_proxydata.errors import SelectionError, unknown_name
from naslib_proxydata.selection.scorers.resnet import CifarResNet

if TYPE_CHECKING:
    import torch

DEPTHS = {"resnet20": 20, "resnet56": 56}
TORCHVISION = "torchvision:"


def build_model(
    name: str, num_classes: int, channels: int, generator: torch.Generator
) -> nn.Module:
    """Build a classifier with fresh weights.

    Args:
        name: ``resnet20`` or ``resnet56`` (for images of CIFAR's size), ``torchvision:NAME``, or
            ``module:attribute`` of a callable that takes ``num_classes``.
        num_classes: Number of classes.
        channels: Channels of the images; only our own networks follow it.
        generator: Where initial weights come from. Convolutions, linear and normalisation
            layers are initialised with it, whoever built them.

    Raises:
        SelectionError: The name is unknown, or cannot be imported or built.
    """
    if name in DEPTHS:
        model: nn.Module = CifarResNet(DEPTHS[name], num_classes, channels)
    elif ":" in name:
        model = _import_model(name, num_classes)
    else:
        raise SelectionError(
            unknown_name("model", name, DEPTHS)
            + " torchvision:NAME and module:attribute are understood, too."
        )
    initialise(model, generator)
    return model


def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all usual layers: He's normal ones for convolutions, biases 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
            if layer.weight is not None:
                nn.init.ones_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def pretrained_backbone(name: str) -> nn.Module:
    """Return a trained network, frozen and in eval mode.

    Args:
        name: ``torchvision:NAME`` with its default weights, or ``module:attribute`` of a module,
            or of a callable without arguments that returns one.

    Raises:
        SelectionError: It cannot be imported or is no ``torch.nn.Module``.
    """
    found = find_backbone(name)
    if name.startswith(TORCHVISION):
        model = found(weights="DEFAULT")
    else:
        model = found if isinstance(found, nn.Module) else found()
    return checked_module(model, name).eval().requires_grad_(False)


def find_backbone(name: str) -> Any:
    """Import what :func:`pretrained_backbone` makes a network of, and load no weights.

    Raises:
        SelectionError: It cannot be imported.
    """
    module, _, attribute = name.partition(":")
    return _attribute("torchvision.models" if name.startswith(TORCHVISION) else module, attribute)


def last_linear(model: nn.Module) -> nn.Linear:
    """Return the last linear layer; its input is what is called the penultimate features.

    Raises:
        SelectionError: The model has none.
    """
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise SelectionError(
            f"{type(model).__name__} has no torch.nn.Linear layer, whose input would be the "
            "features; use another model"
        )
    return linear[-1]


def _import_model(name: str, num_classes: int) -> nn.Module:
    found = find_backbone(name)
    try:
        model = found(num_classes=num_classes)
    except TypeError as error:
        raise SelectionError(
            f"model {name!r} cannot be built with num_classes={num_classes}: {error}; --pretrained "
            "uses a module that is trained already"
        ) from None
    return checked_module(model, name)


def _attribute(module: str, attribute: str) -> Any:
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        hint = "; install torchvision or name another model" if "torchvision" in module else ""
        raise SelectionError(f"cannot import {module}:{attribute}: {error}{hint}") from None


def checked_module(model: object, name: str) -> nn.Module:
    """Return a module, and refuse anything else.

    Raises:
        SelectionError: It is no ``torch.nn.Module``.
    """
    if not isinstance(model, nn.Module):
        raise SelectionError(f"model {name!r} gives a {type(model).__name__}, not a torch module")
    return model
