"""The benchmark tables that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import BenchmarkRegistration, hookimpl

_ROOM = "naslib_proxydata.tables"
_TRANSNAS_TASKS = (
    "class_scene",
    "class_object",
    "jigsaw",
    "room_layout",
    "segmentsemantic",
    "normal",
    "autoencoder",
)
_NDS_FILES = {
    "darts": ("", "-fix-w-d", "-lr-wd"),
    "amoeba": ("",),
    "enas": ("", "-fix-w-d"),
    "nasnet": ("",),
    "pnas": ("", "-fix-w-d"),
    "resnet": ("", "-lr-wd", "-reruns"),
    "resnext-a": ("",),
    "resnext-b": ("",),
    "vanilla": ("", "-lr-wd", "-reruns"),
}
_NDS_CAVEATS = {
    "-lr-wd": "each of its networks was trained with a learning rate and a weight decay of its "
    "own, which is most of what its values differ by",
    "-reruns": "it has two networks, trained with a hundred seeds each: it measures how much "
    "trainings of one network differ",
}


@hookimpl
def register_benchmarks() -> Sequence[BenchmarkRegistration]:
    """Offer the built-in benchmark tables."""
    return [
        BenchmarkRegistration(
            "nb201",
            f"{_ROOM}.nb201:open_nb201",
            "NAS-Bench-201: all 15,625 cells trained on CIFAR-10, CIFAR-100 and ImageNet16-120",
            "arXiv 2001.00326",
            space="nb201",
            datasets=("cifar10", "cifar100", "imagenet16"),
            how_to_get="download NATS-tss-v1_0-3ffb9-simple.tar from github.com/D-X-Y/NATS-Bench "
            "and convert it once; or, for the validation accuracies, pip install "
            "'naslib-proxydata[demo]'",
            convert=f"{_ROOM}.nb201:convert",
        ),
        BenchmarkRegistration(
            "nb101",
            f"{_ROOM}.nb101:load",
            "NAS-Bench-101: 423,624 cells trained on CIFAR-10 with four budgets",
            "arXiv 1902.09635",
            space="nb101",
            datasets=("cifar10",),
            how_to_get="download nasbench_only108.tfrecord (github.com/google-research/nasbench) "
            "and convert it once",
            convert=f"{_ROOM}.nb101:convert",
        ),
        *(
            BenchmarkRegistration(
                f"transnas-{kind}",
                f"{_ROOM}.transnas_{kind}:load",
                f"TransNAS-Bench-101 {kind}: {number} networks on seven tasks of Taskonomy",
                "arXiv 2105.11871",
                space=f"transnas-{kind}",
                datasets=_TRANSNAS_TASKS,
                how_to_get="download transnas-bench_v10141024.pth "
                "(github.com/yawen-d/TransNASBench) and convert it once",
                convert=f"{_ROOM}.transnas_{kind}:convert",
            )
            for kind, number in (("micro", "4,096"), ("macro", "3,256"))
        ),
        BenchmarkRegistration(
            "darts",
            f"{_ROOM}.darts:load",
            "DARTS space: 1,000 genotypes trained on CIFAR-10",
            "arXiv 1806.09055",
            space="darts",
            datasets=("cifar10",),
            how_to_get="take datasets/DARTS_archs_CIFAR10.csv of github.com/pym1024/SWAP as "
            "darts_space_1000.csv",
        ),
        *(
            BenchmarkRegistration(
                f"nds-{family}{variant}{end}",
                f"{_ROOM}.nds:TABLES.{family}{variant}{end}".replace("-", "_"),
                f"NDS {family}{variant}: networks trained on {dataset}",
                "arXiv 1905.13214",
                space=f"nds-{family}{end}",
                datasets=(dataset,),
                how_to_get="unpack data.zip of NDS (github.com/facebookresearch/nds)",
                convert=f"{_ROOM}.nds:convert",
                family="nds imagenet" if end else "nds",
                caveat=_NDS_CAVEATS.get(variant, ""),
            )
            for family, variants in _NDS_FILES.items()
            for variant in variants
            for end, dataset in (("", "cifar10"), ("-in", "imagenet"))
            if (variant, end) != ("-reruns", "-in")
        ),
        BenchmarkRegistration(
            "nasbench-mr",
            f"{_ROOM}.nasbench_mr:load",
            "NAS-Bench-MR: 2,507 networks on classification, segmentation, detection, video",
            "arXiv 2103.13253",
            space="nasbench-mr",
            datasets=(
                "cls-50-1000",
                "cls-50-100",
                "cls-10-1000",
                "cls-10c",
                "seg",
                "seg-4x",
                "3ddet",
                "video",
                "video-p",
            ),
            how_to_get="take the folder data/ of github.com/dingmyu/NCP",
            convert=f"{_ROOM}.nasbench_mr:convert",
        ),
    ]
