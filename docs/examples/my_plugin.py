"""A plugin in one file: ``naslib-proxydata list predictors --plugin my_plugin.py``."""

import numpy as np

from naslib_proxydata.hookspecs import Registration, hookimpl
from naslib_proxydata.predictors.base import Predictor

seen: set[int] = set()


class TextLength(Predictor):
    """Scores an architecture by the length of its text."""

    name = "text-length"
    needs_network = False

    def evaluate(self, architecture):
        return len(self.task.space.text(architecture))


@hookimpl
def register_predictors():
    return [Registration("text-length", TextLength, "length of the architecture's text")]


@hookimpl
def batch_finished(indices):
    seen.update(np.asarray(indices).tolist())


@hookimpl
def search_finished(cell):
    print(f"{cell} was found with {len(seen)} examples")
