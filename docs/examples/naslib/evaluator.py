"""How well predictors rank NAS-Bench-201, by NASLib's evaluator: python evaluator.py."""

# isort: off
from naslib_proxydata.naslib_bridge import ProxyZeroCostEvaluator, dataset_api, make_predictor
from naslib.search_spaces import NasBench201SearchSpace
from fvcore.common.config import CfgNode

# isort: on
import naslib_proxydata

table = naslib_proxydata.table("nb201")
settings = {"dataset": "cifar10", "seed": 0, "save": ".", "test_size": 100, "test_data_file": None}

space = NasBench201SearchSpace()
space.instantiate_model = False

found = {}
for name in ("params", "naswot", "zero-label"):
    evaluator = ProxyZeroCostEvaluator(make_predictor(name), CfgNode(settings), log_results=False)
    evaluator.adapt_search_space(space, dataset_api=dataset_api(table))
    found[name] = evaluator.evaluate()[-1]
    print(f"{name}: {found[name]['spearman']:.2f}, {found[name]['top10_retrieval']:.0%}")
