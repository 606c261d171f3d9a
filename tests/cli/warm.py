"""Starts commands in processes that have imported torch, so that each begins at once.

Reads one command after the other, each a line of JSON: its arguments, and files for its errors and
for its exit code. Answers with the number of its process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def begin(arguments: list[str], errors: str) -> None:
    """Be a command in a session of its own, as a terminal runs it."""
    from naslib_proxydata.cli.main import main

    os.setsid()
    for number, path in enumerate((os.devnull, os.devnull, errors)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    main(arguments)


if __name__ == "__main__":  # workers import this file too
    import naslib_proxydata.assemble.leaderboard
    import naslib_proxydata.assemble.search  # noqa: F401

    for line in sys.stdin:
        command = json.loads(line)
        process = os.fork()
        if process == 0:
            begin(command["arguments"], command["errors"])
        print(process, flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        Path(command["ended"]).write_text(str(code))
