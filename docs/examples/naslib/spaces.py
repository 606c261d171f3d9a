"""NASLib's Bananas in one of our spaces: python spaces.py --config-file spaces.yaml."""

import logging
from pathlib import Path

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied, space_graph
from naslib.optimizers import Bananas
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.tables import nasbench_mr

config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

space = space_graph(NasBenchMr(), seed=config.seed)
optimizer = proxied(Bananas)(config)
optimizer.adapt_search_space(space, dataset_api=dataset_api(nasbench_mr.load(Path("data"))))

trainer = ProxyTrainer(optimizer, config)
trainer.search()
best = optimizer.get_final_architecture()
trainer.evaluate(best_arch=best, dataset_api=optimizer.dataset_api)
