from __future__ import annotations

import pytest
import torch

from naslib_proxydata.data.resized_crop import MiddleCrop, ResizedCrop
from naslib_proxydata.seeding import torch_generator


def ramp(height: int, width: int) -> torch.Tensor:
    """An image whose channels say where a pixel is: row and column."""
    rows = torch.arange(height).view(1, -1, 1).expand(1, -1, width)
    columns = torch.arange(width).view(1, 1, -1).expand(1, height, -1)
    return torch.cat([rows, columns]).to(torch.uint8)


def test_the_whole_image_is_itself() -> None:
    images = torch.randint(256, (4, 3, 16, 16), generator=torch_generator(0), dtype=torch.uint8)
    whole = ResizedCrop(16, (1.0, 1.0), flip=False)
    square = whole(images, torch_generator(1))
    # With the whole area but another ratio of sides one side is the image's, the other shorter.
    assert square.shape == images.shape
    assert square.dtype == torch.float32


def test_a_crop_is_a_part_with_its_share_of_the_area_and_its_ratio() -> None:
    size = 160
    images = ramp(size, size).expand(2000, -1, -1, -1)
    crop = ResizedCrop(32, (0.1, 0.3), flip=False)
    found = crop(images, torch_generator(2))
    high, wide = (found[:, axis].flatten(1) for axis in (0, 1))
    # Centres of the first and last of 32 pixels are 31/32 of a side apart.
    height, width = ((one.amax(1) - one.amin(1)) * 32 / 31 for one in (high, wide))
    share = height * width / size**2
    assert 0.095 < float(share.min()) < 0.12
    assert 0.28 < float(share.max()) < 0.305
    assert float(share.mean()) == pytest.approx(0.2, abs=0.005)
    ratio = (width / height).log()
    assert float(ratio.min()) > -0.3
    assert float(ratio.max()) < 0.3
    assert float(ratio.mean()) == pytest.approx(0, abs=0.02)
    assert float(high.amin()) >= 0
    assert float(high.amax()) <= size - 1
    assert float(high.amin(1).std()) > 20, "it may be anywhere"


def test_half_of_the_crops_are_mirrored() -> None:
    images = ramp(32, 32).expand(1000, -1, -1, -1)
    found = ResizedCrop(16, (0.5, 1.0))(images, torch_generator(3))
    mirrored = found[:, 1, 0, 0] > found[:, 1, 0, -1]
    assert 450 < int(mirrored.sum()) < 550
    assert bool((found[:, 0, 0, 0] < found[:, 0, -1, 0]).all()), "never upside down"


def test_the_middle_is_the_middle() -> None:
    found = MiddleCrop(4)(ramp(10, 8)[None])
    assert found[0, 0, :, 0].tolist() == [3, 4, 5, 6]
    assert found[0, 1, 0].tolist() == [2, 3, 4, 5]
