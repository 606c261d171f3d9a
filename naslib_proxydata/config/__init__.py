"""What each command can be told, and how files, options and ``--set`` are put together."""

from naslib_proxydata.config.dps import DpsConfig
from naslib_proxydata.config.evolve import EvolveConfig
from naslib_proxydata.config.experiment import ExperimentConfig, ExperimentFile
from naslib_proxydata.config.leaderboard import LeaderboardConfig
from naslib_proxydata.config.resolve import resolve
from naslib_proxydata.config.schemas import SCHEMAS
from naslib_proxydata.config.search import SearchConfig
from naslib_proxydata.config.select import SelectConfig
from naslib_proxydata.config.train import TrainConfig

__all__ = [
    "SCHEMAS",
    "DpsConfig",
    "EvolveConfig",
    "ExperimentConfig",
    "ExperimentFile",
    "LeaderboardConfig",
    "SearchConfig",
    "SelectConfig",
    "TrainConfig",
    "resolve",
]
