"""Any search space of ours as one of NASLib's graphs, for its discrete optimizers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.architectures import PREFIX
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.predictors.few_label.features import structure_features
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.spaces.base import SearchSpace

Graph: Any = naslib("naslib.search_spaces.core.graph:Graph")
Metric: Any = naslib("naslib.search_spaces.core.query_metrics:Metric")
VECTOR_ENCODINGS = ("adjacency_one_hot", "adjacency_mix", "path")
"""NASLib's encodings that its predictors take as a vector of any meaning."""


class SpaceGraph(Graph):  # type: ignore[misc]
    """One architecture of a space of ours, which NASLib samples, mutates and queries.

    Random search, regularized evolution, local search, Bananas and Npenas need no network;
    what builds one is the predictor. NASLib copies graphs by their class, so that the space
    and the generator belong to a class of their own: see :func:`space_graph`.

    Attributes:
        space: The search space.
        generator: Draws architectures; shared by all copies.
        architecture: The architecture, or None before one was set.
    """

    QUERYABLE = True
    space: SearchSpace[Any]
    generator: np.random.Generator

    def __init__(self) -> None:
        super().__init__()
        self.name = self.space.name
        self.space_name = self.space.name
        self.architecture: Any = None
        self.instantiate_model = False
        self.labeled_archs: Sequence[str] | None = None

    def set_spec(self, text: str, dataset_api: Any = None) -> None:
        """Become the architecture of a text.

        Raises:
            ArchitectureError: The text is not one of the space.
        """
        self.architecture = self.space.parse(text)

    def sample_random_architecture(
        self, dataset_api: Any = None, load_labeled: bool = False
    ) -> None:
        """Become a random architecture, one of the table's where there is a table."""
        texts = self._measured(dataset_api)
        if texts is None:
            self.architecture = self.space.sample(self.generator)
        else:
            self.set_spec(texts[int(self.generator.integers(len(texts)))])

    def mutate(self, parent: Any, dataset_api: Any = None) -> None:
        """Become a random neighbour of a parent.

        Where a table measured none of its neighbours, a random architecture of the table.
        """
        if self._measured(dataset_api) is None:
            self.architecture = self.space.mutate(parent.architecture, self.generator)
            return
        known = self._known_neighbours(parent.architecture, dataset_api)
        if known:
            self.architecture = known[int(self.generator.integers(len(known)))]
        else:
            self.sample_random_architecture(dataset_api)

    def get_nbhd(self, dataset_api: Any = None) -> list[Any]:
        """Return the neighbours that can be queried, in random order, as NASLib's modules.

        Where a table measured none of them, a random architecture of the table: NASLib's local
        search has no word for an empty neighbourhood.
        """
        graphs = []
        for neighbour in self._known_neighbours(self.architecture, dataset_api):
            graphs.append(type(self)())
            graphs[-1].architecture = neighbour
        if not graphs:
            graphs.append(type(self)())
            graphs[-1].sample_random_architecture(dataset_api)
        models = []
        for place in self.generator.permutation(len(graphs)):
            model: Any = torch.nn.Module()
            model.arch = graphs[int(place)]
            models.append(model)
        return models

    def query(
        self, metric: Any, dataset: str, dataset_api: Any = None, **others: Any
    ) -> float | dict[str, float]:
        """Return what the table or predictor says of this architecture.

        Args:
            metric: NASLib's metric: validation and test accuracy are the value; training
                accuracy and time are nan; the raw record is a dict of it.
            dataset: Name of the dataset.
            dataset_api: From ``dataset_api(table)`` or ``predicted_api(predictor)``.
            others: Epoch and path, which do not matter here.

        Raises:
            NaslibError: No such ``dataset_api`` was given.
        """
        if dataset_api is None:
            raise NaslibError("give a dataset_api, made by dataset_api(table) of naslib_bridge")
        values: Callable[[str, str], float] = dataset_api["values"]
        if metric in (Metric.VAL_ACCURACY, Metric.TEST_ACCURACY):
            return values(self.get_hash(), dataset)
        if metric is Metric.RAW:
            return {dataset: values(self.get_hash(), dataset)}
        return float("nan")

    def encode(self, encoding_type: Any = VECTOR_ENCODINGS[0]) -> NDArray[np.float64]:
        """Return what NASLib's own predictors learn from, such as Bananas' ensemble.

        Args:
            encoding_type: NASLib's encoding; all that are vectors are one here.

        Returns:
            Structural features and the logarithms of parameters and multiply-accumulates, of
            the canonical architecture; shape (d,), the same d for all of a space.

        Raises:
            NaslibError: A graph is asked for, which these spaces do not give.
        """
        name = str(getattr(encoding_type, "value", encoding_type))
        if name not in VECTOR_ENCODINGS:
            raise NaslibError(
                f"{self.space.name!r} has no encoding {name!r}, only vectors; choose a "
                "predictor_type such as lgb, xgb, rf, mlp or bananas"
            )
        canonical = self.space.canonical(self.architecture)
        sizes = self.space.params(canonical), self.space.macs(canonical)
        kinds = structure_features(self.space.graph_view(canonical)).values()
        features = [value for kind in kinds for value in kind.values()]
        return np.array([*features, *(math.log(max(one, 1)) for one in sizes)])

    def get_hash(self) -> str:
        """Return the architecture's text."""
        return self.space.text(self.architecture)

    def get_type(self) -> str:
        """Return what our predictors know the space by."""
        return f"{PREFIX}{self.space.name}"

    def get_loss_fn(self) -> Callable[..., torch.Tensor]:
        """Return the cross entropy."""
        return torch.nn.functional.cross_entropy

    def _measured(self, dataset_api: Any) -> Sequence[str] | None:
        """Return the texts of a table, or None where every architecture can be queried."""
        texts: Sequence[str] | None = (dataset_api or {}).get("architectures")
        return texts

    def _known_neighbours(self, architecture: Any, dataset_api: Any) -> list[Any]:
        neighbours = list(self.space.neighbours(architecture))
        texts = self._measured(dataset_api)
        if texts is None:
            return neighbours
        holds = dataset_api["holds"]
        return [one for one in neighbours if holds(self.space.text(one))]


def space_graph(space: SearchSpace[Any], seed: int = 0) -> Any:
    """Return a NASLib graph of a search space of ours, to hand to ``adapt_search_space``.

    Args:
        space: The search space.
        seed: Seed of what NASLib's optimizer samples and mutates.
    """
    members = {"space": space, "generator": numpy_generator(seed, "naslib", space.name)}
    return type("SpaceGraph", (SpaceGraph,), members)()
