"""What each executor must do alike: the scores of a real proxy, and of a plugin's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from naslib_proxydata.runs.evaluate import evaluate
from naslib_proxydata.runs.executors import SerialExecutor
from naslib_proxydata.runs.setup import PredictorSetup
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

CELLS = (
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|none~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|",
    "|skip_connect~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|nor_conv_3x3~1|none~2|",
)
CONTEXT = ScoreContext("nb201", "naswot", "{}", 0, "", 32, 10, "cpu", "")


def setup(space: str, predictor: str, plugins: tuple[Path, ...] = ()) -> PredictorSetup:
    return PredictorSetup(plugins, space, predictor, "{}", "noise", 8, 0, "cpu", 10)


NETWORKS = setup("nb201", "synflow")


def scores(executor, setup=NETWORKS, architectures=CELLS):
    """Return values to the last bit, reasons and details by architecture."""
    with ScoreStore(":memory:") as store:
        evaluate(setup, {one: one for one in architectures}, store, CONTEXT, executor)
        found = store.get(CONTEXT, architectures)
    return {key: (one.value.hex(), one.reason, one.details) for key, one in found.items()}


@cache
def expected():
    """The scores of this process."""
    return scores(SerialExecutor())
