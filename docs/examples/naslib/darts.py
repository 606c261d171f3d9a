"""NASLib's examples/run_darts.py with proxy data: python darts.py --config-file darts.yaml."""

import logging
from pathlib import Path

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied
from naslib.optimizers import DARTSOptimizer
from naslib.search_spaces import NasBench201SearchSpace
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on
from naslib_proxydata.tables.nb201 import open_nb201

config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

optimizer = proxied(DARTSOptimizer)(**config.search)
optimizer.adapt_search_space(NasBench201SearchSpace(), config.dataset)

trainer = ProxyTrainer(optimizer, config)
trainer.search()
trainer.evaluate(dataset_api=dataset_api(open_nb201(Path("data"))))
