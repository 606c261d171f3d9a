"""NASLib's Bananas in one of our spaces: python spaces.py --config-file spaces.yaml."""

import logging

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied, space_graph
from naslib.optimizers import Bananas
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on
import naslib_proxydata

table = naslib_proxydata.table("nasbench-mr")  # first: what is missing is told at once
config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

space = space_graph(naslib_proxydata.space("nasbench-mr"), seed=config.seed)
optimizer = proxied(Bananas)(config)
optimizer.adapt_search_space(space, dataset_api=dataset_api(table))

trainer = ProxyTrainer(optimizer, config)
trainer.search()
best = optimizer.get_final_architecture()
trainer.evaluate(best_arch=best, dataset_api=optimizer.dataset_api)
