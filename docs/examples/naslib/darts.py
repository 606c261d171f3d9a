"""NASLib's examples/run_darts.py with proxy data: python darts.py --config-file darts.yaml.

With --resume it goes on from its last checkpoint.
"""

import logging

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, dataset_api, proxied
from naslib.optimizers import DARTSOptimizer
from naslib.search_spaces import NasBench201SearchSpace
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on
import naslib_proxydata

table = naslib_proxydata.table("nb201")  # first: what is missing is told before anything is spent
config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

optimizer = proxied(DARTSOptimizer)(**config.search)
optimizer.adapt_search_space(NasBench201SearchSpace(), config.dataset)

trainer = ProxyTrainer(optimizer, config)
trainer.search(resume_from=str(trainer.folder) if config.resume else "")
trainer.evaluate(dataset_api=dataset_api(table))
