"""Every knob of Eproxy in one validated object, and the start points it can be read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.eproxy.mac_reference import MAC_REFERENCE
from naslib_proxydata.predictors.eproxy.presets import Preset, read_preset
from naslib_proxydata.predictors.eproxy.start_points import START_POINTS, start_point
from naslib_proxydata.schema import Settings

Feature = Literal["net", "sine_low", "sine_mid", "sine_high", "dot"]
Kernel = Literal[1, 3, 7]
Initialisation = Literal[
    "default", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"
]
MAX_CHANNELS = 512
"""Number of channels of every label feature; a target is cut to the first of them."""
BUILT_IN = ("release", "paper", *START_POINTS)
"""Presets that are no files."""
_WHERE = "predictor 'eproxy'"


class Branch(Settings):
    """One regression head: a tap of the trunk, a trainable layer, a frozen one, a target.

    Attributes:
        transform_kernel: Kernel size of the trainable convolution.
        barrier_kernel: Kernel size of the frozen convolution.
        mid_channels: Channels between the two.
        out_channels: Channels of the target.
        features: What is summed into the target; nothing gives an all-zero target.
        level: The augment coefficient: the sum is multiplied by it.
    """

    transform_kernel: Kernel = 1
    barrier_kernel: Kernel = 3
    mid_channels: Annotated[int, Field(ge=1, le=4096)] = 512
    out_channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 64
    features: tuple[Feature, ...] = ("net",)
    level: Annotated[float, Field(gt=0, le=100)] = 1.0

    @model_validator(mode="after")
    def _each_feature_once(self) -> Self:
        if len(set(self.features)) != len(self.features):
            raise ValueError("features must name each feature once")
        return self


class EproxyConfig(Settings):
    """Everything Eproxy's score depends on besides architecture, images and seed.

    Attributes:
        preset: Where the values that were not set came from, see :func:`resolve`.
        branches: The first reads the final feature map, the second the one before the last
            downsampling, the third the one before that.
        learning_rate: Of plain SGD.
        momentum: Likewise.
        weight_decay: On weights of more than one dimension only.
        iterations: The score is read in the forward pass of the last one, before its step.
        batch: Number of images.
        branch_decay: Weight of branch b in the score is ``branch_decay ** b``; training weighs
            the branches equally.
        resize: How a tap is brought to the target's size.
        network_init: Initial weights of trunk and transform layers.
        barrier_init: Initial weights of the barriers.
        mac_alpha: The loss is multiplied by ``1 - mac_alpha * macs / mac_reference``
            (:mod:`mac_term`): positive values favour architectures with more
            multiply-accumulates.
        mac_reference: MACs of the largest architecture of the space.
        barrier: Whether there are barriers; without them the transform layer faces the target.
        transform: Whether there are transform layers; without them the barrier sits on the trunk,
            whatever its channels are, and ``mid_channels`` are not read (table 1 of the paper).
        shared_barrier: Whether branches whose barriers have the same shape share one.
        shared_label: Whether the last convolution of the untrained network that makes the feature
            ``net`` is one for all branches; the release has one a branch, its DPS one for all.
        read_at: The iteration whose loss is the score, counted from 1; None for the last.
        augment: Whether images are cropped (padding 4) and flipped at random, once for all.
        images: ``"task"`` for the images of the run, ``"noise"`` for Gaussian noise instead.
    """

    preset: str = "release"
    branches: Annotated[tuple[Branch, ...], Field(min_length=1, max_length=3)] = (Branch(),)
    learning_rate: Annotated[float, Field(gt=0)] = 1.2
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 4e-5
    iterations: Annotated[int, Field(ge=1, le=1000)] = 10
    batch: Annotated[int, Field(ge=2, le=4096)] = 16
    branch_decay: Annotated[float, Field(gt=0, le=1)] = 0.5
    resize: Literal["nearest", "bilinear"] = "nearest"
    network_init: Initialisation = "default"
    barrier_init: Initialisation = "default"
    mac_alpha: Annotated[float, Field(ge=-1, le=1)] = 0.0
    mac_reference: Annotated[float, Field(gt=0)] | None = None
    barrier: bool = True
    transform: bool = True
    shared_barrier: bool = False
    shared_label: bool = False
    read_at: Annotated[int, Field(ge=1)] | None = None
    augment: bool = True
    images: Literal["task", "noise"] = "task"

    @model_validator(mode="after")
    def _score_is_reached(self) -> Self:
        if self.read_at is not None and self.read_at > self.iterations:
            raise ValueError(
                f"read_at must be one of the {self.iterations} iterations, got {self.read_at}; "
                "raise iterations"
            )
        return self

    @model_validator(mode="after")
    def _something_faces_the_target(self) -> Self:
        if not self.transform and not self.barrier:
            raise ValueError(
                "transform and barrier cannot both be false: the trunk's channels are not the "
                "target's; leave one of them"
            )
        return self


def resolve(options: Mapping[str, Any], space: str | None) -> EproxyConfig:
    """Complete a user's options with the preset that they name.

    ``preset="release"`` (default) is the start point which the authors' program sets for the
    space (:mod:`start_points`); a space it does not know gets NAS-Bench-101's, whose one branch
    every trunk has a tap for. ``preset="paper"`` is arXiv 2210.09459 as written: features of the
    untrained network, one branch of 512 to 64 channels, learning rate 1.0, weight decay 1e-5. One
    of :data:`START_POINTS` is that start point in whatever space. Any other name is a preset that
    DPS has found (:mod:`presets`), one of the package or a file: its fittest proxy, on top of
    ``release``.

    Args:
        options: Fields of :class:`EproxyConfig`; they win over the preset's.
        space: Name of the search space; None while it is not known, to check the options.

    Raises:
        ConfigError: A key is unknown, a value is not allowed, the preset is not there or of
            another version, or the MAC term is asked for in a space whose largest MACs are not
            known.
    """
    name = str(options.get("preset", "release"))
    start = name if name in START_POINTS else space or ""
    preset = _paper() if name == "paper" else {**start_point(start), **preset_options(name, space)}
    if space is not None and space in MAC_REFERENCE:
        preset.setdefault("mac_reference", MAC_REFERENCE[space])
    config = EproxyConfig.parse({**preset, **options}, _WHERE)
    if config.mac_alpha and config.mac_reference is None and space is not None:
        raise ConfigError(
            f"{_WHERE}: mac_alpha needs mac_reference, the MACs of the largest architecture, "
            f"which is known for {', '.join(sorted(MAC_REFERENCE))} but not for {space!r}; set it"
        )
    return config


def preset_options(name: str, space: str | None = None) -> dict[str, Any]:
    """Return what the fittest proxy of a preset sets; nothing for the built-in presets.

    DPS has one label convolution for all branches, so a preset that does not say has. The largest
    MACs of the space where it was found are left out for another space.

    Raises:
        ConfigError: The preset cannot be read, or a key or value of it is wrong.
    """
    if name in BUILT_IN:
        return {}
    preset = checked_preset(name)
    options = {"shared_label": True, **preset.proxies[0].options}
    if space not in (None, preset.provenance.space):
        options.pop("mac_reference", None)
    return options


def checked_preset(name: str) -> Preset:
    """Read a preset whose every proxy is a valid configuration.

    Raises:
        ConfigError: The preset cannot be read, or a key or value of it is wrong.
    """
    preset = read_preset(name, BUILT_IN)
    for number, proxy in enumerate(preset.proxies):
        EproxyConfig.parse(proxy.options, f"preset {name!r}, proxies[{number}].options")
    return preset


def known_mac_reference(space: str) -> float | None:
    """Return the MACs of the largest architecture of a space, None where not known."""
    return MAC_REFERENCE.get(space)


def _paper() -> dict[str, Any]:
    return {
        "branches": [{"features": ["net"], "mid_channels": 512, "out_channels": 64}],
        "learning_rate": 1.0,
        "weight_decay": 1e-5,
    }
