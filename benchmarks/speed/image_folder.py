"""Images a second from a folder of 20,000 small JPEGs, ours against torchvision's ``ImageFolder``.

Both read the same files with as many workers, apply the same transform and give normalised float32
batches; they take turns, each over the next part of the images, so that whatever slows the machine
slows both, and all parts together are the whole folder. Ours reads with threads in
this process, torchvision's ``DataLoader`` with processes.

    python benchmarks/speed/image_folder.py

Needs torchvision, which the package itself does not.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Subset

from naslib_proxydata.data.folder import FolderDataset, open_folder
from naslib_proxydata.data.loader import BatchLoader

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json

WIDTH, HEIGHT, CLASSES, QUALITY, BATCH = 160, 120, 20, 85, 128
Indices = NDArray[np.int64]
TRANSFORMS: dict[str, int | None] = {"none": None, "resize and crop to 64": 64}


def write_images(root: Path, count: int) -> None:
    """Write textures that compress as photographs do: noise on several scales."""
    generator = np.random.default_rng(0)
    for index in range(count):
        folder = root / f"class{index % CLASSES:02d}"
        folder.mkdir(exist_ok=True)
        picture = np.zeros((HEIGHT, WIDTH, 3))
        for scale, strength in ((4, 80), (16, 50), (40, 15)):
            small = generator.normal(0, strength, (3 * scale // 4, scale, 3)).clip(-127, 127) + 127
            smooth = Image.fromarray(small.astype(np.uint8)).resize((WIDTH, HEIGHT))
            picture += np.asarray(smooth, float) - 127
        stream = BytesIO()
        Image.fromarray((picture + 127).clip(0, 255).astype(np.uint8)).save(
            stream, "JPEG", quality=QUALITY
        )
        (folder / f"{index:06d}.jpg").write_bytes(stream.getvalue())


def ours(dataset: FolderDataset, size: int | None, workers: int, part: Indices) -> Any:
    """Return our loader of a part of the folder, in order."""
    read = dataset.reading(image_size=size, readers=workers)
    read.statistics = dataset.statistics  # measured once, as torchvision's are given
    return BatchLoader(read, part, batch_size=BATCH)


def theirs(dataset: FolderDataset, size: int | None, workers: int, part: Indices) -> Any:
    """Return torchvision's loader of a part of the folder, in order."""
    from torchvision import datasets, transforms

    steps: list[Any] = [transforms.ToTensor(), transforms.Normalize(*dataset.statistics)]
    if size is not None:
        steps = [transforms.Resize(size), transforms.CenterCrop(size), *steps]
    root = Path(dataset.files[0]).parents[1]
    folder = datasets.ImageFolder(str(root), transforms.Compose(steps))
    return DataLoader(Subset(folder, part.tolist()), batch_size=BATCH, num_workers=workers)


def rate(loader: Any) -> float:
    """Return images a second of one pass, by the clock."""
    started = time.perf_counter()
    count = sum(len(images) for images, *_ in loader)
    return count / (time.perf_counter() - started)


def measured(root: Path, turns: int) -> list[dict[str, Any]]:
    """Take turns and return a row for each transform and number of workers."""
    dataset = open_folder(str(root))
    makers: dict[str, Callable[..., Any]] = {"ours": ours, "torchvision": theirs}
    rows = []
    for name, size in TRANSFORMS.items():
        for workers in (1, 2):
            some = np.arange(0, len(dataset), 97)
            first, other = (next(iter(make(dataset, size, 1, some))) for make in makers.values())
            torch.testing.assert_close(first[0], other[0], atol=1e-5, rtol=1e-5)
            assert torch.equal(first[1], other[1])
            rates: dict[str, list[float]] = {maker: [] for maker in makers}
            for turn, part in enumerate(np.array_split(np.arange(len(dataset)), turns)):
                for maker in sorted(makers, reverse=bool(turn % 2)):
                    rates[maker].append(rate(makers[maker](dataset, size, workers, part)))
            rows.append(line(name, workers, len(dataset), rates))
            print(rows[-1], flush=True)
    return rows


def line(name: str, workers: int, images: int, rates: dict[str, list[float]]) -> dict[str, Any]:
    """Return the medians of one setting, and the median of the ratios of turns."""
    ratios = [a / b for a, b in zip(rates["ours"], rates["torchvision"], strict=True)]
    return {
        "transform": name,
        "workers": workers,
        "images": images,
        "turns": len(ratios),
        "ours": statistics.median(rates["ours"]),
        "torchvision": statistics.median(rates["torchvision"]),
        "ratio": statistics.median(ratios),
        "lowest_ratio": min(ratios),
        "highest_ratio": max(ratios),
        "load": os.getloadavg()[1],
    }


def main() -> None:
    parser = arguments(__doc__, "image_folder")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    import torchvision

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_images(root, args.images)
        mib = sum(file.stat().st_size for file in root.rglob("*.jpg")) / 2**20
        rows = measured(root, args.turns)
    data = args.results / "data"
    write_csv(data / "image_folder.csv", rows)
    write_json(
        data / "image_folder.json",
        measured_on=machine_line(),
        torchvision=torchvision.__version__,
        cores=os.cpu_count(),
        mib=mib,
        batch=BATCH,
    )


if __name__ == "__main__":
    main()
