"""NASLib's DARTS on a supernet of ours: python supernets.py --config-file supernets.yaml."""

import logging

# isort: off
from naslib_proxydata.naslib_bridge import ProxyTrainer, proxied, supernet_graph
from naslib.optimizers import DARTSOptimizer
from naslib.utils import get_config_from_args, set_seed, setup_logger

# isort: on

config = get_config_from_args()
set_seed(config.seed)
setup_logger(config.save + "/log.log").setLevel(logging.INFO)

optimizer = proxied(DARTSOptimizer)(**config.search)
optimizer.adapt_search_space(supernet_graph("s2", seed=config.seed), config.dataset)

trainer = ProxyTrainer(optimizer, config)
trainer.search(resume_from=str(trainer.folder) if config.resume else "")
print(optimizer.get_final_architecture().get_hash())
