"""Content of a file with one value changed: what gets past a checksum, as a publisher writes it."""

from __future__ import annotations

import math
import pickle
from typing import Any

from hypothesis import strategies as st

from tests.damage import Draw

ODD = (
    *(None, True, -1, 0, 101, 10**30, 10**400, 1e300, math.inf, -math.inf, math.nan),
    *("", "x", "90", "\x1b[2J", "\ud800", "x" * 5000, [], {}, [[]], [1], {"x": 1}, ()),
)
"""Values that a file of numbers, texts, lists and dicts may hold and should not."""


@st.composite
def mutated(draw: Draw, content: Any) -> Any:
    """A copy in which one value at any depth is replaced, left out, or held twice."""
    content = pickle.loads(pickle.dumps(content))
    inside = content
    while True:
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        key = draw(st.sampled_from(keys))
        value = inside[key]
        deeper = isinstance(value, dict | list) and len(value) > 0
        if not (deeper and draw(st.integers(0, 4))):
            break
        inside = value
    way = draw(st.integers(0, 7))
    if way == 0:
        del inside[key]
    elif way == 1 and isinstance(inside, list):
        inside.insert(key, value)
    else:
        inside[key] = draw(st.sampled_from(ODD))
    return content
