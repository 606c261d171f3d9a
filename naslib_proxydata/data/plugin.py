"""The formats of datasets that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.data"


@hookimpl
def register_datasets() -> Sequence[Registration]:
    """Offer the built-in formats."""
    return [
        Registration(
            "digits",
            f"{_ROOM}.digits:open_digits",
            "the 1,797 digits of 8 x 8 pixels that scikit-learn carries; takes no path",
        ),
        Registration(
            "fashion-mnist",
            f"{_ROOM}.idx:open_fashion_mnist",
            "the four idx files, packed or not; the path is their folder and may be left out",
            "arXiv 1708.07747",
        ),
        Registration(
            "cifar10",
            f"{_ROOM}.cifar:open_cifar10",
            "python batches, an .npz file, or a folder of images by class",
        ),
        Registration(
            "cifar100",
            f"{_ROOM}.cifar:open_cifar100",
            "python batches, an .npz file, or a folder of images by class",
        ),
        Registration("npz", f"{_ROOM}.npz:open_npz", "an .npz file of images and labels"),
        Registration(
            "folder", f"{_ROOM}.folder:open_folder", "image files, one folder for each class"
        ),
    ]
