"""Rank NAS-Bench-101 (arXiv 1902.09635).

    python benchmarks/leaderboard_nb101.py --data-root ../shared/data

About 12 CPU minutes for 50 cells.
Run again, it goes on where it stopped.
"""

from task_pages import make_page

SUITE = ("nb101",)

if __name__ == "__main__":
    make_page(
        __file__,
        __doc__,
        100,
        "Leaderboard: NAS-Bench-101",
        SUITE,
        "Eproxy 0.65; DPS, which learns from 20 labels, 0.69 / 38 %",
    )
