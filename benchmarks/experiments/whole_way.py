"""Select, search, train: the whole way to an accuracy, at a size that two cores can go.

    python benchmarks/experiments/whole_way.py

A tenth of the shared 10,000 images of CIFAR-10 is chosen by their published entropies (P1 of arXiv
2106.04784); DARTS searches on them, pruned further by BDP (arXiv 2312.14200); its cell
and three random ones are trained on all images and measured on the shared 2,000 test images. What
is finished is kept in ``--out``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import naslib_proxydata

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, run_line, write_csv, write_json

TENTH = 1000


def main() -> None:
    parser = arguments(__doc__, "whole_way")
    parser.add_argument("--space", default="nb201", help="with a supernet")
    parser.add_argument("--recipe", default="nb201-quick", help="of the trainings")
    parser.add_argument("--epochs", type=int, default=12, help="of the search")
    parser.add_argument("--random", type=int, default=3, help="architectures to compare with")
    parser.add_argument("--train-epochs", type=int, help="in place of the recipe's")
    options = parser.parse_args()
    out = options.out
    started = time.process_time()
    naslib_proxydata.select(
        cifar10(),
        "entropy-p1",
        size=TENTH,
        seed=0,
        scores=data_root() / "entropy_lists.npz",  # of all 50,000, by their place among them
        out=out / "tenth",
    )
    found = naslib_proxydata.search(
        options.space,
        "darts",
        cifar10(),
        selection=out / "tenth",
        bdp=True,
        epochs=options.epochs,
        channels=8,
        cells=1,
        out=out / "search",
    )
    done = naslib_proxydata.train(
        out / "search",
        dataset=cifar10(),
        recipe=options.recipe,
        test=cifar10("cifar10_test2000.npz"),
        random=options.random,
        epochs=options.train_epochs,
        out=out / "trained",
    )
    rows = [
        {
            "architecture": one.architecture,
            "random": int(one.random),
            "accuracy": one.accuracy,
            "params": int(one.values("params")[0]),
        }
        for one in done.groups
    ]
    write_csv(options.results / "data" / "whole_way.csv", rows)
    (improvement,) = done.improvements
    write_json(
        options.results / "data" / "whole_way.json",
        measured_on=run_line(out / "trained"),
        cell=found.cell,
        processed=found.result.processed,
        search_seconds=found.result.seconds,
        improvement=improvement.value,
        low=improvement.low,
        high=improvement.high,
        random=improvement.count,
        core_minutes=(time.process_time() - started) / 60,
    )


if __name__ == "__main__":
    main()
