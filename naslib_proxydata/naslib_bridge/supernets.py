"""Our supernets as NASLib's graphs, for its one-shot optimizers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.graphs import SpaceGraph
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.mixture import Choices, Mixture, masked_softmax
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import numpy_generator, torch_generator

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.supernets.base import Supernet
    from naslib_proxydata.plugins import Plugins

AbstractPrimitive: Any = naslib("naslib.search_spaces.core.primitives:AbstractPrimitive")
AbstractCombOp: Any = naslib("naslib.search_spaces.core.primitives:AbstractCombOp")
MixedOp: Any = naslib("naslib.search_spaces.core.primitives:MixedOp")
GDASMixedOp: Any = naslib("naslib.optimizers.oneshot.gdas.optimizer:GDASMixedOp")


class Place(NamedTuple):
    """Where an edge's weights belong: a kind of cell, and the row of its choices."""

    kind: str
    row: int


class Candidate(AbstractPrimitive):  # type: ignore[misc]
    """The name of a candidate operation; what computes it is part of the supernet."""

    def __init__(self, name: str) -> None:
        super().__init__({})
        self.name = name

    @property
    def get_op_name(self) -> str:
        """The operation's name."""
        return self.name

    def get_embedded_ops(self) -> None:
        """Return None: there are none."""

    def forward(self, x: Any, edge_data: Any) -> Any:
        """Refuse: NASLib never runs it."""
        raise NaslibError(f"candidate {self.name!r} runs in its supernet only")


class SupernetGraph(SpaceGraph):
    """A supernet of ours that NASLib's optimizers give architecture parameters to.

    Every choice is an edge, with the names of its candidates as operations. An optimizer replaces
    them by its MixedOp, as in any of NASLib's graphs; the weights that it computes go to
    the supernet, which mixes the real operations. Without ``alpha`` at its edges it is the network
    of the architecture. See :func:`supernet_graph`.

    Attributes:
        supernet: The supernet; None in the graph of a derived architecture.
        network: The network of a derived architecture, after ``prepare_evaluation``.
        choices: The choices of each kind of cell.
        classes: Number of outputs.
        in_channels: Number of channels of the images.
        weights_seed: Seed of the initial weights.
    """

    choices: Mapping[str, Choices]
    classes: int
    in_channels: int
    weights_seed: int
    supernet: Supernet | None
    network: torch.nn.Module | None

    def __init__(self) -> None:
        super().__init__()
        self.instantiate_model = True
        self.supernet = None
        self.network = None
        for number, place in enumerate(self._places()):
            ends = 2 * number + 1, 2 * number + 2
            self.add_edge(*ends)
            data = self.edges[ends]
            data.set("op", [Candidate(name) for name in self._names(place)])
            data.set("place", place)

    def forward(self, x: Tensor, *others: Any) -> Tensor:
        """Map images (n, channels, h, w) to logits (n, classes)."""
        if self.network is not None:
            logits: Tensor = self.network(x)
            return logits
        if self.supernet is None:
            raise NaslibError(
                "this graph holds no network; make graphs with supernet_graph, and call "
                "prepare_evaluation after an architecture was set"
            )
        return self.supernet(x, self.mixtures())  # type: ignore[no-any-return]

    def mixtures(self) -> dict[str, Mixture]:
        """Return what NASLib's optimizer makes of its architecture parameters, by kind of cell.

        Raises:
            NaslibError: An edge holds something else than a MixedOp.
        """
        rows: dict[str, list[Tensor]] = {kind: [] for kind in self.choices}
        sampled = False
        for place, data in self._edge_data():
            if not isinstance(data.op, MixedOp):
                raise NaslibError(
                    f"an edge holds {type(data.op).__name__}, where a supernet of ours takes a "
                    "MixedOp's weights alone; for partial connections use 'naslib-proxydata "
                    "search --strategy pc-darts'"
                )
            sampled = sampled or isinstance(data.op, GDASMixedOp)
            rows[place.kind].append(self._row(place, _weights(data)))
        stacked = {kind: torch.stack(several) for kind, several in rows.items()}
        return {kind: one_hot(one) if sampled else Mixture(one) for kind, one in stacked.items()}

    def parse(self) -> None:
        """Become a torch module, as NASLib has it.

        Raises:
            NaslibError: A node combines in another way than by the sum.
        """
        if any(isinstance(one.get("comb_op"), AbstractCombOp) for one in self.nodes.values()):
            raise NaslibError(
                "nodes of a supernet of ours add up what arrives; leave edge normalization out, or "
                "use one of NASLib's own graphs"
            )
        super().parse()

    def unparse(self) -> Any:
        """Undo :meth:`parse`, as NASLib has it."""
        graph = super().unparse()
        graph.supernet, graph.architecture = self.supernet, self.architecture
        return graph

    def draw_alphas(self) -> None:
        """Give every choice one of its candidates, each as likely: alpha 1, the others 0.

        This is how RandomNAS draws here; in NASLib it knows only NASLib's own two graphs.
        """
        with torch.no_grad():
            for _, data in self._edge_data():
                data.alpha.zero_()
                data.alpha[int(torch.randint(len(data.alpha), ()))] = 1.0

    def prepare_discretization(self) -> None:
        """Become the architecture that the supernet derives from alpha's softmax."""
        if self.supernet is None:
            return
        rows: dict[str, list[Tensor]] = {kind: [] for kind in self.choices}
        for place, data in self._edge_data():
            rows[place.kind].append(self._row(place, data.alpha.detach().cpu().double()))
        strengths = {
            kind: masked_softmax(torch.stack(several), self.choices[kind].present).numpy()
            for kind, several in rows.items()
        }
        self.set_spec(self.supernet.derive(strengths))

    def prepare_evaluation(self) -> None:
        """Replace the supernet by the published network of the architecture."""
        self.supernet = None
        self.network = self.space.network(
            self.architecture,
            torch_generator(self.weights_seed, "naslib evaluation"),
            num_classes=self.classes,
            in_channels=self.in_channels,
        )

    def _edge_data(self) -> Iterator[tuple[Place, Any]]:
        for _, _, data in sorted(self.edges.data(), key=lambda edge: edge[0]):
            yield data.place, data

    def _places(self) -> Iterator[Place]:
        for kind, choices in self.choices.items():
            yield from (Place(kind, row) for row in range(choices.shape[0]))

    def _columns(self, place: Place) -> list[int]:
        """Return the columns of the candidates that an edge has."""
        return self.choices[place.kind].present[place.row].nonzero()[:, 0].tolist()

    def _names(self, place: Place) -> list[str]:
        operations = self.choices[place.kind].operations[place.row]
        return [operations[column] for column in self._columns(place)]

    def _row(self, place: Place, values: Tensor) -> Tensor:
        """Put the values of an edge's candidates in their columns, and zeros in the others."""
        columns = torch.tensor(self._columns(place), device=values.device)
        empty = values.new_zeros(self.choices[place.kind].shape[1])
        return empty.index_copy(0, columns, values)


def _weights(data: Any) -> Tensor:
    """Return the weights of an edge's candidates, as MixedOp.forward computes them."""
    mixed = data.op
    weights = mixed.get_weights(data)
    if mixed.pre_process_hook:
        weights = mixed.pre_process_hook(weights, data)
    weights = mixed.process_weights(weights)
    if mixed.post_process_hook:
        weights = mixed.post_process_hook(weights, data)
    return weights  # type: ignore[no-any-return]


def one_hot(weights: Tensor) -> Mixture:
    """Return what GDAS does with hard weights: one operation an edge runs.

    The weights of the others, zero in value, are added as they are, for their gradient
    (NASLib's GDASMixedOp; arXiv 1910.04465, equation 7).

    Args:
        weights: Edges x operations, 1 for one operation of each edge.
    """
    columns = weights.argmax(-1)
    ran = torch.zeros_like(weights).scatter_(-1, columns[:, None], 1.0)
    idle = (weights * (1 - ran)).sum(-1)
    return Mixture(weights, tuple((column,) for column in columns.tolist()), idle)


def supernet_graph(
    name: str,
    *,
    channels: int | None = None,
    cells: int | None = None,
    num_classes: int = 10,
    in_channels: int = 3,
    seed: int = 0,
    plugins: Plugins | None = None,
) -> Any:
    """Return a supernet of ours, to hand to ``adapt_search_space`` of a one-shot optimizer.

    Args:
        name: Of a search space that has a supernet (``naslib-proxydata list supernets``).
        channels: Channels of the first cells; the paper's where None.
        cells: Cells of the network, in NAS-Bench-201 of each stage; the paper's where None.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        seed: Seed of the initial weights, and of architectures that are sampled.
        plugins: Where supernets and spaces are registered; the built-in and installed ones where
            None.

    Raises:
        ConfigError: The space has no supernet; those that have are named.
        SearchError: The supernet cannot have this size.
    """
    offers = plugins or load_plugins((), ())
    make = supernet_builder(
        offers,
        name,
        channels=channels,
        cells=cells,
        num_classes=num_classes,
        in_channels=in_channels,
    )
    supernet = make(torch_generator(seed, "naslib supernet"), None)
    space = offers.create("spaces", name)
    members = {
        "space": space,
        "generator": numpy_generator(seed, "naslib", space.name),
        "choices": supernet.choices,
        "classes": num_classes,
        "in_channels": in_channels,
        "weights_seed": seed,
    }
    graph = type("SupernetGraph", (SupernetGraph,), members)()
    graph.supernet = supernet
    return graph
