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
            "python or binary version, an .npz file, or a folder of images by class",
        ),
        Registration(
            "cifar100",
            f"{_ROOM}.cifar:open_cifar100",
            "python or binary version, fine labels; an .npz file, or a folder of images by class",
        ),
        Registration(
            "svhn",
            f"{_ROOM}.svhn:open_svhn",
            "the cropped digits of train_32x32.mat, or an .npz file",
        ),
        Registration(
            "imagenet16-120",
            f"{_ROOM}.imagenet16:open_imagenet16_120",
            "the ten python batches of ImageNet16, of which the first 120 classes are kept",
            "arXiv 2001.00326",
        ),
        Registration(
            "mit67",
            f"{_ROOM}.mit67:open_mit67",
            "Images and TrainImages.txt of the 67 indoor scenes",
        ),
        Registration(
            "flowers102",
            f"{_ROOM}.flowers102:open_flowers102",
            "jpg, imagelabels.mat and, for its training images, setid.mat",
        ),
        Registration("npz", f"{_ROOM}.npz:open_npz", "an .npz file of images and labels"),
        Registration(
            "folder", f"{_ROOM}.folder:open_folder", "image files, one folder for each class"
        ),
    ]
