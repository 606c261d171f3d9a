"""A search space as a pipeline space of NePS, and its configurations as architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neps import Categorical, PipelineSpace
from neps.space.neps_spaces.neps_space import NepsCompatConverter, resolve

from naslib_proxydata.errors import BridgeError
from naslib_proxydata.runs.parameters import parameters_of, space_of
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.parameters import Parameters


def pipeline_space(
    space: str | SearchSpace[Any], architectures: Sequence[str] | None = None
) -> PipelineSpace:
    """Return one categorical parameter for each place of an architecture.

    Args:
        space: The search space, or its name.
        architectures: Texts to choose from, by the parameter ``row``, where the space has no
            parameters of its own.

    Raises:
        ConfigError: There is no such space.
        BridgeError: The space has no parameters and there are no architectures to choose from.
    """
    made = PipelineSpace()
    for name, choices in parameters_of(space_of(space), architectures).choices.items():
        setattr(made, name, Categorical(choices))
    return made


def architecture_text(
    space: str | SearchSpace[Any],
    values: Mapping[str, Any],
    architectures: Sequence[str] | None = None,
) -> str:
    """Return the text of the architecture that NePS hands to ``evaluate_pipeline``.

    Args:
        space: The search space, or its name.
        values: The value of each parameter, as ``evaluate_pipeline(**values)`` gets them.
        architectures: Those that :func:`pipeline_space` was given.

    Raises:
        ArchitectureError: They name none, as most combinations of NAS-Bench-101's parameters.
    """
    made = space_of(space)
    return made.text(parameters_of(made, architectures).architecture(values))


class Configurations:
    """The configurations in which NePS writes down the parameters of an architecture.

    NePS numbers the choices of each parameter, under the parameter's path in the pipeline.

    Args:
        pipeline: The pipeline space of a run.
        parameters: The parameters that it must consist of.

    Raises:
        BridgeError: It consists of others.
    """

    def __init__(self, pipeline: Any, parameters: Parameters[Any]) -> None:
        self.parameters = parameters
        attributes = pipeline.get_attrs() if isinstance(pipeline, PipelineSpace) else {}
        given = {name: _choices(domain) for name, domain in attributes.items()}
        if given != dict(parameters.choices):
            raise BridgeError(
                f"FewLabelOptimizer guides runs over the parameters {', '.join(parameters.choices)}"
                f" alone, each with the choices of pipeline_space(SPACE); got "
                f"{', '.join(given) or type(pipeline).__name__}"
            )
        _, context = resolve(pipeline)
        paths = NepsCompatConverter.to_neps_config(context)
        self._paths = {name: _path_of(name, paths) for name in parameters.choices}

    def written(self, architecture: Any) -> dict[str, int]:
        """Return the configuration of an architecture."""
        values = self.parameters.values(architecture)
        choices = self.parameters.choices
        return {path: choices[name].index(values[name]) for name, path in self._paths.items()}

    def read(self, configuration: Mapping[str, Any]) -> Any:
        """Return the architecture of a configuration.

        Raises:
            ArchitectureError: It names none.
        """
        choices = self.parameters.choices
        known = {name: path for name, path in self._paths.items() if path in configuration}
        return self.parameters.architecture(
            {name: choices[name][configuration[path]] for name, path in known.items()}
        )


def _choices(domain: Any) -> tuple[Any, ...] | None:
    choices: Any = domain.choices if isinstance(domain, Categorical) else ()
    return tuple(choices) or None


def _path_of(name: str, paths: Mapping[str, Any]) -> str:
    """Return where a parameter stands: ``SAMPLING__Resolvable.edge_0_1::categorical__5``."""
    (found,) = [path for path in paths if path.partition(".")[2].partition("::")[0] == name]
    return found
