"""Bananas and Npenas with the block's predictor."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.naslib_bridge.settings import (
    InitialBlock,
    PredictorBlock,
    ProxyData,
    read_block,
)
from naslib_proxydata.predictors.base import LearningPredictor


class ProxiedEnsembles:
    """Puts the block's predictor into Bananas or Npenas.

    With NASLib's key ``search.zc`` (Npenas: ``zc_ensemble``) its score is a feature of NASLib's
    own ensemble, in place of NASLib's zero-cost predictors. Without it, the predictor is what
    the optimizer asks about candidates. Without a block, all is NASLib's own.
    """

    config: Any
    zc: Any
    k: int
    num_init: int
    _first: list[Any] | None = None

    @cached_property
    def block(self) -> ProxyData | None:
        """The block, or None where there is none."""
        return read_block(self.config)

    @cached_property
    def proxy_predictor(self) -> Any:
        """The block's predictor, or None; made once, so that nothing is scored twice."""
        if self.block is None or self.block.predictor is None:
            return None
        return self._made(self.block.predictor)

    def _made(self, wanted: PredictorBlock) -> Any:
        """Return a predictor of the block for the search space that was adapted."""
        from naslib_proxydata.naslib_bridge.predictors import make_predictor

        assert self.block is not None
        given = wanted.seed if wanted.seed is not None else self._search_seed()
        return make_predictor(
            wanted.name,
            self.ss_type,  # type: ignore[attr-defined]
            images=wanted.images,
            seed=given,
            device=wanted.device,
            plugins=self.block.plugins,
            no_plugins=self.block.no_plugins,
            **wanted.options,
        )

    def _search_seed(self) -> int:
        """Return ``search.seed``.

        Raises:
            ConfigError: There is none.
        """
        if "seed" not in self.config.search:
            raise ConfigError(
                "NASLib's configuration has no search.seed, from which the block's predictors are "
                "seeded; set it, or the key 'seed' of the predictor (NASLib's get_config_from_args "
                "sets it)"
            )
        return int(self.config.search.seed)

    def new_epoch(self, epoch: int) -> None:
        """Query the next architecture, the first ones as the block's ``initial`` ranks them."""
        if self._first is None and self.block is not None and self.block.initial is not None:
            self._first = [] if epoch else self._ranked_first(self.block.initial)
        super().new_epoch(epoch)  # type: ignore[misc]

    def _ranked_first(self, initial: InitialBlock) -> list[Any]:
        """Return the first architectures to query: of random ones the best by a predictor."""
        predictor = self._made(initial)
        if isinstance(predictor.predictor, LearningPredictor):
            raise ConfigError(
                f"initial: predictor {initial.name!r} learns from labels, of which there are none "
                "before the first query; name one that does not, such as zero-label"
            )
        models: dict[str, Any] = {}
        for _ in range(max(initial.candidates, self.num_init)):
            model = super()._sample_new_model()  # type: ignore[misc]
            models.setdefault(str(model.arch_hash), model)
        several = list(models.values())
        values = predictor.query([model.arch for model in several])
        order = sorted(range(len(several)), key=lambda place: -values[place])
        return [several[place] for place in order[: self.num_init]]

    def _sample_new_model(self) -> Any:
        """Return the next of the first architectures, or a random one."""
        if self._first:
            return self._first.pop(0)
        return super()._sample_new_model()  # type: ignore[misc]

    def adapt_search_space(self, search_space: Any, *arguments: Any, **keywords: Any) -> None:
        """Adapt as NASLib does, without the images that only its own predictors look at."""
        if self.block is None or self.block.predictor is None:
            super().adapt_search_space(search_space, *arguments, **keywords)  # type: ignore[misc]
            return
        wanted, self.zc = self.zc, None
        try:
            super().adapt_search_space(search_space, *arguments, **keywords)  # type: ignore[misc]
        finally:
            self.zc = wanted
        self.train_loader = None

    def get_zero_cost_predictors(self) -> Any:
        """Return the block's predictor by its name, or NASLib's."""
        if self.proxy_predictor is None:
            return super().get_zero_cost_predictors()  # type: ignore[misc]
        return {self.proxy_predictor.method_type: self.proxy_predictor}

    def _get_ensemble(self) -> Any:
        """Return the block's predictor where it is not a feature of NASLib's ensemble."""
        if self.zc or self.proxy_predictor is None:
            return super()._get_ensemble()  # type: ignore[misc]
        return self.proxy_predictor

    def _get_best_candidates(self, candidates: list[Any], acq_fn: Any) -> list[Any]:
        """Choose as Bananas does, by the block's predictor alone or by NASLib's ensemble.

        A predictor of the block ranks all candidates together: it has no variance that an
        acquisition function could weigh. NASLib's ensemble gets its scores as features; Npenas
        passes arguments here that its own method lacks.
        """
        if self.proxy_predictor is None:
            return super()._get_best_candidates(candidates, acq_fn)  # type: ignore[misc,no-any-return]
        if not self.zc:
            candidates = self._unknown(candidates)
            values = self.proxy_predictor.query([model.arch for model in candidates])
        else:
            values = []
            for model in candidates:
                model.zc_scores = self.query_zc_scores(model.arch)  # type: ignore[attr-defined]
                values.append(acq_fn(model.arch, [{"zero_cost_scores": model.zc_scores}]))
        order = sorted(range(len(candidates)), key=values.__getitem__)
        return [candidates[place] for place in order[-self.k :]]

    def _unknown(self, candidates: list[Any]) -> list[Any]:
        """Return the candidates that were not queried yet, each once; all where there are none."""
        known = {str(model.arch_hash) for model in self.train_data}  # type: ignore[attr-defined]
        new = {str(model.arch_hash): model for model in candidates}
        left = [model for found, model in new.items() if found not in known]
        return left or candidates
