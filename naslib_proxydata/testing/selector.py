"""What every selector must do, as tests."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selector, SelectorInputs


class SelectorContract:
    """Tests of a selector; override :meth:`selector`.

    Attributes:
        classes: Number of classes of the examples.
        per_class: Number of examples of each class.
        sizes: Numbers of examples that are chosen. The default ones are whole classes, since
            some selectors keep or drop a class as a whole.
    """

    classes = 6
    per_class = 20
    sizes: tuple[int, ...] = (20, 60)

    @pytest.fixture
    def selector(self) -> Selector:
        """Return the selector under test."""
        raise NotImplementedError("override the fixture 'selector'")

    @pytest.fixture
    def inputs(self) -> SelectorInputs:
        """Return labels, positive scores and features of a small made-up dataset."""
        generator = numpy_generator(0, "contract", "selector")
        count = self.classes * self.per_class
        return SelectorInputs(
            count=count,
            labels=generator.permutation(np.arange(count, dtype=np.int64) % self.classes),
            scores=10.0 ** generator.uniform(-6, 0, count),
            features=generator.normal(size=(count, 8)),
        )

    def choose(
        self, selector: Selector, inputs: SelectorInputs, size: int, seed: int = 0
    ) -> NDArray[np.int64]:
        """Select with a generator of the seed."""
        return selector.select(inputs, size, numpy_generator(seed, "contract", "choice"))

    def test_chooses_unique_examples_of_the_dataset(
        self, selector: Selector, inputs: SelectorInputs
    ) -> None:
        """Indices are as many as asked for, ascending, unique and in range."""
        for size in self.sizes:
            chosen = self.choose(selector, inputs, size)
            assert chosen.dtype == np.int64
            assert chosen.shape == (size,)
            assert (np.diff(chosen) > 0).all()
            assert chosen[0] >= 0
            assert chosen[-1] < inputs.count

    def test_is_stable_by_seed(self, selector: Selector, inputs: SelectorInputs) -> None:
        """One seed gives one choice; a deterministic selector ignores the seed."""
        for size in self.sizes:
            first = self.choose(selector, inputs, size)
            np.testing.assert_array_equal(first, self.choose(selector, inputs, size))
            if selector.deterministic:
                np.testing.assert_array_equal(first, self.choose(selector, inputs, size, seed=1))

    def test_a_random_selector_uses_its_generator(
        self, selector: Selector, inputs: SelectorInputs
    ) -> None:
        """Among ten seeds at least two choices differ, unless the selector is deterministic."""
        if selector.deterministic:
            pytest.skip("the selector says that it is deterministic")
        choices = {tuple(self.choose(selector, inputs, self.sizes[-1], seed)) for seed in range(10)}
        assert len(choices) > 1

    def test_choosing_all_gives_all(self, selector: Selector, inputs: SelectorInputs) -> None:
        """With size = count every example is chosen."""
        chosen = self.choose(selector, inputs, inputs.count)
        np.testing.assert_array_equal(chosen, np.arange(inputs.count))

    @pytest.mark.parametrize("excess", [1, 1000])
    def test_refuses_more_than_there_are(
        self, selector: Selector, inputs: SelectorInputs, excess: int
    ) -> None:
        """A size above count is an error, not a shorter choice."""
        with pytest.raises(SelectionError):
            self.choose(selector, inputs, inputs.count + excess)

    def test_refuses_what_it_needs_and_lacks(
        self, selector: Selector, inputs: SelectorInputs
    ) -> None:
        """Without the arrays of ``needs`` there is an error that names the first of them."""
        if not selector.needs:
            pytest.skip("the selector needs no array")
        with pytest.raises(SelectionError, match=sorted(selector.needs)[0]):
            self.choose(selector, SelectorInputs(inputs.count), self.sizes[0])

    def test_needs_no_more_than_it_says(self, selector: Selector, inputs: SelectorInputs) -> None:
        """Arrays that are not among ``needs`` change nothing."""
        needed = {need: getattr(inputs, need) for need in selector.needs}
        alone = self.choose(selector, SelectorInputs(inputs.count, **needed), self.sizes[0])
        np.testing.assert_array_equal(alone, self.choose(selector, inputs, self.sizes[0]))

    def test_leaves_its_inputs_alone(self, selector: Selector, inputs: SelectorInputs) -> None:
        """The arrays are not written to."""
        arrays = (inputs.labels, inputs.scores, inputs.features)
        for array in arrays:
            if array is not None:
                array.setflags(write=False)
        self.choose(selector, inputs, self.sizes[0])

    def test_refuses_nan_scores(self, selector: Selector, inputs: SelectorInputs) -> None:
        """A nan score is an error that says how many there are."""
        if "scores" not in selector.needs or inputs.scores is None:
            pytest.skip("the selector needs no scores")
        inputs.scores[3] = np.nan
        with pytest.raises(SelectionError, match="nan"):
            self.choose(selector, inputs, self.sizes[0])
