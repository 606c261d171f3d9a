"""The predictors that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.predictors"


@hookimpl
def register_predictors() -> Sequence[Registration]:
    """Offer the built-in predictors."""
    return [
        Registration(
            "eproxy",
            f"{_ROOM}.eproxy.predictor:Eproxy",
            "how well ten steps of training regress a fixed synthetic target through a barrier",
            "arXiv 2210.09459",
        ),
        Registration(
            "random", f"{_ROOM}.floors:Random", "a random number by architecture: the floor"
        ),
        Registration(
            "params", f"{_ROOM}.floors:Params", "trainable parameters of the published network"
        ),
        Registration(
            "macs", f"{_ROOM}.floors:Macs", "multiply-accumulates of the published network"
        ),
        Registration(
            "layers",
            f"{_ROOM}.floors:Layers",
            "trainable convolutions and linear layers of the network without dead edges",
        ),
        Registration(
            "loss-gradients",
            f"{_ROOM}.zero_cost.loss_gradients:LossGradients",
            "what grad-norm, snip and fisher are made of, from one pass",
            "arXiv 2101.08134, section 3.2",
        ),
        Registration(
            "grad-norm",
            f"{_ROOM}.zero_cost.grad_norm:GradNorm",
            "summed norms of the loss gradients",
            "arXiv 2101.08134, section 3.2",
            aliases=("grad_norm",),
        ),
        Registration(
            "snip",
            f"{_ROOM}.zero_cost.snip:Snip",
            "how much removing weights would change the loss",
            "arXiv 1810.02340",
        ),
        Registration(
            "grasp",
            f"{_ROOM}.zero_cost.grasp:Grasp",
            "how much removing weights would hurt the gradient flow",
            "arXiv 2002.07376",
        ),
        Registration(
            "fisher",
            f"{_ROOM}.zero_cost.fisher:Fisher",
            "how much removing channels would change the loss",
            "arXiv 1906.04113",
        ),
        Registration(
            "synflow",
            f"{_ROOM}.zero_cost.synflow:Synflow",
            "signal through the linearised network, without data",
            "arXiv 2006.05467",
        ),
        Registration(
            "naswot",
            f"{_ROOM}.zero_cost.naswot:Naswot",
            "how differently the ReLUs code the images",
            "arXiv 2006.04647",
        ),
        Registration(
            "jacob-cov",
            f"{_ROOM}.zero_cost.jacob_cov:JacobCov",
            "how differently the slopes react to the images",
            "arXiv 2006.04647v1",
        ),
        Registration(
            "zen",
            f"{_ROOM}.zero_cost.zen:Zen",
            "how much the features of Gaussian inputs vary",
            "arXiv 2102.01063, algorithm 1",
        ),
        Registration(
            "zico",
            f"{_ROOM}.zero_cost.zico:Zico",
            "how steady the gradients are between batches",
            "arXiv 2301.11300",
        ),
        Registration(
            "az-nas",
            f"{_ROOM}.zero_cost.az_nas:AzNas",
            "four proxies of the features, ranked together",
            "arXiv 2403.19232",
        ),
        Registration(
            "zero-label",
            f"{_ROOM}.zero_label.predictor:ZeroLabel",
            "size, variety of features and channels, and shortest path in one fixed sum",
        ),
        Registration(
            "swap",
            f"{_ROOM}.zero_cost.swap:Swap",
            "how many patterns the units show over the images",
            "arXiv 2403.04161, definition 3.3",
        ),
        Registration(
            "reg-swap",
            f"{_ROOM}.zero_cost.swap:RegSwap",
            "swap times a Gaussian of the number of parameters",
            "arXiv 2403.04161, definition 3.5",
        ),
        Registration(
            "near",
            f"{_ROOM}.zero_cost.near:Near",
            "effective ranks of what goes into and comes out of the activations",
            "arXiv 2408.08776",
        ),
        Registration(
            "wrcor",
            f"{_ROOM}.zero_cost.wrcor:WrCor",
            "how little activations and gradients of the images correlate, late cells above all",
            "arXiv 2507.08841",
        ),
        Registration(
            "vkdnw",
            f"{_ROOM}.zero_cost.vkdnw:Vkdnw",
            "number of layers, and how alike the eigenvalues of the Fisher information are",
            "arXiv 2502.04975",
        ),
        Registration(
            "meco",
            f"{_ROOM}.zero_cost.meco:Meco",
            "how little the channels of each layer repeat each other, from one image",
            "MeCo, NeurIPS 2023",
        ),
        Registration(
            "dextr",
            f"{_ROOM}.zero_cost.dextr:Dextr",
            "how well conditioned the features are, and how curved the output",
            "arXiv 2508.12977",
        ),
        Registration(
            "epsinas",
            f"{_ROOM}.zero_cost.epsinas:Epsinas",
            "how differently two constant weights map the images",
            "arXiv 2302.04406",
        ),
        Registration(
            "few-label-structure",
            f"{_ROOM}.few_label.structure:FewLabelStructure",
            "regression on the structure of a few labelled architectures",
            "arXiv 2404.16551",
        ),
        Registration(
            "few-label",
            f"{_ROOM}.few_label.proxies:FewLabel",
            "regression on structure, zero-cost proxies and Eproxy's losses",
            "arXiv 2404.16551",
        ),
        Registration(
            "few-label-transfer",
            f"{_ROOM}.few_label.transfer:FewLabelTransfer",
            "regression on structure and on what other tasks measured",
        ),
        Registration(
            "dps",
            f"{_ROOM}.dps.predictor:Dps",
            "eproxy with settings that rank a few labelled architectures best",
            "arXiv 2210.09459, section 2.2",
        ),
    ]
