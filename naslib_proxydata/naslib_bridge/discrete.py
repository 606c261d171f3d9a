"""Bananas and Npenas with the block's predictor."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from naslib_proxydata.naslib_bridge.settings import ProxyData, read_block


class ProxiedEnsembles:
    """Puts the block's predictor into Bananas or Npenas.

    With NASLib's key ``search.zc`` (Npenas: ``zc_ensemble``) its score is a feature of NASLib's
    own ensemble, in place of NASLib's zero-cost predictors. Without it, the predictor is what
    the optimizer asks about candidates. Without a block, all is NASLib's own.
    """

    config: Any
    zc: Any

    @cached_property
    def block(self) -> ProxyData | None:
        """The block, or None where there is none."""
        return read_block(self.config)

    @cached_property
    def proxy_predictor(self) -> Any:
        """The block's predictor, or None; made once, so that nothing is scored twice."""
        if self.block is None or self.block.predictor is None:
            return None
        from naslib_proxydata.naslib_bridge.predictors import make_predictor

        wanted = self.block.predictor
        seed = wanted.seed if wanted.seed is not None else int(self.config.search.seed)
        return make_predictor(
            wanted.name,
            self.ss_type,  # type: ignore[attr-defined]
            images=wanted.images,
            seed=seed,
            plugins=self.block.plugins,
            no_plugins=self.block.no_plugins,
            **wanted.options,
        )

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
            values = self.proxy_predictor.query([model.arch for model in candidates])
        else:
            values = []
            for model in candidates:
                model.zc_scores = self.query_zc_scores(model.arch)  # type: ignore[attr-defined]
                values.append(acq_fn(model.arch, [{"zero_cost_scores": model.zc_scores}]))
        order = sorted(range(len(candidates)), key=values.__getitem__)
        return [candidates[place] for place in order[-self.k :]]  # type: ignore[attr-defined]
