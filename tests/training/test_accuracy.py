from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.training.accuracy import Meter, summed_loss


@pytest.mark.parametrize("classes", [3, 12])
def test_sums_over_batches_are_the_whole(classes: int) -> None:
    generator = torch_generator(classes)
    logits = torch.randn(40, classes, generator=generator)
    labels = torch.randint(classes, (40,), generator=generator)
    meter = Meter()
    for start, end in ((0, 7), (7, 30), (30, 40)):
        part = logits[start:end], labels[start:end]
        meter.add(summed_loss(*part), *part)
    found = meter.result()
    order = logits.argsort(1, descending=True)
    among = (order[:, :5] == labels[:, None]).any(1).double().mean()
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-6)
    assert found.top1 == pytest.approx(100 * float((order[:, 0] == labels).double().mean()))
    assert found.top5 == pytest.approx(100 * float(among))
    assert (found.top5 == 100) == (classes == 3)
