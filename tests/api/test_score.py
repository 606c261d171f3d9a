from __future__ import annotations

import numpy as np
import pytest

import naslib_proxydata as proxydata
from naslib_proxydata.errors import ArchitectureError, ConfigError, DatasetError, LabelError
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.predictors.floors import Params
from naslib_proxydata.spaces.nb201.space import NasBench201

DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
CELLS = [
    "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
    DEAD,
]
FEW = {"name": "naswot", "batch_size": 8}


def test_scores_come_in_the_order_given() -> None:
    forwards = proxydata.score(FEW, "nb201", CELLS)
    backwards = proxydata.score(FEW, "nb201", CELLS[::-1])
    assert forwards.dtype == np.float64
    np.testing.assert_array_equal(forwards, backwards[::-1])
    assert forwards[2] == -np.inf, "the output of the last cell depends on nothing"
    assert len(set(forwards.tolist())) == 3


def test_a_name_and_a_predictor_of_the_callers_agree() -> None:
    by_name = proxydata.score(FEW, "nb201", CELLS, seed=3)
    by_object = proxydata.score(
        proxydata.predictor("naswot", batch_size=8), proxydata.space("nb201"), CELLS, seed=3
    )
    np.testing.assert_array_equal(by_name, by_object)


def test_architectures_and_their_texts_agree() -> None:
    space = proxydata.space("nb201")
    parsed = [space.parse(cell) for cell in CELLS]
    by_text = proxydata.score("params", "nb201", CELLS)
    np.testing.assert_array_equal(by_text, proxydata.score("params", space, parsed))
    # Published: 0.073306 M and 0.028 M a 1x1, 0.24304 M a 3x3 convolution (NAS-Bench-201).
    np.testing.assert_allclose(
        by_text / 1e6, [0.073306 + 0.028 + 2 * 0.24304, 0.129306, 0.073306], atol=1e-4
    )


def test_workers_change_no_score() -> None:
    one = proxydata.score(FEW, "nb201", CELLS[:2])
    two = proxydata.score(FEW, "nb201", CELLS[:2], workers=2)
    np.testing.assert_array_equal(one, two)


def test_an_old_name_is_an_alias() -> None:
    options = {"batch_size": 4}
    np.testing.assert_array_equal(
        proxydata.score({"name": "grad_norm", **options}, "nb201", CELLS[:1]),
        proxydata.score({"name": "grad-norm", **options}, "nb201", CELLS[:1]),
    )


def test_labels_teach_a_predictor_that_learns() -> None:
    space = proxydata.space("nb201")
    generator = np.random.default_rng(0)
    known = {space.sample(generator): 0.0 for _ in range(20)}
    # The fewer parameters the better: the opposite of what it would say without labels.
    labels = {cell: -float(space.params(cell)) for cell in known}
    others = [space.sample(generator) for _ in range(40)]
    params = proxydata.score("params", space, others)
    taught = proxydata.score("few-label-structure", space, others, labels=labels)
    assert proxydata.spearman(taught, params) < -0.8
    assert proxydata.spearman(proxydata.score("few-label-structure", space, others), params) > 0.8


class Foreign(NasBench201):
    """A space that is registered nowhere."""

    name = "foreign"


def test_a_space_of_the_callers_own() -> None:
    space = Foreign()
    np.testing.assert_array_equal(
        proxydata.score("params", space, CELLS), proxydata.score("params", "nb201", CELLS)
    )
    with pytest.raises(ConfigError, match="this process alone, got workers=2"):
        proxydata.score("params", space, CELLS, workers=2)
    small = proxydata.score(FEW, space, CELLS[:1], image_size=16)
    assert np.isfinite(small).all()
    assert space.image_size == 32, "the caller's space stays as it is"


class Odd(Predictor):
    name = "odd"
    needs_network = False

    def evaluate(self, architecture: object) -> object:  # type: ignore[override]
        return "seven"


def test_a_predictor_that_returns_nonsense_fails_architecture_by_architecture() -> None:
    assert np.isnan(proxydata.score(Odd(), "nb201", CELLS)).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"predictor": "synflw"}, ConfigError, "Did you mean 'synflow'"),
        (
            {"predictor": {"name": "naswot", "batch_sze": 2}},
            ConfigError,
            "Did you mean 'batch_size'",
        ),
        ({"predictor": {"batch_size": 2}}, ConfigError, "needs a name"),
        ({"space": "nb21"}, ConfigError, "Did you mean 'nb201'"),
        ({"architectures": ["|conv|"]}, ArchitectureError, "conv"),
        ({"device": "cudda"}, ConfigError, "device 'cudda' cannot be used"),
        ({"images": "nowhere"}, DatasetError, "nowhere"),
        (
            {"predictor": {"name": "naswot", "batch_size": 9999}, "images": "digits"},
            DatasetError,
            "1797",
        ),
        ({"labels": {CELLS[0]: 1.0}}, ConfigError, "does not learn from labels"),
        (
            {"predictor": "few-label-structure", "labels": {CELLS[0]: 1.0}},
            LabelError,
            "at least 3",
        ),
        ({"predictor": Params(), "workers": 2}, ConfigError, "this process alone"),
    ],
)
def test_mistakes_are_told(
    arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    given = {"predictor": "params", "space": "nb201", "architectures": CELLS, **arguments}
    with pytest.raises(error, match=message):
        proxydata.score(**given)  # type: ignore[arg-type]


def test_nothing_to_score() -> None:
    assert proxydata.score("params", "nb201", []).shape == (0,)
