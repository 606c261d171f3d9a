"""The configuration of each command, by the command's name."""

from __future__ import annotations

from collections.abc import Mapping

from naslib_proxydata.config.dps import DpsConfig
from naslib_proxydata.config.evolve import EvolveConfig
from naslib_proxydata.config.experiment import ExperimentConfig
from naslib_proxydata.config.leaderboard import LeaderboardConfig
from naslib_proxydata.config.search import SearchConfig
from naslib_proxydata.config.select import SelectConfig
from naslib_proxydata.config.train import TrainConfig
from naslib_proxydata.runs.settings import RunConfig

SCHEMAS: Mapping[str, type[RunConfig]] = {
    "leaderboard": LeaderboardConfig,
    "select": SelectConfig,
    "search": SearchConfig,
    "train": TrainConfig,
    "evolve": EvolveConfig,
    "dps": DpsConfig,
    "experiment": ExperimentConfig,
}
