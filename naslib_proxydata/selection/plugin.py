"""The selectors and scorers that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.selection"
_SCORERS = f"{_ROOM}.scorers"
_PROXY_DATA = "arXiv 2106.04784"
_LESS_IS_MORE = "Moser et al., Less is More: Proxy Datasets in NAS, CVPR workshops 2022"
_NASTRANSFER = "arXiv 2006.13314"


@hookimpl
def register_scorers() -> Sequence[Registration]:
    """Offer the built-in scorers."""
    return [
        Registration(
            "entropy",
            f"{_SCORERS}.outputs:EntropyScorer",
            "scores: entropy of the predicted probabilities, in nats",
            _PROXY_DATA,
        ),
        Registration(
            "el2n",
            f"{_SCORERS}.outputs:EL2NScorer",
            "scores: norm of the error vector early in training",
            "arXiv 2107.07075",
        ),
        Registration(
            "margin",
            f"{_SCORERS}.outputs:MarginScorer",
            "scores: probability of the likeliest class minus that of the second",
        ),
        Registration(
            "loss",
            f"{_SCORERS}.outputs:LossScorer",
            "scores: cross-entropy, in nats",
        ),
        Registration(
            "forgetting",
            f"{_SCORERS}.histories:ForgettingScorer",
            "scores: forgetting events over a training run",
            "arXiv 1812.05159",
        ),
        Registration(
            "aum",
            f"{_SCORERS}.histories:AumScorer",
            "scores: mean margin of the logits over a training run; low is hard",
            "arXiv 2001.10528",
        ),
        Registration(
            "dyn-unc",
            f"{_SCORERS}.histories:DynamicUncertaintyScorer",
            "scores: how much the probability of the class varies within windows of epochs",
            "arXiv 2306.05175",
        ),
        Registration(
            "tdds",
            f"{_SCORERS}.histories:TDDSScorer",
            "scores: how much the changes from epoch to epoch vary within windows",
            "arXiv 2311.13613",
        ),
        Registration(
            "features",
            f"{_SCORERS}.histories:FeatureScorer",
            "features: input of the trained model's last linear layer",
            "arXiv 1708.00489",
        ),
        Registration(
            "pixels",
            f"{_SCORERS}.plain:PixelScorer",
            "features: raw pixels in [0, 1]",
            _LESS_IS_MORE,
        ),
        Registration("class", f"{_SCORERS}.plain:ClassScorer", "scores: the label"),
        Registration(
            "reconstruction",
            f"{_SCORERS}.reconstruction:ReconstructionScorer",
            "scores: loss of an autoencoder, in nats per pixel",
            _LESS_IS_MORE,
        ),
        Registration(
            "transfer",
            f"{_SCORERS}.transfer:TransferScorer",
            "scores: loss of a head on a frozen, pretrained network, in nats",
            _LESS_IS_MORE,
        ),
    ]


@hookimpl
def register_selectors() -> Sequence[Registration]:
    """Offer the built-in selectors."""
    return [
        Registration(
            "random",
            f"{_ROOM}.random:RandomSelector",
            "every example equally likely",
            _PROXY_DATA,
        ),
        Registration(
            "class-random",
            f"{_ROOM}.class_random:ClassRandomSelector",
            "uniform within classes, classes in proportion",
            _LESS_IS_MORE,
        ),
        Registration(
            "entropy-top",
            f"{_ROOM}.ranked:EntropyTopSelector",
            "highest entropies",
            _PROXY_DATA,
        ),
        Registration(
            "entropy-bottom",
            f"{_ROOM}.ranked:EntropyBottomSelector",
            "lowest entropies",
            _PROXY_DATA,
        ),
        Registration(
            "entropy-tails",
            f"{_ROOM}.tails:EntropyTailsSelector",
            "lowest and highest entropies",
            _PROXY_DATA,
        ),
        Registration(
            "entropy-p1",
            f"{_ROOM}.probabilistic:EntropyP1Selector",
            "drawn by entropy bin, W = max h - h + 1",
            f"{_PROXY_DATA}, eq. 2 to 5",
        ),
        Registration(
            "entropy-p2",
            f"{_ROOM}.probabilistic:EntropyP2Selector",
            "drawn by entropy bin, all bins alike",
            f"{_PROXY_DATA}, eq. 2 to 5",
        ),
        Registration(
            "entropy-p3",
            f"{_ROOM}.probabilistic:EntropyP3Selector",
            "drawn by entropy bin, W = 1 / h",
            f"{_PROXY_DATA}, eq. 2 to 5",
        ),
        Registration(
            "forgetting",
            f"{_ROOM}.ranked:ForgettingSelector",
            "forgotten most often, never learnt first",
            "arXiv 1812.05159",
        ),
        Registration(
            "aum",
            f"{_ROOM}.ranked:AumSelector",
            "smallest (or largest) area under the margin",
            "arXiv 2001.10528",
        ),
        Registration(
            "dyn-unc",
            f"{_ROOM}.ranked:DynamicUncertaintySelector",
            "predictions that vary most in training",
            "arXiv 2306.05175",
        ),
        Registration(
            "tdds",
            f"{_ROOM}.ranked:TDDSSelector",
            "highest temporal dual-depth score",
            "arXiv 2311.13613",
        ),
        Registration(
            "prototypes",
            f"{_ROOM}.prototypes:PrototypesSelector",
            "farthest from (or nearest to) the closest of k prototypes",
            "arXiv 2206.14486",
        ),
        Registration(
            "moderate",
            f"{_ROOM}.moderate:ModerateSelector",
            "of median distance to the centre of their class",
            "Xia et al., Moderate Coreset, ICLR 2023",
        ),
        Registration(
            "herding",
            f"{_ROOM}.herding:HerdingSelector",
            "together nearest to the mean of their class",
            "Welling, Herding Dynamical Weights to Learn, ICML 2009; arXiv 1611.07725, alg. 4",
        ),
        Registration(
            "k-center",
            f"{_ROOM}.k_center:KCenterSelector",
            "greedy cover of the features",
            "arXiv 1708.00489, alg. 1",
        ),
        Registration(
            "kmeans-outliers",
            f"{_ROOM}.kmeans_outliers:KMeansOutliersSelector",
            "nearest to their cluster's centre",
            _LESS_IS_MORE,
        ),
        Registration(
            "class-outliers",
            f"{_ROOM}.class_outliers:ClassOutliersSelector",
            "nearest to their class's mean",
            _LESS_IS_MORE,
        ),
        Registration(
            "autoencoder-loss",
            f"{_ROOM}.ranked:AutoencoderLossSelector",
            "restored best (or worst) by an autoencoder",
            _LESS_IS_MORE,
        ),
        Registration(
            "transfer-loss",
            f"{_ROOM}.ranked:TransferLossSelector",
            "lowest (or highest) loss of a transferred model",
            _LESS_IS_MORE,
        ),
        Registration(
            "class-subset",
            f"{_ROOM}.class_subset:ClassSubsetSelector",
            "random classes with all their images",
            _NASTRANSFER,
        ),
        Registration(
            "class-uniform",
            f"{_ROOM}.class_uniform:ClassUniformSelector",
            "the same fraction of classes of every size",
            _NASTRANSFER,
        ),
        Registration(
            "el2n",
            f"{_ROOM}.ranked:EL2NSelector",
            "highest (or lowest) early error norm",
            "arXiv 2107.07075; arXiv 2312.14200, table 2",
        ),
        Registration(
            "coverage-centric",
            f"{_ROOM}.coverage_centric:CoverageCentricSelector",
            "all levels of difficulty but the hardest",
            "arXiv 2210.15809, alg. 1",
        ),
    ]
