"""Rank the TransNAS-Bench-101 tables, micro and macro, as two spaces (arXiv 2105.11871).

    python benchmarks/leaderboard_transnas.py --data-root ../shared/data

About 15 CPU minutes for 200 networks of each space.
Run again, it goes on where it stopped.
"""

from task_pages import make_page

SUITE = ("transnas-micro", "transnas-macro")

if __name__ == "__main__":
    make_page(
        __file__,
        __doc__,
        200,
        "Leaderboard: TransNAS-Bench-101",
        SUITE,
        "DPS, which learns from 20 labels, 0.69 / 46 % as the mean of the tasks; the release has "
        "the files of the two spaces swapped, so which one that is remains unclear",
    )
