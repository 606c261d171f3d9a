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


@hookimpl
def register_benchmarks() -> Sequence[BenchmarkRegistration]:
    """Offer the built-in benchmark tables."""
    return [
        BenchmarkRegistration(
            "nb201",
            f"{_ROOM}.nb201:open_nb201",
            "NAS-Bench-201: all 15,625 cells trained; without data the AnalogNAS baseline",
            "arXiv 2001.00326",
            space="nb201",
            datasets=("cifar10", "cifar100", "imagenet16"),
            how_to_get="download NATS-tss-v1_0-3ffb9-simple.tar from github.com/D-X-Y/NATS-Bench "
            "and convert it once; or pip install 'naslib-proxydata[demo]'",
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
            )
            for kind, number in (("micro", "4,096"), ("macro", "3,256"))
        ),
    ]
