"""Whole numbers that a user gives, as an option or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_whole(owner: str, smallest: int = 1, /, **options: Any) -> None:
    """Refuse options that are no whole numbers, or too small.

    Args:
        owner: Whose options they are, such as ``selector 'k-center'``.
        smallest: The smallest allowed value.
        options: Values by name.

    Raises:
        SelectionError: A value is no whole number, or below ``smallest``.
    """
    for name, value in options.items():
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < smallest:
            raise SelectionError(
                f"{owner}: {name} must be a whole number and at least {smallest}, got {value!r}"
            )


def whole_array(values: NDArray[Any], what: str, where: object) -> NDArray[np.int64]:
    """Return the whole numbers of a file as int64.

    Args:
        values: Numbers, or texts of numbers.
        what: What they are, such as ``classes``.
        where: The file.

    Raises:
        SelectionError: One is no whole number, or below 0.
    """
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        said = printable(str(error))[:200]
        raise SelectionError(f"{where}: its {what} must be whole numbers: {said}") from None
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers == np.floor(numbers)) & (numbers < 2**53)))
    if len(wrong):
        raise SelectionError(
            f"{where}: its {what} must be whole numbers counted from 0, got {numbers[wrong[0]]:g} "
            f"in row {wrong[0]}"
        )
    return numbers.astype(np.int64)
