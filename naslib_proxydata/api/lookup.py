"""Registered things by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import load_plugins, registered_name
from naslib_proxydata.tables.sources import check_turned, open_table

if TYPE_CHECKING:
    from naslib_proxydata.predictors.base import Predictor
    from naslib_proxydata.selection.base import Selector
    from naslib_proxydata.spaces.base import SearchSpace
    from naslib_proxydata.tables.base import BenchmarkTable


def space(name: str) -> SearchSpace[Any]:
    """Return a search space, such as ``"nb201"``; ``naslib-proxydata list spaces`` names all.

    Args:
        name: Its registered name.

    Returns:
        An object that parses, samples and mutates architectures and builds their networks.

    Raises:
        ConfigError: There is no such space; the closest is named.
    """
    return load_plugins(()).create("spaces", name)


def table(
    name: str,
    root: str | Path | None = None,
    *,
    space: str | None = None,
    lower_is_better: str | Sequence[str] = (),
) -> BenchmarkTable:
    """Return a benchmark table, such as ``"nb201"``.

    ``naslib-proxydata list benchmarks`` names all of them.

    Args:
        name: Its registered name, or ``"csv:FILE"`` of a file of yours.
        root: Folder of benchmark files; ``$NASLIB_PROXYDATA_DATA`` where None.
        space: Name of the search space of the architectures in a file of yours.
        lower_is_better: Columns of a file of yours whose lowest values are the best; they are
            turned round.

    Returns:
        Texts of architectures and measured values, accuracies in percent, higher is better.

    Raises:
        ConfigError: There is no such benchmark, space or column; the closest is named.
        TableAbsentError: Its files are not there; the message says how to get them.
    """
    path = data_folder(root)
    plugins = load_plugins(())
    turned = (lower_is_better,) if isinstance(lower_is_better, str) else tuple(lower_is_better)
    found = open_table(name, plugins, root=path, space=space, lower_is_better=turned)
    check_turned(turned, (found,))
    return found


def predictor(name: str, **options: Any) -> Predictor[Any]:
    """Return a predictor, such as ``"eproxy"``; ``naslib-proxydata list predictors`` names all.

    Args:
        name: Its registered name.
        options: Its options, such as ``preset="nb201-cifar10"``.

    Returns:
        A predictor that is not prepared yet; :func:`score` prepares and uses it.

    Raises:
        ConfigError: There is no such predictor or option, or a value is not allowed.
    """
    plugins = load_plugins(())
    return plugins.create("predictors", registered_name(plugins, name, {}), **options)


def selector(name: str, **options: Any) -> Selector:
    """Return a selector, such as ``"entropy-p1"``; ``naslib-proxydata list selectors`` names all.

    Args:
        name: Its registered name.
        options: Its options, such as ``bin_width=0.25``.

    Raises:
        ConfigError: There is no such selector or option, or a value is not allowed.
    """
    return load_plugins(()).create("selectors", name, **options)
