"""Models that are trained already: given weights, used as they are."""

from __future__ import annotations

import copy
import hashlib
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from naslib_proxydata.errors import SelectionError, unknown_name
from naslib_proxydata.files import expanded
from naslib_proxydata.selection.scorers.downloaded import check_downloaded
from naslib_proxydata.selection.scorers.model_input import ModelInput
from naslib_proxydata.selection.scorers.models import (
    DEPTHS,
    TORCHVISION,
    build_model,
    checked_module,
    find_backbone,
)

_log = logging.getLogger(__name__)

DEFAULT: Final = "DEFAULT"
_NESTED: Final = ("model", "state_dict", "model_state_dict", "net")
"""Where a checkpoint keeps the weights beside other things."""
_FILES: Final = (".pt", ".pth", ".pkl", ".bin", ".ckpt", ".tar", ".safetensors")

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Pretrained:
    """A model with its weights, and what it wants to be shown.

    Attributes:
        name: What the user calls the model.
        label: Name, weights, their hash, and the input: another whenever scores may be.
        model: The network, frozen and in eval mode.
        input: How its images are prepared.
    """

    name: str
    label: str
    model: nn.Module
    input: ModelInput


def load_pretrained(name: str, weights: str = "", changed: ModelInput | None = None) -> Pretrained:
    """Load a model with the weights that the user gives.

    ``torchvision:NAME`` takes its preparation of images from torchvision's description of the
    weights, ``DEFAULT`` or another name, and of a file that has the name of torchvision's; a
    module with ``pretrained_cfg``, as those of timm, from there; others are shown images as the
    dataset has them, normalised by its statistics.

    Args:
        name: ``resnet20`` or ``resnet56``, ``torchvision:NAME``, or ``module:attribute`` of a
            module that is trained already, or of a function that returns one.
        weights: Name of torchvision's weights, or a file of a state dict that ``torch.save``
            wrote; empty for a module that has them, and for ``DEFAULT`` of torchvision's.
        changed: What of the preparation is to be another; what is None stays.

    Raises:
        SelectionError: Model, weights or file are unknown, absent or damaged, or do not fit.
    """
    if name.startswith(TORCHVISION) and not _is_file(weights):
        model, said, prepared = _from_torchvision(name, weights or DEFAULT)
    elif weights:
        model, said = _from_file(name, expanded(weights))
        prepared = _published_input(name, Path(weights).name) or _own_input(model)
    else:
        model, said = _as_it_is(name), "its own weights"
        prepared = _own_input(model)
    prepared = _with_changes(prepared, changed)
    label = f"{name} with {said}, sha256 {_sha256(model)[:12]}; {prepared.sentence}"
    _log.info("scoring with %s", label)
    if prepared == ModelInput():
        _log.warning(
            "how images are prepared for %r is not known, so it sees them as the dataset has them, "
            "normalised by its statistics; where it was trained otherwise, set input_size, "
            "input_mean and input_std",
            name,
        )
    return Pretrained(name, label, model.eval().requires_grad_(False), prepared)


def _is_file(weights: str) -> bool:
    """Whether weights are named by a file, not by torchvision's name for them."""
    return Path(weights).suffix in _FILES or "/" in weights or Path(weights).is_file()


def _from_torchvision(name: str, weights: str) -> tuple[nn.Module, str, ModelInput]:
    entries = _published(name)
    if weights != DEFAULT and weights not in entries.__members__:
        raise SelectionError(
            unknown_name(f"weights of {name}", weights, [DEFAULT, *entries.__members__])
            + " A file ends in .pt or .pth, or is given with its folder."
        )
    entry = entries[weights]
    check_downloaded(str(entry.url))
    try:
        model = find_backbone(name)(weights=entry)
    except Exception as error:  # no network, a full disk, a damaged download
        raise SelectionError(
            f"cannot load the weights {weights} of {name}: {_one_line(error)}; download them "
            "elsewhere and give the file"
        ) from error
    return checked_module(model, name), f"weights {entry.name}", _preset_input(entry)


def _published(name: str) -> Any:
    """Return torchvision's enumeration of the weights of a model."""
    find_backbone(name)  # tells a model that there is not
    try:
        return find_backbone(f"{TORCHVISION}get_model_weights")(name.removeprefix(TORCHVISION))
    except (ValueError, KeyError) as error:
        raise SelectionError(f"torchvision has no weights of {name}: {_one_line(error)}") from None


def _published_input(name: str, file: str) -> ModelInput | None:
    """Return the preparation for a file that torchvision published under this name, or None."""
    if not name.startswith(TORCHVISION):
        return None
    entries = _published(name)
    known = (entry for entry in entries if str(entry.url).rpartition("/")[2] == file)
    entry = next(known, None)
    return None if entry is None else _preset_input(entry)


def _preset_input(entry: Any) -> ModelInput:
    preset = entry.transforms()
    interpolation = getattr(preset.interpolation, "value", preset.interpolation)
    return ModelInput(
        preset.crop_size[0],
        preset.resize_size[0],
        tuple(preset.mean),
        tuple(preset.std),
        str(interpolation),
    )


def _own_input(model: nn.Module) -> ModelInput:
    """Return the preparation that a module says it wants, in the terms of timm."""
    said = getattr(model, "pretrained_cfg", None)
    if not isinstance(said, Mapping) or not {"input_size", "mean", "std"} <= set(said):
        return ModelInput()
    size = int(said["input_size"][-1])
    return ModelInput(
        size,
        int(size / float(said.get("crop_pct") or 1)),
        tuple(map(float, said["mean"])),
        tuple(map(float, said["std"])),
        str(said.get("interpolation") or "bilinear"),
    )


def _with_changes(prepared: ModelInput, changed: ModelInput | None) -> ModelInput:
    if changed is None:
        return prepared
    if changed.size is not None:
        prepared = replace(prepared, size=changed.size, resize=changed.size)
    if (changed.mean is None) != (changed.std is None):
        raise SelectionError("input_mean and input_std belong together; give both or neither")
    if changed.mean is None:
        return prepared
    if len(changed.mean) != len(changed.std or ()) or min(changed.std or (0,)) <= 0:
        raise SelectionError(
            f"input_mean and input_std must have one number for each channel, and deviations above "
            f"0, got {changed.mean} and {changed.std}"
        )
    return replace(prepared, mean=changed.mean, std=changed.std)


def _from_file(name: str, path: Path) -> tuple[nn.Module, str]:
    state = _read_state(path)
    matrices = [value for value in state.values() if value.ndim == 2]
    classes = len(matrices[-1]) if matrices else None
    model = _empty_model(name, classes, _first_channels(state))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise SelectionError(
            f"the weights {path} do not fit the model {name!r}: {_one_line(error)[:300]}"
        ) from None
    return model, f"the weights {path.name}"


def _read_state(path: Path) -> State:
    """Read a state dict, of a checkpoint or by itself, without running anything of the file."""
    if not path.is_file():
        raise SelectionError(f"no file {path} of weights; check the path")
    try:
        with warnings.catch_warnings():  # a TorchScript archive, which is refused
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive can fail in nearly every way
        raise SelectionError(
            f"{path} is no state dict that can be read safely ({type(error).__name__}); write it "
            "by torch.save(model.state_dict(), path)"
        ) from None
    if isinstance(content, Mapping):
        nested = (content[key] for key in _NESTED if isinstance(content.get(key), Mapping))
        content = next(nested, content)
    if not isinstance(content, Mapping) or not content or not _are_tensors(content):
        raise SelectionError(
            f"{path} holds no state dict; write it by torch.save(model.state_dict(), path)"
        )
    # Models that were trained on several devices have this before every name.
    return {key.removeprefix("module."): value for key, value in content.items()}


def _are_tensors(content: Mapping[Any, Any]) -> bool:
    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _first_channels(state: State) -> int:
    filters = next((value for value in state.values() if value.ndim == 4), None)
    return 3 if filters is None else filters.shape[1]


def _empty_model(name: str, classes: int | None, channels: int) -> nn.Module:
    """Build the network that weights are loaded into."""
    if name in DEPTHS or ":" not in name:
        return build_model(name, classes or 2, channels, torch.Generator())
    found = find_backbone(name)
    if isinstance(found, nn.Module):
        return copy.deepcopy(found)
    if classes is not None:
        try:
            return checked_module(found(num_classes=classes), name)
        except TypeError:  # it takes no number of classes
            pass
    return _called(found, name)


def _as_it_is(name: str) -> nn.Module:
    """Return a module of the user's, or what a function of theirs gives."""
    if ":" not in name:
        raise SelectionError(
            f"model {name!r} has no weights of its own; give a file by --weights FILE, or name "
            "torchvision:NAME or module:attribute of a module that is trained already"
        )
    found = find_backbone(name)
    return copy.deepcopy(found) if isinstance(found, nn.Module) else _called(found, name)


def _called(found: Callable[..., Any], name: str) -> nn.Module:
    try:
        model = found()
    except Exception as error:  # it is a stranger's code
        raise SelectionError(
            f"model {name!r} cannot be made without arguments: {_one_line(error)}; name a module "
            "that is trained already, or a function that returns one"
        ) from error
    return checked_module(model, name)


def _sha256(model: nn.Module) -> str:
    """Return a hash of all weights and of the averages of normalisation layers."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
