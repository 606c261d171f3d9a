"""What every observer must do, as tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from naslib_proxydata.errors import ConfigError, ProxyDataError
from naslib_proxydata.plugins.acting import DECIDING, lifecycle_hooks
from naslib_proxydata.testing.randomness import global_states
from naslib_proxydata.testing.trial import Trial, refused


class ObserverContract:
    """Tests of an observer; override :meth:`factory`.

    It is called in a search without a network, whose made-up outputs grow more certain.
    """

    @pytest.fixture
    def factory(self) -> Callable[..., object]:
        """Return what makes the observer under test, with its options."""
        raise NotImplementedError("override the fixture 'factory'")

    def ran(self, observer: object, folder: Path | None) -> Trial:
        """Return a search that has run."""
        trial = Trial(observer, epochs=3, per_level=20, folder=folder)
        with refused("a search stops"):
            trial.start()
            trial.run()
            trial.finish()
        return trial

    def test_looks_at_something(self, factory: Callable[..., object]) -> None:
        """It has a hook of the search."""
        assert lifecycle_hooks(factory()), "expected a lifecycle hook, marked with hookimpl"

    def test_only_looks(self, factory: Callable[..., object], tmp_path: Path) -> None:
        """It decides nothing, answers nothing, and writes to none of its inputs."""
        observer = factory()
        deciding = set(DECIDING) & set(lifecycle_hooks(observer))
        assert not deciding, f"{', '.join(sorted(deciding))} is a pruner's"
        trial = self.ran(observer, tmp_path)
        answers = [one for one in trial.answers if one is not None]
        assert not answers, f"a hook that looks returns nothing, got {answers[0]!r}"

    def test_draws_nothing_from_global_generators(
        self, factory: Callable[..., object], tmp_path: Path
    ) -> None:
        """A search with it is the search without it."""
        before = global_states()
        self.ran(factory(), tmp_path)
        assert before == global_states(), "a global random generator was used"

    def test_looks_at_a_second_search(self, factory: Callable[..., object], tmp_path: Path) -> None:
        """One object may be used again."""
        observer = factory()
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            self.ran(observer, tmp_path / name)

    def test_does_without_a_run_folder_or_says_so(self, factory: Callable[..., object]) -> None:
        """A search from Python may keep no files."""
        trial = Trial(factory(), epochs=1, per_level=20)
        try:
            trial.start()
        except ProxyDataError as error:
            if "folder" not in str(error):
                pytest.fail(f"expected a word of the folder, got {error}")
            return
        trial.run()
        trial.finish()

    def test_refuses_an_unknown_option(self, factory: Callable[..., object]) -> None:
        """A misspelt option is an error, not ignored."""
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)
