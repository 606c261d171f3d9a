"""The architecture parameters of a search: alpha, edge parameters, and what is still allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.oneshot.mixture import Choices, Mixture
    from naslib_proxydata.oneshot.moment import Moment
    from naslib_proxydata.oneshot.parts import Auxiliary, Perturbation, Policy, Relaxation


class ArchitectureParameters(nn.Module):
    """alpha of each kind of cell, and optionally one parameter for each edge.

    Args:
        choices: The choices of each kind of cell.
        generator: Source of the initial values, 1e-3 times standard normal.
        edge_weights: Whether edges have parameters of their own (PC-DARTS).
        policy: A module that draws architectures in the place of alpha.
        auxiliary: The weight of a skip connection beside the candidates of every edge.

    Attributes:
        alpha: For each kind, edges x operations.
        edge: For each kind, one number an edge; empty without edge weights.
    """

    def __init__(
        self,
        choices: Mapping[str, Choices],
        generator: torch.Generator,
        *,
        edge_weights: bool = False,
        policy: nn.Module | None = None,
        auxiliary: Auxiliary | None = None,
    ) -> None:
        super().__init__()
        self.choices = dict(choices)
        self.policy = policy
        self._auxiliary = auxiliary
        self.alpha = nn.ParameterDict(
            {kind: _initial(one.shape, generator) for kind, one in choices.items()}
        )
        self.edge = nn.ParameterDict(
            {kind: _initial(one.shape[:1], generator) for kind, one in choices.items()}
            if edge_weights
            else {}
        )
        for kind, one in choices.items():
            self.register_buffer(f"allowed_{kind}", one.present)
            hidden = torch.zeros(one.shape, dtype=torch.bool)
            self.register_buffer(f"hidden_{kind}", hidden, persistent=False)
            for target in one.targets if edge_weights else ():
                rows = torch.tensor(one.into(target))
                self.register_buffer(f"into_{target}_{kind}", rows, persistent=False)
        self._columns = {kind: _columns(one.present.numpy()) for kind, one in choices.items()}
        self.register_load_state_dict_post_hook(lambda module, _: module._columns.clear())  # type: ignore[no-untyped-call]

    def allowed(self, kind: str) -> Tensor:
        """Return which candidates are still allowed, bool, edges x operations, on the device."""
        mask: Tensor = self.get_buffer(f"allowed_{kind}")
        return mask

    def forbid(self, kind: str, mask: NDArray[np.bool_]) -> None:
        """Forbid candidates for good, where ``mask`` (edges x operations) is true."""
        allowed = self.allowed(kind)
        allowed &= ~torch.from_numpy(mask).to(allowed.device)
        self._columns[kind] = tuple(
            tuple(column for column in columns if not mask[row, column])
            for row, columns in enumerate(self.allowed_columns(kind))
        )

    def hide(self, kind: str, mask: NDArray[np.bool_]) -> None:
        """Count candidates for nothing when a cell is derived; the others stay as they are.

        Unlike after :meth:`forbid`, the strengths of an edge then add up to less than 1. What is
        hidden is not part of a checkpoint.
        """
        hidden: Tensor = self.get_buffer(f"hidden_{kind}")
        hidden |= torch.from_numpy(mask).to(hidden.device)

    @torch.no_grad()
    def undecided_strengths(self, kind: str, relaxation: Relaxation) -> NDArray[np.float64]:
        """Return the strengths that candidates would have if none had been forbidden."""
        alpha = self.alpha[kind]
        strengths = relaxation.strengths(alpha, self.choices[kind].present.to(alpha.device))
        values: NDArray[np.float64] = strengths.double().cpu().numpy()
        return values

    @contextmanager
    def decided_kept(self) -> Iterator[None]:
        """Keep alpha of edges with at most one candidate, which weight decay would change."""
        before = {
            kind: alpha.detach().clone()
            for kind, alpha in self.alpha.items()
            if any(len(columns) <= 1 for columns in self.allowed_columns(kind))
        }
        yield
        with torch.no_grad():
            for kind, old in before.items():
                decided = self.allowed(kind).sum(1, keepdim=True) <= 1
                self.alpha[kind].copy_(torch.where(decided, old, self.alpha[kind]))

    def allowed_columns(self, kind: str) -> tuple[tuple[int, ...], ...]:
        """Return the allowed columns of each edge; the device is asked after a load only."""
        if kind not in self._columns:
            self._columns[kind] = _columns(self.allowed(kind).cpu().numpy())
        return self._columns[kind]

    def place(self, device: str) -> None:
        """Move to a device, but stay with a policy: what it draws decides what the host runs."""
        if self.policy is None:
            self.to(device)

    @torch.no_grad()
    def restart(self, generator: torch.Generator) -> None:
        """Draw alpha and edge parameters anew; what is forbidden stays so."""
        for parameter in (*self.alpha.values(), *self.edge.values()):
            parameter.copy_(_initial(tuple(parameter.shape), generator))

    def mixtures(
        self, relaxation: Relaxation, moment: Moment, perturbation: Perturbation | None = None
    ) -> dict[str, Mixture]:
        """Return the mixture of each kind of cell for one forward pass.

        Args:
            relaxation: Turns alpha into weights.
            moment: When in the search this is, and where random numbers come from.
            perturbation: Applied to the weights of the candidates.
        """
        if self.policy is not None:
            return cast("Policy", self.policy).mixtures(moment)
        return {kind: self._mixture(kind, relaxation, moment, perturbation) for kind in self.alpha}

    def _mixture(
        self, kind: str, relaxation: Relaxation, moment: Moment, perturbation: Perturbation | None
    ) -> Mixture:
        mixture = relaxation.mix(self.alpha[kind], self.allowed(kind), moment)
        active = self.allowed_columns(kind) if mixture.active is None else mixture.active
        mixture = replace(
            mixture,
            active=active,
            generator=moment.generator,
            skip_dropout=moment.skip_dropout,
            auxiliary=0.0 if self._auxiliary is None else self._auxiliary.weight(moment),
        )
        if perturbation is not None:
            weights = perturbation.perturb(mixture.weights, self.allowed(kind), moment)
            mixture = replace(mixture, weights=weights)
        if not self.edge:
            return mixture
        edges = self.edge_softmax(kind)
        return replace(mixture, weights=mixture.weights * edges[:, None], edges=edges)

    def edge_softmax(self, kind: str) -> Tensor:
        """Return beta_e = exp(b_e) / sum over edges e' into the same node of exp(b_e')."""
        choices, parameters = self.choices[kind], self.edge[kind]
        weights = torch.zeros_like(parameters)
        for target in choices.targets:
            rows = self.get_buffer(f"into_{target}_{kind}")
            weights = weights.index_copy(0, rows, parameters.index_select(0, rows).softmax(0))
        return weights

    @torch.no_grad()
    def strengths(self, relaxation: Relaxation) -> dict[str, NDArray[np.float64]]:
        """Return how much each candidate counts when a cell is derived, edges x operations."""
        if self.policy is not None:
            drawn = cast("Policy", self.policy).strengths()
            return {kind: values.double().cpu().numpy() for kind, values in drawn.items()}
        result: dict[str, NDArray[np.float64]] = {}
        for kind, alpha in self.alpha.items():
            values = relaxation.strengths(alpha, self.allowed(kind))
            values = values * ~self.get_buffer(f"hidden_{kind}")
            if self.edge:
                values = values * self.edge_softmax(kind)[:, None]
            result[kind] = values.double().cpu().numpy()
        return result


def _columns(allowed: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Return the columns that are true in each row."""
    return tuple(tuple(np.flatnonzero(row).tolist()) for row in allowed)


def _initial(shape: tuple[int, ...], generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(1e-3 * torch.randn(shape, generator=generator))
