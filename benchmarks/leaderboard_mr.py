"""Rank NAS-Bench-MR on all of its tasks (arXiv 2103.13253).

    python benchmarks/leaderboard_mr.py --data-root ../shared/data

About 20 CPU minutes for 100 networks with ``--eproxy-batch 4 --naswot-batch 32``.
Run again, it goes on where it stopped.
"""

from task_pages import make_page

SUITE = ("nasbench-mr",)

if __name__ == "__main__":
    make_page(
        __file__,
        __doc__,
        100,
        "Leaderboard: NAS-Bench-MR",
        SUITE,
        "DPS, which learns from 20 labels, 0.51 / 25 % as the mean of the tasks",
    )
