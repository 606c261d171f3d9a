from __future__ import annotations

import torch

from naslib_proxydata.data.cutout import Cutout
from naslib_proxydata.seeding import torch_generator


def test_a_square_is_taken_out_anywhere() -> None:
    images = torch.ones(3000, 2, 9, 12)
    found = Cutout(4)(images, torch_generator(0))
    out = found == 0
    assert torch.equal(out[:, 0], out[:, 1])
    rows, columns = out[:, 0].any(2), out[:, 0].any(1)
    assert torch.equal(out[:, 0], rows[:, :, None] & columns[:, None, :]), "a rectangle"
    heights, widths = rows.sum(1), columns.sum(1)
    # Centre c covers c - 2 to c + 1: from two pixels at the first place to four inside.
    assert set(heights.tolist()) == set(widths.tolist()) == {2, 3, 4}
    share = heights.double().mean() / 9
    assert abs(float(share) - (2 + 3 + 3 + 6 * 4) / 81) < 0.01


def test_a_square_larger_than_the_image_takes_all() -> None:
    assert not Cutout(40)(torch.ones(5, 1, 8, 8), torch_generator(1)).any()
