"""Rank NAS-Bench-MR on all of its tasks (arXiv 2103.13253).

    python benchmarks/leaderboard_mr.py --data-root ../shared/data

About COST for 100 networks.
Run again, it goes on where it stopped.
"""

from pages import arguments
from task_pages import make_page

SUITE = ("nasbench-mr",)

if __name__ == "__main__":
    make_page(
        arguments(str(__doc__).splitlines()[0], n=100, out="leaderboard_mr", seeds="0"),
        __file__,
        "Leaderboard: NAS-Bench-MR",
        SUITE,
    )
