"""Time a whole leaderboard of fourteen predictors on NAS-Bench-201 cells, wall clock, two workers.

    python benchmarks/speed/speed_leaderboard.py --n 100
    git worktree add ../before df5f3d4
    python benchmarks/speed/speed_leaderboard.py --n 100 --roots ../before .

Each checkout is run by this interpreter, one after the other, by its own command line in a fresh
folder, and compiles its kernels before it is timed. One that was timed is not run again: give a
new ``--out`` for that. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common

PREDICTORS = (
    *("eproxy", "grad-norm", "snip", "grasp", "fisher", "synflow", "naswot"),
    *("jacob-cov", "zen", "zico", "az-nas"),
)
"""Beside random, params and macs, which every leaderboard has."""
_WARM = "from naslib_proxydata.kernels.compiled import lanes; lanes()"


def main() -> None:
    options = arguments()
    rows = [
        common.kept(
            options.out / "timed.jsonl", timed, commit(root), options.n, given=(root, options)
        )
        for root in options.roots
    ]
    first = rows[0]["seconds"]
    lines = [{**row, "of_first": row["seconds"] / first} for row in rows]
    data = options.results / "data"
    common.write_csv(data / "speed_leaderboard.csv", lines)
    common.write_json(data / "speed_leaderboard.json", measured_on=common.machine_line())


def arguments() -> argparse.Namespace:
    parser = common.arguments(__doc__, "speed_leaderboard")
    parser.add_argument("--n", type=int, default=100, help="cells")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--roots", type=Path, nargs="+", default=[Path()], help="checkouts")
    options: argparse.Namespace = parser.parse_args()
    return options


def commit(root: Path) -> str:
    """Return the commit that a checkout is at."""
    command = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def timed(given: tuple[Path, argparse.Namespace], name: str, n: int) -> dict[str, Any]:
    """Time the leaderboard of a checkout."""
    root, options = given
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root.resolve())}
    warm = [sys.executable, "-c", _WARM]
    subprocess.run(warm, env=environment, check=True, cwd=root)
    command = [
        *(sys.executable, "-m", "naslib_proxydata.cli", "leaderboard", "--overwrite"),
        *("--benchmark", "nb201", "--dataset", "cifar10", "--predictors", ",".join(PREDICTORS)),
        *("--images", common.cifar10("cifar10_train10000.npz"), "--n", str(n), "--seed", "0"),
        *("--workers", str(options.workers), "--out", str((options.out / name).resolve())),
    ]
    started, before = time.perf_counter(), os.times()
    # Python looks where it is started before it looks at PYTHONPATH.
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, cwd=root)
    seconds, after = time.perf_counter() - started, os.times()
    used = sum(after[2:4]) - sum(before[2:4])
    return {"commit": name, "n": n, "seconds": seconds, "cpu_seconds": used}


if __name__ == "__main__":
    main()
