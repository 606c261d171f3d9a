"""How long the package keeps a user waiting before anything is done.

Runs fresh processes in turn, so that what slows the machine slows all of them, and prints the
median wall and CPU time of each with its ratio to ``import torch``. NASLib is one more row
where a Python is given that has it:

    python benchmarks/speed/import_time.py --repeats 7 --naslib-python PATH/TO/python
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time

PROGRAMS = {
    "python, nothing else": "pass",
    "import naslib_proxydata": "import naslib_proxydata",
    "plugins.load()": "from naslib_proxydata import plugins; plugins.load()",
    "naslib-proxydata --help": (
        "import sys; from naslib_proxydata.cli.main import main; sys.argv[1:] = ['--help']; main()"
    ),
    "import torch": "import torch",
}
BASELINE = "import torch"


def measure(command: list[str]) -> tuple[float, float]:
    """Return wall and CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--naslib-python", metavar="PATH", help="a Python that can import naslib")
    arguments = parser.parse_args()

    commands = {name: [sys.executable, "-c", program] for name, program in PROGRAMS.items()}
    if arguments.naslib_python:
        naslib = "import naslib.utils, naslib.optimizers, naslib.search_spaces"
        commands["import naslib"] = [arguments.naslib_python, "-c", naslib]
    for command in commands.values():
        measure(command)  # fills the file cache
    times = {name: [measure(commands[name])] for name in commands}
    for _ in range(arguments.repeats - 1):
        for name, command in commands.items():
            times[name].append(measure(command))

    medians = {
        name: tuple(statistics.median(column) for column in zip(*rows, strict=True))
        for name, rows in times.items()
    }
    print(f"{'median of ' + str(arguments.repeats):26}{'wall s':>9}{'CPU s':>9}{'CPU ratio':>11}")
    for name, (wall, cpu) in medians.items():
        print(f"{name:26}{wall:9.3f}{cpu:9.3f}{cpu / medians[BASELINE][1]:11.3f}")


if __name__ == "__main__":
    main()
