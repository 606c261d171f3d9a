"""Rank the NDS spaces trained on ImageNet (arXiv 1905.13214).

    python benchmarks/leaderboard_nds.py --data-root ../shared/data

About 75 CPU minutes for 100 networks of each of nine spaces with ``--eproxy-batch 4
--naswot-batch 32``. The ``lr-wd`` tables give each network a learning rate and a weight decay of
its own, which is most of what their accuracies differ by.
Run again, it goes on where it stopped.
"""

from task_pages import make_page

SUITE = tuple(
    f"nds-{name}-in"
    for name in (
        "darts",
        "darts-fix-w-d",
        "amoeba",
        "enas",
        "nasnet",
        "resnext-a",
        "darts-lr-wd",
        "resnet-lr-wd",
        "vanilla-lr-wd",
    )
)

if __name__ == "__main__":
    make_page(
        __file__,
        __doc__,
        100,
        "Leaderboard: NDS on ImageNet",
        SUITE,
        "DPS, which learns from 20 labels, 0.73 / 41 % as the mean of its ImageNet spaces",
    )
