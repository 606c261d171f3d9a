"""Which metrics are columns of a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping

from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.leaderboard.columns import ALWAYS_MEASURED, MetricColumn
from naslib_proxydata.leaderboard.rows import COLUMNS
from naslib_proxydata.plugins import Plugins


def metric_columns(config: LeaderboardConfig, plugins: Plugins) -> tuple[MetricColumn, ...]:
    """Return the columns beside those that every row has.

    Raises:
        ConfigError: A metric or an option is unknown, or a label is taken.
    """
    columns = [_column(plugins, *labelled) for labelled in config.metrics.items()]
    return tuple(column for column in columns if column.label not in ALWAYS_MEASURED)


def _column(plugins: Plugins, label: str, options: Mapping[str, object]) -> MetricColumn:
    own = {key: value for key, value in options.items() if key != "metric"}
    name = plugins.registration("metrics", str(options.get("metric", label))).name
    means_itself = label == name and label in ALWAYS_MEASURED
    if label in (*COLUMNS, *ALWAYS_MEASURED) and not means_itself:
        raise ConfigError(
            f"metric {name!r} cannot be labelled {label!r}, which is a column of every "
            f"leaderboard; write --set metrics.LABEL.metric={name} with another LABEL"
        )
    where = f"{plugins.provider('metrics', name)}: metric {name!r}"
    return MetricColumn(label, plugins.create("metrics", name, **own), where)
