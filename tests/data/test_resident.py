from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.data.resident import resident_images
from naslib_proxydata.data.transforms import CropAndFlip
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import coloured


@pytest.mark.parametrize("wanted", ["auto", "never"])
def test_on_a_cpu_there_is_nothing_to_keep(wanted: str) -> None:
    assert resident_images(coloured(8), "cpu", wanted) is None  # type: ignore[arg-type]


def test_auto_keeps_what_takes_a_quarter_of_the_free_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from naslib_proxydata.data import resident

    images, size = coloured(8), 8 * 3 * 8 * 8
    for free, fits in ((4 * size, True), (4 * size - 1, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 0))
        assert resident._fits(images, "cuda") == fits


def test_batches_of_kept_images_are_those_of_copied_ones() -> None:
    """Equal to the last digit, with augmentation and weights, over two epochs."""
    images, some = coloured(24), np.arange(3, 20)
    kept = resident_images(images, "cpu", "always")

    def batches(resident: torch.Tensor | None) -> list[torch.Tensor]:
        loader = BatchLoader(
            images,
            some,
            batch_size=4,
            generator=torch_generator(1),
            augment=CropAndFlip(),
            weights=np.linspace(1, 2, len(some)),
            resident=resident,
        )
        return [part for _ in range(2) for batch in loader for part in batch]  # type: ignore[misc]

    for one, other in zip(batches(kept), batches(None), strict=True):
        assert torch.equal(one, other)
