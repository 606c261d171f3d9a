"""Rank the NDS spaces trained on ImageNet (arXiv 1905.13214).

    python benchmarks/leaderboard_nds.py --data-root ../shared/data

About COST for 100 networks of each of nine spaces.
Run again, it goes on where it stopped.
"""

from pages import arguments
from task_pages import make_page

SUITE = tuple(
    f"nds-{name}-in"
    for name in (
        "darts",
        "darts-fix-w-d",
        "darts-lr-wd",
        "amoeba",
        "enas",
        "nasnet",
        "resnet-lr-wd",
        "resnext-a",
        "vanilla-lr-wd",
    )
)

if __name__ == "__main__":
    make_page(
        arguments(str(__doc__).splitlines()[0], n=100, out="leaderboard_nds", seeds="0"),
        __file__,
        "Leaderboard: NDS on ImageNet",
        SUITE,
    )
