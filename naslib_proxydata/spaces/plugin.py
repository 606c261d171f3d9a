"""The search spaces that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.spaces"
_NDS = {
    "darts": "DARTS",
    "amoeba": "AmoebaNet",
    "enas": "ENAS",
    "nasnet": "NASNet",
    "pnas": "PNAS",
    "resnet": "ResNet",
    "resnext-a": "ResNeXt-A",
    "resnext-b": "ResNeXt-B",
    "vanilla": "Vanilla",
}

_RESTRICTED = {
    "s1": "the two best operations that DARTS found",
    "s2": "a skip connection or a 3x3 separable convolution",
    "s3": "nothing, a skip connection or a 3x3 separable convolution",
    "s4": "noise or a 3x3 separable convolution",
}


@hookimpl
def register_spaces() -> Sequence[Registration]:
    """Offer the built-in search spaces."""
    return [
        Registration(
            "nb201",
            f"{_ROOM}.nb201.space:NasBench201",
            "cells of 4 nodes and 5 operations, 15,625 in all",
            "arXiv 2001.00326",
        ),
        Registration(
            "nb201-five-nodes",
            f"{_ROOM}.nb201.five_nodes:NasBench201FiveNodes",
            "cells of 5 nodes, 10 edges and nb201's operations, in no table",
            "Moser et al., CVPR workshops 2022",
        ),
        Registration(
            "nb101",
            f"{_ROOM}.nb101.space:NasBench101",
            "cells of up to 7 vertices, 9 edges and 3 operations, 423,624 in all",
            "arXiv 1902.09635",
        ),
        *(
            Registration(
                f"nb1shot1-{number}",
                f"{_ROOM}.nb1shot1.space:SPACES.space_{number}",
                f"cells of nb101 in search space {number}, looked up in the tables of nb101",
                "arXiv 2001.10422",
            )
            for number in (1, 2, 3)
        ),
        Registration(
            "transnas-micro",
            f"{_ROOM}.transnas.micro:TransNasMicro",
            "cells of 4 nodes and 4 operations on one skeleton, 4,096 in all",
            "arXiv 2105.11871",
        ),
        Registration(
            "transnas-macro",
            f"{_ROOM}.transnas.macro:TransNasMacro",
            "skeletons of 4 to 6 modules of residual cells, 3,256 in all",
            "arXiv 2105.11871",
        ),
        Registration(
            "darts",
            f"{_ROOM}.darts.space:Darts",
            "pairs of cells of 4 nodes and 8 operations",
            "arXiv 1806.09055",
        ),
        Registration(
            "darts-imagenet",
            f"{_ROOM}.darts.space:DartsImageNet",
            "the same in the ImageNet network of 14 cells and 48 channels",
            "arXiv 1806.09055",
        ),
        *(
            Registration(
                f"nds-{family}{end}",
                f"{_ROOM}.nds.spaces:SPACES.{family}{end}".replace("-", "_"),
                f"NDS {label} networks of {dataset}",
                "arXiv 1905.13214",
            )
            for family, label in _NDS.items()
            for end, dataset in (("", "CIFAR-10"), ("-in", "ImageNet"))
        ),
        *(
            Registration(
                name,
                f"{_ROOM}.darts.restricted:SPACES.{name}",
                f"DARTS's cells with {what} on each edge",
                "arXiv 1909.09656",
            )
            for name, what in _RESTRICTED.items()
        ),
        Registration(
            "mobilenet",
            f"{_ROOM}.mobilenet.space:MobileNet",
            "chains of 21 inverted residual layers of 7 operations",
            "arXiv 1812.00332",
        ),
        Registration(
            "nasbench-macro",
            f"{_ROOM}.nasbench_macro.space:NasBenchMacro",
            "chains of 8 layers of 3 operations, 6,561 in all; its table is read as a csv: file",
            "arXiv 2103.11922",
        ),
        Registration(
            "nasbench-mr",
            f"{_ROOM}.nasbench_mr.space:NasBenchMr",
            "multi-resolution networks of 27 integers",
            "arXiv 2103.13253",
        ),
    ]
