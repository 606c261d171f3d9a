"""Every space of NDS by name, and the file of each of its tables (arXiv 1905.13214)."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Final, NamedTuple

from naslib_proxydata.spaces.nds.anynet import AnyNet
from naslib_proxydata.spaces.nds.anynet_settings import CHOICES
from naslib_proxydata.spaces.nds.cells import FAMILIES, NdsCells


class NdsTable(NamedTuple):
    """One released file.

    Attributes:
        file: Its name without ``.json``.
        space: The space of its networks.
    """

    file: str
    space: str


_FAMILY_FILES: Final = {
    "darts": "DARTS",
    "amoeba": "Amoeba",
    "enas": "ENAS",
    "nasnet": "NASNet",
    "pnas": "PNAS",
    "resnet": "ResNet",
    "resnext-a": "ResNeXt-A",
    "resnext-b": "ResNeXt-B",
    "vanilla": "Vanilla",
}
_VARIANTS: Final = {
    "darts": ("fix-w-d", "lr-wd"),
    "enas": ("fix-w-d",),
    "pnas": ("fix-w-d",),
    "resnet": ("lr-wd", "reruns"),
    "vanilla": ("lr-wd", "reruns"),
}


def tables() -> dict[str, NdsTable]:
    """Return the released files by the name of their benchmark, such as ``nds-darts-in``."""
    found = {}
    for family, file in _FAMILY_FILES.items():
        for variant in ("", *_VARIANTS.get(family, ())):
            for end, suffix in (("", ""), ("-in", "_in")):
                if variant == "reruns" and end:
                    continue
                name = f"nds-{family}-{variant}{end}" if variant else f"nds-{family}{end}"
                middle = f"_{variant}" if variant else ""
                found[name] = NdsTable(f"{file}{middle}{suffix}", f"nds-{family}{end}")
    return found


def spaces() -> tuple[str, ...]:
    """Return the names of all spaces."""
    cells = [f"nds-{family}{end}" for family in FAMILIES for end in ("", "-in")]
    return (*cells, *(f"nds-{family}" for family in CHOICES))


def make_space(name: str) -> NdsCells | AnyNet:
    """Return the space of a name such as ``nds-resnext-a-in``."""
    family = name.removeprefix("nds-")
    if family in CHOICES:
        return AnyNet(family)
    return NdsCells(family.removesuffix("-in"), imagenet=family.endswith("-in"))


SPACES: Final = SimpleNamespace(
    **{name.removeprefix("nds-").replace("-", "_"): partial(make_space, name) for name in spaces()}
)
"""The makers of the spaces as attributes, ``nds-darts-in`` being ``SPACES.darts_in``."""
