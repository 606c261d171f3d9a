"""Make the NAS-Bench-201 table and figures of the documentation.

    python benchmarks/leaderboard_nb201.py --data-root ../shared/data

About 40 CPU minutes for 3 seeds of 100 cells; run again, it goes on where it stopped.
"""

from __future__ import annotations

from pages import arguments, copy_figure, mean_table, provenance, run

PREDICTORS = (
    "eproxy,random,params,macs,grad-norm,snip,grasp,fisher,synflow,naswot,jacob-cov,zen,zico,az-nas"
)
DATASETS = ("cifar10", "cifar100")


def main() -> None:
    """Run the leaderboard and write page and figures."""
    options = arguments(__doc__.splitlines()[0], n=100, out="leaderboard_nb201")
    board = run(options, benchmark="nb201", dataset=list(DATASETS), predictors=PREDICTORS)
    parts = [
        "# Leaderboard: NAS-Bench-201",
        "Made by `benchmarks/leaderboard_nb201.py`. Spearman's rho with the validation accuracy "
        f"after 200 epochs of {options.n} random cells a seed; images: 16 to 128 of CIFAR-10.",
    ]
    for dataset in DATASETS:
        rows = [row for row in board.rows if row.dataset == dataset]
        parts += [f"## {dataset}", "\n".join(mean_table(rows))]
    parts.append(f"{provenance(board)} {options.note}".strip())
    for kind in ("spearman", "cost"):
        name = f"{kind}_nb201_cifar10.png"
        copy_figure(board, name, options.docs / "figures" / name)
        parts.append(f"![{kind}](../figures/{name})")
    page = options.docs / "reference" / "leaderboard_nb201.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
