"""The supernets, strategies and observers that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.oneshot.strategies"
_SUPERNETS = "naslib_proxydata.oneshot.supernets"


@hookimpl
def register_supernets() -> Sequence[Registration]:
    """Offer the built-in supernets, each under the name of its search space."""
    return [
        Registration(
            "nb201",
            f"{_SUPERNETS}.nb201:NasBench201Supernet",
            "three stages of cells of 4 nodes and 5 operations",
            "arXiv 2001.00326",
        ),
        Registration(
            "nb201-five-nodes",
            f"{_SUPERNETS}.nb201:NasBench201FiveNodesSupernet",
            "three stages of cells of 5 nodes and 5 operations, in no table",
            "Moser et al., CVPR workshops 2022",
        ),
        Registration(
            "darts",
            f"{_SUPERNETS}.darts:DartsSupernet",
            "normal and reduction cells of 4 nodes and 8 operations",
            "arXiv 1806.09055",
        ),
        *(
            Registration(
                f"s{number}",
                f"{_SUPERNETS}.restricted:SUPERNETS.s{number}",
                f"the DARTS supernet with the operations of S{number}",
                "arXiv 1909.09656",
            )
            for number in (1, 2, 3, 4)
        ),
        *(
            Registration(
                f"nb1shot1-{number}",
                f"{_SUPERNETS}.nb1shot1:SUPERNETS.space_{number}",
                f"cells of nb101 in search space {number}, looked up in the tables of nb101",
                "arXiv 2001.10422",
            )
            for number in (1, 2, 3)
        ),
        Registration(
            "mobilenet",
            f"{_SUPERNETS}.mobilenet:MobileNetSupernet",
            "a chain of 21 inverted residual layers",
            "arXiv 1812.00332",
        ),
    ]


@hookimpl
def register_observers() -> Sequence[Registration]:
    """Offer the built-in observers."""
    return [
        Registration(
            "tensorboard",
            "naslib_proxydata.oneshot.tensorboard:TensorBoard",
            "TensorBoard events of every epoch",
        )
    ]


@hookimpl
def register_strategies() -> Sequence[Registration]:
    """Offer the built-in one-shot strategies."""
    return [
        Registration("darts", f"{_ROOM}.darts:darts", "softmax relaxation", "arXiv 1806.09055"),
        Registration(
            "darts-2nd",
            f"{_ROOM}.darts:darts_second_order",
            "DARTS with the unrolled architecture gradient",
            "arXiv 1806.09055, eq. 7",
        ),
        Registration(
            "gdas", f"{_ROOM}.gdas:gdas", "one operation an edge by Gumbel-max", "arXiv 1910.04465"
        ),
        Registration(
            "drnas",
            f"{_ROOM}.drnas:drnas",
            "weights from a Dirichlet distribution",
            "arXiv 2006.10355",
        ),
        Registration(
            "drnas-progressive",
            f"{_ROOM}.drnas_progressive:drnas_progressive",
            "DrNAS with more channels and fewer operations, stage by stage",
            "arXiv 2006.10355",
        ),
        Registration(
            "beta-darts",
            f"{_ROOM}.beta_darts:beta_darts",
            "DARTS with beta decay",
            "arXiv 2203.01665",
        ),
        Registration(
            "sdarts-rs",
            f"{_ROOM}.sdarts:sdarts_rs",
            "DARTS with random smoothing",
            "arXiv 2002.05283",
        ),
        Registration(
            "sdarts-adv",
            f"{_ROOM}.sdarts_adv:sdarts_adv",
            "DARTS under adversarial weights of candidates",
            "arXiv 2002.05283",
        ),
        Registration(
            "darts-minus",
            f"{_ROOM}.darts_minus:darts_minus",
            "DARTS- with an auxiliary skip connection that fades out",
            "arXiv 2009.01027",
        ),
        Registration(
            "darts-pt",
            f"{_ROOM}.darts_pt:darts_pt",
            "DARTS whose operations are chosen by what the supernet loses without them",
            "arXiv 2108.04392",
        ),
        Registration(
            "pc-darts",
            f"{_ROOM}.pc_darts:pc_darts",
            "partial channels and edge weights",
            "arXiv 1907.05737",
        ),
        Registration(
            "robust-darts",
            f"{_ROOM}.robust_darts:robust_darts",
            "DARTS with a strong weight decay",
            "arXiv 1909.09656",
        ),
        Registration(
            "random-sharing",
            f"{_ROOM}.random_sharing:random_sharing",
            "random search with weight sharing",
            "arXiv 1902.07638",
        ),
        Registration(
            "sgas",
            f"{_ROOM}.sgas:sgas",
            "greedy decisions, edge by edge",
            "arXiv 1912.00195",
        ),
        Registration(
            "p-darts",
            f"{_ROOM}.p_darts:p_darts",
            "deeper networks with fewer candidates, stage by stage",
            "arXiv 1904.12760",
        ),
        Registration(
            "enas",
            f"{_ROOM}.enas:enas",
            "a recurrent controller that learns by REINFORCE",
            "arXiv 1802.03268",
        ),
    ]
