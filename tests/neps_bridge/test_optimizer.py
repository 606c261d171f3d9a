"""FewLabelOptimizer in runs of the installed NePS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import naslib_proxydata
from naslib_proxydata.errors import ArchitectureError, BridgeError, SearchError

neps = pytest.importorskip("neps", reason="NePS is not installed: the extra 'neps'")

from naslib_proxydata.neps_bridge import (  # noqa: E402
    FewLabelOptimizer,
    architecture_text,
    pipeline_space,
)

SPACE = naslib_proxydata.space("transnas-micro")
QUICK: dict[str, Any] = {"space": "transnas-micro", "startup": 4, "candidates": 40}


def loss(**values: Any) -> float:
    """Return a smooth value that is known at once: less of later edges' convolutions."""
    codes = SPACE.parse(architecture_text("transnas-micro", values)).operations
    return -float(sum((place + 1) * code for place, code in enumerate(codes)))


def run(folder: Path, evaluate: Callable[..., Any] = loss, total: int = 12, **given: Any) -> None:
    neps.run(
        evaluate,
        pipeline_space("transnas-micro"),
        root_directory=folder,
        total_evaluations_to_spend=total,
        optimizer=partial(FewLabelOptimizer, **{**QUICK, **given}),
        ignore_errors=True,
    )


def made(**given: Any) -> Any:
    optimizer = FewLabelOptimizer(pipeline_space("transnas-micro"), **{**QUICK, **given})
    return neps.AskAndTell(optimizer)


def text_of(asked: Any, trial: Any) -> str:
    return SPACE.text(asked.optimizer._configurations.read(trial.config))


def guided(asked: Any, count: int) -> list[str]:
    texts = []
    for _ in range(count):
        trial = asked.ask()
        texts.append(text_of(asked, trial))
        codes = SPACE.parse(texts[-1]).operations
        asked.tell(trial, -float(sum((place + 1) * code for place, code in enumerate(codes))))
    return texts


def test_a_run_of_neps_is_guided_and_resumed(tmp_path: Path) -> None:
    seen: list[str] = []

    def noted(**values: Any) -> float:
        seen.append(architecture_text("transnas-micro", values))
        return loss(**values)

    run(tmp_path / "whole", noted)
    whole, seen[:] = list(seen), []
    for total in (5, 12):
        run(tmp_path / "parts", noted, total)
    assert seen == whole
    assert len({SPACE.hash(SPACE.parse(text)) for text in whole}) == 12


def test_it_finds_what_random_trials_do_not() -> None:
    texts = guided(made(), 20)
    start, end = texts[:4], texts[4:]

    def worth(text: str) -> float:
        codes = SPACE.parse(text).operations
        return float(sum((place + 1) * code for place, code in enumerate(codes)))

    assert max(map(worth, end)) >= 0.95 * worth("64-41414-3_33_333") > max(map(worth, start))
    assert texts == guided(made(), 20) != guided(made(seed=1), 20)


def test_several_at_once_are_not_alike() -> None:
    asked = made()
    guided(asked, 5)
    texts = [text_of(asked, trial) for trial in asked.ask(n=4)]
    texts += [text_of(asked, asked.ask())]
    assert len({SPACE.hash(SPACE.parse(text)) for text in texts}) == 5


def test_what_failed_is_not_tried_again(tmp_path: Path) -> None:
    seen: list[str] = []

    def faulty(**values: Any) -> float:
        seen.append(architecture_text("transnas-micro", values))
        if len(seen) % 3 == 0:
            raise RuntimeError("out of memory")
        return loss(**values)

    run(tmp_path / "run", faulty, 9)
    assert len(set(seen)) == len(seen) >= 9


def test_only_what_may_be_is_proposed() -> None:
    listed = ["64-41414-1_02_333", "64-41414-3_12_103", "64-41414-3_33_333"]
    asked = made(architectures=listed)
    assert set(guided(asked, 3)) == set(listed)
    with pytest.raises(SearchError, match="every architecture that may be proposed was tried"):
        asked.ask()


def test_results_of_elsewhere_are_learnt_from() -> None:
    asked = made()
    best = asked.optimizer._configurations.written(SPACE.parse("64-41414-3_33_333"))
    imported = asked.optimizer.import_trials([(best, {"objective_to_minimize": -63.0})], {})
    assert (imported[0].id, imported[0].config) == ("1", best)
    asked.tell_custom(config_id="1", config=best, result=-63.0)
    assert "64-41414-3_33_333" not in guided(asked, 8)


def test_a_run_over_something_else_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    space = pipeline_space("transnas-micro")
    space.rate = neps.Float(0.1, 1.0)
    with pytest.raises(BridgeError, match=r"edge_2_3 alone.*got edge_0_1.*rate"):
        FewLabelOptimizer(space, **QUICK)
    with pytest.raises(BridgeError, match="'synflow' does not learn"):
        run(tmp_path / "run", predictor="synflow")
    several = made()
    several.tell(several.ask(), [1.0, 2.0])
    with pytest.raises(BridgeError, match="one objective, and trial 1 has 2"):
        several.ask()


def test_a_combination_that_is_no_cell_says_so() -> None:
    values = {
        name: domain.choices[0] for name, domain in pipeline_space("nb101").get_attrs().items()
    }
    with pytest.raises(ArchitectureError):
        architecture_text("nb101", values)
