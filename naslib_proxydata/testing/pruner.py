"""What every pruner must do, as tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from naslib_proxydata.errors import ConfigError, ProxyDataError
from naslib_proxydata.plugins.acting import DECIDING, lifecycle_hooks
from naslib_proxydata.runs.checkpoint import Stateful, load_checkpoint, save_checkpoint
from naslib_proxydata.testing.randomness import global_states
from naslib_proxydata.testing.trial import Trial, plain, refused


class PrunerContract:
    """Tests of a pruner; override :meth:`factory`.

    It is called in a search without a network, whose made-up outputs grow more certain.

    Attributes:
        epochs: Number of epochs of that search.
        classes: Number of classes of the examples.
        per_level: Number of examples that each level starts with.
        fewest: How many a level must keep, so that a search can go on.
    """

    epochs = 12
    classes = 4
    per_level = 60
    fewest = 2

    @pytest.fixture
    def factory(self) -> Callable[..., object]:
        """Return what makes the pruner under test, with its options."""
        raise NotImplementedError("override the fixture 'factory'")

    def trial(self, pruner: object, seed: int = 0) -> Trial:
        """Return a search that has not started."""
        return Trial(pruner, self.epochs, self.classes, self.per_level, seed)

    def ran(self, pruner: object, seed: int = 0) -> Trial:
        """Return a search that has run."""
        trial = self.trial(pruner, seed)
        with refused("a search stops"):
            trial.start()
            trial.run()
            trial.finish()
        return trial

    def test_decides_about_examples(self, factory: Callable[..., object]) -> None:
        """It has one of the hooks that do, and uses it in this search."""
        pruner = factory()
        assert set(DECIDING) & set(lifecycle_hooks(pruner)), f"expected one of {DECIDING}"
        trial = self.ran(pruner)
        fewer = any(len(one) < self.per_level for kept in trial.kept for one in kept.values())
        assert fewer or any(trial.weighted), "nothing was pruned or weighed in the whole search"

    def test_keeps_a_part_of_what_it_is_given(self, factory: Callable[..., object]) -> None:
        """A subset of the examples in use, or of the pool; answers are of levels there are."""
        trial = self.ran(factory())
        for kept in trial.kept:
            assert all(len(one) >= self.fewest for one in kept.values()), "too few are left"
        for weighted in trial.weighted:
            assert all(len(one.indices) >= self.fewest for one in weighted.values())

    def test_a_seed_gives_one_choice(self, factory: Callable[..., object]) -> None:
        """Two searches of one seed agree, and no global generator moves."""
        before = global_states()
        first = plain(self.ran(factory()))
        assert before == global_states(), "a global random generator was used"
        assert first == plain(self.ran(factory()))

    def test_another_seed_works_as_well(self, factory: Callable[..., object]) -> None:
        """Nothing depends on the seed 0."""
        self.ran(factory(), seed=1)

    def test_begins_anew(self, factory: Callable[..., object]) -> None:
        """A second search does not know the first."""
        pruner = factory()
        assert plain(self.ran(pruner)) == plain(self.ran(pruner))

    def test_leaves_its_inputs_alone(self, factory: Callable[..., object]) -> None:
        """Indices, outputs, labels and metrics are not written to."""
        trial = self.trial(factory())
        labels = trial.labels.copy()
        trial.start()
        trial.run()
        assert (trial.labels == labels).all(), "labels were written to"

    def test_goes_on_from_a_checkpoint(
        self, factory: Callable[..., object], tmp_path: Path
    ) -> None:
        """A search that is interrupted chooses as one that is not.

        What a pruner remembers goes through ``state_dict`` and ``load_state_dict``.
        """
        whole = plain(self.ran(factory()))
        for stop in (1, self.epochs // 2, self.epochs - 1):
            cut = self.trial(factory())
            cut.start()
            cut.run(last=stop)
            resumed = self.trial(factory())
            resumed.start()
            if isinstance(cut.actor, Stateful) and isinstance(resumed.actor, Stateful):
                save_checkpoint(tmp_path, {"pruner": cut.actor.state_dict()})
                state = load_checkpoint(tmp_path)
                assert state is not None
                resumed.actor.load_state_dict(state["pruner"], resumed.outputs(1)[:1])
            resumed.active = dict(cut.active)
            resumed.run(first=stop + 1)
            assert plain(resumed) == whole[stop:], f"another choice after a stop at epoch {stop}"

    def test_unlabelled_data_are_taken_or_refused(self, factory: Callable[..., object]) -> None:
        """Where it needs labels it says so as the search starts."""
        try:
            self.trial(factory()).start(labelled=False)
        except ProxyDataError as error:
            if "label" not in str(error):
                pytest.fail(f"expected a word of labels, got {error}")

    def test_settings_are_plain_data(self, factory: Callable[..., object]) -> None:
        """They go into ``result.json``, where it has any."""
        trial = self.ran(factory())
        settings = getattr(trial.actor, "settings", dict)
        json.dumps(dict(settings()))

    def test_refuses_an_unknown_option(self, factory: Callable[..., object]) -> None:
        """A misspelt option is an error, not ignored."""
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)
