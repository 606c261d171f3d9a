"""Rank NAS-Bench-101 (arXiv 1902.09635).

    python benchmarks/leaderboard_nb101.py --data-root ../shared/data

About COST for 100 cells.
Run again, it goes on where it stopped.
"""

from pages import arguments
from task_pages import make_page

SUITE = ("nb101",)

if __name__ == "__main__":
    make_page(
        arguments(str(__doc__).splitlines()[0], n=100, out="leaderboard_nb101", seeds="0"),
        __file__,
        "Leaderboard: NAS-Bench-101",
        SUITE,
    )
