"""Bounds on the memory and stack that a stranger's pickle uses, checked before it is run.

The C unpickler believes what it reads: one instruction reserves 64 GiB for its memo, and the hash
of a tuple nested a million deep overruns the stack, and that of one that holds another twice, which
holds a third twice, takes twice the time for each. None can be caught, so all are looked for first.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

DEEPEST: Final = 200
"""Containers inside containers; honest files stay below 20."""
ALWAYS: Final = 1_000_000
"""Tuples that any pickle may put into containers, each counted with all the tuples in it."""
MOST_OF_ONE: Final = 100
"""Tuples that a larger pickle may put for each object that it puts; honest files stay below 20."""

_CHUNK: Final = 1 << 16
_LONGEST: Final = 9  # bytes of an instruction with an argument of fixed size
_OPCODES: Final = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_COUNT_BYTES: Final = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_STOP: Final = ord(".")


class Readable(Protocol):
    """What is used of a binary stream."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none where the stream ends."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place."""


class PickleLimitError(Exception):
    """A pickle asks for more than an honest one does, or is not one."""


def bounded_pickle(stream: Readable) -> bytes:
    """Return the bytes of the pickle at which a stream stands, and leave the stream behind it.

    Containers that are put into one another after they were memoised may nest deeper; a tuple,
    whose hash is what overruns the stack, cannot.

    Args:
        stream: Binary stream; one that can seek where something follows the pickle.

    Raises:
        PickleLimitError: It ends too early, holds an unknown instruction, numbers its memo higher
            than it has bytes, nests containers deeper than :data:`DEEPEST`, or names the same
            tuples more often than :data:`ALWAYS` and :data:`MOST_OF_ONE` allow.
    """
    source, depths = _Source(stream), _Depths()
    position, push, content = 0, depths.stack.append, b""
    while True:
        if position + _LONGEST > len(content):
            content = source.read_to(position + _LONGEST)
            if position >= len(content):
                raise PickleLimitError("it ends too early")
        code = content[position]
        length = _PLAIN[code]
        if length:  # nearly all instructions of a large file push a number or a text
            push(None)
            position += length
            continue
        width = _COUNTS[code]
        if width:  # a text; where it ends beyond the stream, the next turn tells
            position += 1 + width
            position += int.from_bytes(content[position - width : position], "little")
            push(None)
            continue
        end = position + _LENGTHS[code] if _LENGTHS[code] else source.end(code, position + 1)
        step = _STEPS.get(code)
        if step is not None:
            step(depths, source.index(code, position + 1, end) if code in _INDEXED else -1)
        elif code == _STOP:
            return source.cut(end)
        elif _OPCODES[code].stack_after:
            push(None)
        position = end


class _Source:
    """The bytes of a stream from where it stands, read as they are needed."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.content = b""

    def read_to(self, end: int) -> bytes:
        """Read until there are ``end`` bytes, or no more, and return all."""
        while len(self.content) < end:
            more = self._stream.read(max(_CHUNK, len(self.content)))
            if not more:
                break
            self.content += more
        return self.content

    def end(self, code: int, start: int) -> int:
        """Return where the lines of an instruction, the first of which begins at ``start``, end."""
        opcode = _OPCODES.get(code)
        if opcode is None:
            raise PickleLimitError(f"it holds an unknown instruction {bytes([code])!r}")
        end = self._line_end(start)
        return self._line_end(end) if opcode.name in ("GLOBAL", "INST") else end

    def _line_end(self, start: int) -> int:
        while (end := self.content.find(b"\n", start)) < 0:
            before = len(self.content)
            self.read_to(before + 1)
            if len(self.content) == before:
                raise PickleLimitError("it ends too early")
        return end + 1

    def cut(self, end: int) -> bytes:
        """Return the bytes before ``end``, and set the stream back to there."""
        surplus = len(self.content) - end
        if not surplus:
            return self.content
        self._stream.seek(-surplus, 1)
        return self.content[:end]

    def index(self, code: int, start: int, end: int) -> int:
        """Return the number in the memo that an instruction names.

        Raises:
            PickleLimitError: It is higher than a pickle of so many bytes can have counted.
        """
        if code in b"pg":
            text = self.content[start : end - 1]
            index = int(text) if text.isdigit() and len(text) < 20 else -1
        else:
            index = int.from_bytes(self.content[start:end], "little")
        if not 0 <= index < end:
            raise PickleLimitError(f"it numbers an object {index} within its first {end} bytes")
        return index


class _Container(NamedTuple):
    """What is known of an object that holds others.

    Attributes:
        depth: Containers inside one another, this one counted.
        tuples: What its hash visits: itself and the tuples in it, each as often as it is named; 0
            for what has no hash.
    """

    depth: int
    tuples: int


class _Depths:
    """How deep the objects on the unpickler's stack are; None for those that hold no others."""

    def __init__(self) -> None:
        self.stack: list[_Container | None] = []
        self._marks: list[int] = []
        self._memo: dict[int, _Container] = {}  # without the others, of which a file has many
        self._put = self._put_tuples = 0
        self._memoised = 0
        self._numbered: bool | None = None

    def mark(self, _: int) -> None:
        """Remember where the stack ends."""
        self._marks.append(len(self.stack))

    def build(self, count: int | None, below: bool, hashed: bool) -> None:
        """Replace objects by what holds them.

        Args:
            count: How many; all since the last mark where None.
            below: Whether the object below them takes them in, or a new one does.
            hashed: Whether what holds them has a hash, which visits all the tuples in it.
        """
        held = self._popped(count)
        containers = [*filter(None, held)]
        depth = bool(held) + max((one.depth for one in containers), default=0)
        if below:
            depth = max([depth, *(one.depth for one in self._popped(1) if one)])
        if depth > DEEPEST:
            raise PickleLimitError(f"it nests containers deeper than {DEEPEST}")
        tuples = sum(one.tuples for one in containers)
        self._put += len(held)
        self._put_tuples += tuples
        if self._put_tuples > ALWAYS + MOST_OF_ONE * self._put:
            raise PickleLimitError("it names the same tuples too often")
        self.stack.append(_Container(depth, 1 + tuples if hashed else 0) if depth else None)

    def pop(self, _: int) -> None:
        """Drop the topmost object, or the mark where there is none above it."""
        self._popped(None if self._marks[-1:] == [len(self.stack)] else 1)

    def pop_mark(self, _: int) -> None:
        """Drop all since the last mark."""
        self._popped(None)

    def duplicate(self, _: int) -> None:
        """Put the topmost object on the stack once more."""
        self.stack += self._popped(1) * 2

    def put(self, index: int) -> None:
        """Keep the topmost object under a number, or under the next one where that is -1."""
        numbered = index >= 0
        if self._numbered not in (None, numbered):  # then the next number depends on what is there
            raise PickleLimitError("it numbers some objects itself and leaves others uncounted")
        self._numbered = numbered
        if not numbered:
            index, self._memoised = self._memoised, self._memoised + 1
        top = self.stack[-1] if self.stack else None
        if top is not None:
            self._memo[index] = top
        else:
            self._memo.pop(index, None)

    def get(self, index: int) -> None:
        """Put a kept object on the stack."""
        self.stack.append(self._memo.get(index))

    def _popped(self, count: int | None) -> list[_Container | None]:
        if count is None:
            count = len(self.stack) - self._marks.pop() if self._marks else -1
        if not 0 <= count <= len(self.stack):
            raise PickleLimitError("it takes an object that is not there")
        start = len(self.stack) - count
        taken = self.stack[start:]
        del self.stack[start:]
        return taken


_Step = Callable[[_Depths, int], None]


def _building(opcode: pickletools.OpcodeInfo) -> _Step:
    """Return the step of an instruction that puts objects into another one."""
    taken = [kind.name for kind in opcode.stack_before]
    below = opcode.name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD")
    count = None if "mark" in taken else len(taken) - below
    hashed = opcode.name.startswith(("TUPLE", "FROZENSET"))
    return lambda depths, _: depths.build(count, below, hashed)


_MOVING: Final[dict[str, _Step]] = {
    "MARK": _Depths.mark,
    "POP": _Depths.pop,
    "POP_MARK": _Depths.pop_mark,
    "DUP": _Depths.duplicate,
    "MEMOIZE": _Depths.put,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Depths.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Depths.get),
}
_STEPS: Final[dict[int, _Step]] = {
    code: _MOVING.get(opcode.name) or _building(opcode)
    for code, opcode in _OPCODES.items()
    if opcode.name in _MOVING or (opcode.stack_before and opcode.name != "STOP")
}
_INDEXED: Final = frozenset(b"pqrghj")
_LENGTHS: Final = [
    1 + (opcode.arg.n if opcode.arg else 0)
    if (opcode := _OPCODES.get(code)) and (opcode.arg is None or opcode.arg.n >= 0)
    else 0
    for code in range(256)
]
"""Bytes of an instruction of a fixed size; 0 for others."""
_COUNTS: Final = [
    _COUNT_BYTES.get(opcode.arg.n, 0) if (opcode := _OPCODES.get(code)) and opcode.arg else 0
    for code in range(256)
]
"""Bytes in which an instruction counts those of its argument; 0 for others."""
_PLAIN: Final = [
    _LENGTHS[code]
    if (opcode := _OPCODES.get(code)) and code not in _STEPS and opcode.stack_after
    else 0
    for code in range(256)
]
"""Bytes of an instruction of a fixed size that only pushes an object; 0 for others."""
