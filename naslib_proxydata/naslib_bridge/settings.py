"""The block ``search.proxy_data`` of a NASLib configuration, validated like our own files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import Self

from naslib_proxydata.config.fields import Named, OptionalChoice, Options
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.settings import Names, Paths
from naslib_proxydata.schema import Settings

KEY = "proxy_data"
ONE_SHOT_KEYS = ("selector", "selection", "pruner", "bdp", "observers")
"""Keys that act where a supernet trains."""

ENSEMBLE_KEYS = ("predictor", "initial")
"""Keys that act where an optimizer asks a predictor about candidates."""

ACTING_KEYS = (*ONE_SHOT_KEYS, *ENSEMBLE_KEYS)


class SelectorBlock(Settings):
    """Which examples a search trains on.

    Attributes:
        name: Name of the selector.
        fraction: Share of NASLib's training images to choose, in (0, 1].
        size: Their number, where ``fraction`` is not given.
        scores: A score file; where None, the selector's scorer computes what it needs.
        scorer: Name of the scorer; the selector's own where empty.
        quick: Let the scorer train with the quick recipe, not with the paper's.
        seed: Seed of scorer and choice; ``search.seed`` where None.
        options: Arguments of the selector.
    """

    name: str
    fraction: float | None = Field(None, gt=0, le=1)
    size: int | None = Field(None, ge=4)
    scores: Path | None = None
    scorer: str = ""
    quick: bool = False
    seed: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        both = self.fraction is not None and self.size is not None
        neither = self.fraction is None and self.size is None
        if both or (neither and not {"classes", "fraction"} & set(self.options)):
            raise ValueError("give either fraction or size")
        return self


class BdpBlock(Settings):
    """Bi-level data pruning during the search (arXiv 2312.14200): short for the pruner ``bdp``.

    Attributes:
        preset: Name of a schedule; ``to-4-percent`` where neither it nor ``fraction`` is given.
        fraction: Share of the examples to be left after the last epoch.
        class_balance: Keep the classes balanced.
        weights_drops: The end of the errors' variance that NASLib's training images lose.
        architecture_drops: The end that NASLib's validation images lose.
    """

    preset: str | None = None
    fraction: float | None = Field(None, gt=0, le=1)
    class_balance: bool = True
    weights_drops: Literal["low", "high"] = "low"
    architecture_drops: Literal["low", "high"] = "high"

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        if self.preset is not None and self.fraction is not None:
            raise ValueError("give either preset or fraction")
        return self

    @property
    def schedule(self) -> str | float:
        """What the pruner takes as its schedule."""
        return self.fraction if self.fraction is not None else self.preset or "to-4-percent"

    @property
    def named(self) -> Named:
        """The pruner that this stands for."""
        options = {"schedule": self.schedule, **self.model_dump(exclude={"preset", "fraction"})}
        return Named(name="bdp", **options)


class PredictorBlock(Settings):
    """What scores architectures in NASLib's discrete optimizers; other keys are its options.

    Attributes:
        name: Name of the predictor.
        images: Source of the images that it looks at, as in ``leaderboard --images``.
        seed: Seed of scores and images; ``search.seed`` where None.
        device: A torch device, or ``"auto"``: a GPU where there is one.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    images: str = "photos"
    seed: int | None = None
    device: str = "auto"

    @property
    def options(self) -> dict[str, Any]:
        """The options of the predictor, which its own schema checks."""
        return dict(self.model_extra or {})


class InitialBlock(PredictorBlock):
    """What chooses the first architectures that a discrete optimizer queries, among random ones.

    Attributes:
        name: Name of the predictor, which needs no labels; zero-label by default.
        candidates: Random architectures that it ranks.
    """

    name: str = "zero-label"
    candidates: int = Field(200, ge=1)


class ProxyData(Settings):
    """The whole block.

    Attributes:
        enabled: Where false, NASLib runs as if the block were not there.
        selector: Which examples to train on; plugins are asked, then all are used, where None.
        selection: File of a selection made before, in place of ``selector``.
        pruner: What drops examples while a search runs, with its options, or None.
        bdp: Bi-level data pruning, in place of ``pruner``, or None.
        observers: What looks at a search while it runs, each with its options.
        predictor: Scores architectures in Bananas and Npenas, or None.
        initial: Ranks random architectures, of which the best are Bananas' and Npenas' first, in
            place of random ones; None for these.
        plugins: Python files with further plugins, which act in every search.
        no_plugins: Installed plugins to leave out, by their name or their distribution's.
    """

    enabled: bool = True
    selector: SelectorBlock | None = None
    selection: Path | None = None
    pruner: OptionalChoice = None
    bdp: BdpBlock | None = None
    observers: Options = Field(default_factory=dict)
    predictor: PredictorBlock | None = None
    initial: InitialBlock | None = None
    plugins: Paths = ()
    no_plugins: Names = ()

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.selector is not None and self.selection is not None:
            raise ValueError("give either selector or selection")
        if self.pruner is not None and self.bdp is not None:
            raise ValueError("give either pruner or bdp, which is short for the pruner bdp")
        return self

    def check_acts(self, takes: Collection[str], optimizer: str) -> None:
        """Refuse keys that a search would leave unused.

        Args:
            takes: The keys that act in the search.
            optimizer: What messages call its optimizer.

        Raises:
            ConfigError: The block holds another of these keys.
        """
        idle = [key for key in ACTING_KEYS if key not in takes and getattr(self, key)]
        if idle:
            raise ConfigError(
                f"NASLib's configuration, {KEY}: {', '.join(idle)} would change nothing, for "
                f"{optimizer} uses {', '.join(takes) or 'none of the keys'}; remove what is "
                "unused, or give a proxied optimizer that uses it"
            )

    @property
    def chosen_pruner(self) -> Named | None:
        """The pruner, however it was written."""
        return self.pruner if self.bdp is None else self.bdp.named


def read_block(config: Any) -> ProxyData | None:
    """Read the block of a NASLib configuration.

    It stands under ``search``, or at the top level, where NASLib's command line can set its
    keys (``proxy_data.enabled False``).

    Returns:
        The block, or None where it is absent or switched off.

    Raises:
        ConfigError: It stands in both places, or a key or value is wrong.
    """
    places = {"search.proxy_data": getattr(config, "search", None), "proxy_data": config}
    found = {
        place: holder[KEY]
        for place, holder in places.items()
        if isinstance(holder, Mapping) and holder.get(KEY) is not None
    }
    if len(found) > 1:
        raise ConfigError(f"give one of {' and '.join(found)}, not both")
    for place, values in found.items():
        return parsed_block(values, place)
    return None


def parsed_block(values: Any, place: str) -> ProxyData | None:
    """Read the values of a block.

    Args:
        values: As NASLib's configuration holds them; None where there is no block.
        place: What messages call their place.

    Returns:
        The block, or None where there is none or it is switched off.

    Raises:
        ConfigError: A key or value is wrong.
    """
    if values is None:
        return None
    if not isinstance(values, Mapping):
        raise ConfigError(f"{place} must hold keys with values, got {values!r}")
    block = ProxyData.parse(plain(values), f"NASLib's configuration, {place}")
    return block if block.enabled else None


def plain(value: Any) -> Any:
    """Return nested dicts and lists in place of NASLib's ``CfgNode`` objects."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
