"""A Slurm cluster of this one machine, from Debian's packages, in a folder of its own.

``apt-get install slurmctld slurmd slurm-client munge`` as root; then, to try the executor by hand,
``python -m tests.runs.machines.slurm_here FOLDER`` runs the cluster until it is interrupted, and
says what to export.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
STARTS_IN = 30.0  # seconds; one on a calm machine
ENDS_IN = 20.0

_CONFIGURATION = """
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=here Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Return why no cluster can be started here, or nothing."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    missing = [one for one in PROGRAMS if _found(one) is None]
    if missing:
        return (
            f"Slurm is not installed ({', '.join(missing)}): "
            "apt-get install slurmctld slurmd slurm-client munge"
        )
    return ""


@contextmanager
def cluster(folder: Path) -> Iterator[Path]:
    """Run a cluster in a block; what talks to it needs ``SLURM_CONF``, which is yielded."""
    configuration = _configured(folder)
    told = {**os.environ, "SLURM_CONF": str(configuration)}
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in (_munge(folder), ["slurmctld", "-D"], ["slurmd", "-D"]):
            started.append(_start(command, told))
        _wait_until_idle(told)
        yield configuration
    finally:
        with suppress(subprocess.SubprocessError):
            _end_jobs(told)
        for process in reversed(started):
            process.terminate()
        for process in started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _configured(folder: Path) -> Path:
    folder.chmod(0o755)  # munge refuses a folder that all may write to
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    path = folder / "slurm.conf"
    path.write_text(
        _CONFIGURATION.format(
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            controller_port=_free_port(),
            node_port=_free_port(),
            cpus=os.cpu_count(),
        )
    )
    return path


def _munge(folder: Path) -> list[str]:
    names = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log"}
    files = [f"--{option}={folder}/munge.{name}" for option, name in names.items()]
    return ["munged", "--foreground", "--force", *files, f"--seed-file={folder}/munge.seed"]


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    path = _found(command[0])
    assert path is not None
    return subprocess.Popen(
        [path, *command[1:]],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_until_idle(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + STARTS_IN
    asked = ["sinfo", "--noheader", "--format=%T"]
    while time.monotonic() < deadline:
        done = subprocess.run(asked, env=environment, capture_output=True, text=True)
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    raise RuntimeError(f"Slurm has not started within {STARTS_IN:g} s: {done.stdout}{done.stderr}")


def _end_jobs(environment: dict[str, str]) -> None:
    """Cancel all jobs, and wait for it: their processes would outlive a cluster that is gone."""
    subprocess.run(["scancel", "--me"], env=environment, timeout=10, capture_output=True)
    asked = ["squeue", "--noheader", "--states=all", "--format=%t"]
    deadline = time.monotonic() + ENDS_IN
    while time.monotonic() < deadline:
        done = subprocess.run(asked, env=environment, timeout=10, capture_output=True, text=True)
        if not set(done.stdout.split()) & {"PD", "R", "CG"}:
            return
        time.sleep(0.2)


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def main() -> None:
    """Run a cluster until it is interrupted."""
    if reason := why_not():
        sys.exit(reason)
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True)
    with cluster(folder) as configuration:
        print(f"export SLURM_CONF={configuration}", flush=True)
        for one in (signal.SIGINT, signal.SIGTERM):  # a shell's job in the background ignores it
            signal.signal(one, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
