"""NASLib's Bananas with our table and predictor: python bananas.py --config-file bananas.yaml."""

import logging

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied
from naslib.optimizers import Bananas
from naslib.search_spaces import NasBench201SearchSpace
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on
import naslib_proxydata

table = naslib_proxydata.table("nb201")  # first: what is missing is told before anything is spent
config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

space = NasBench201SearchSpace()
space.instantiate_model = False  # Eproxy builds what it scores
optimizer = proxied(Bananas)(config)
optimizer.adapt_search_space(space, dataset_api=dataset_api(table))

trainer = ProxyTrainer(optimizer, config)
trainer.search()
best = optimizer.get_final_architecture()
trainer.evaluate(best_arch=best, dataset_api=optimizer.dataset_api)
