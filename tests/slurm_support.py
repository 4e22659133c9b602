"""A Slurm cluster of one node, started and stopped by a test; needs root and Debian's Slurm packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

STANDARD_PLACE = Path("/etc/slurm/slurm.conf")  # jobs of jobs look here: the executor clears Slurm's variables
_CONF = """
ClusterName=eupnea
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=3600
ReturnToService=2
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_interval=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Return why no cluster can be started here; empty when one can."""
    absent = [name for name in ("slurmctld", "slurmd", "sbatch", "squeue") if shutil.which(name) is None]
    if absent:
        return f"Slurm is not installed: {', '.join(absent)} (apt install slurmctld slurmd slurm-client)"
    if os.geteuid() != 0:
        return "only root can start slurmd"
    if STANDARD_PLACE.exists():
        return f"this machine has a cluster of its own: {STANDARD_PLACE}"
    return ""


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start both daemons, wait until the node is idle, and stop them at the end."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    memory = int(psutil.virtual_memory().total / 2**20 * 0.8)
    host = socket.gethostname().split(".")[0]
    text = _CONF.format(folder=folder, host=host, ports=_free_ports(), cpus=os.cpu_count(), memory=memory)
    STANDARD_PLACE.parent.mkdir(exist_ok=True)
    STANDARD_PLACE.write_text(text, encoding="utf-8")
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        for name in ("slurmctld", "slurmd"):
            daemons.append(subprocess.Popen([name, "-D"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        _wait_for_idle(folder)
        yield
    finally:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["scancel", "--user=root"], check=False, timeout=10)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(timeout=30)
        STANDARD_PLACE.unlink(missing_ok=True)


def _free_ports() -> list[int]:
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for_idle(folder: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False, timeout=30)
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = "\n".join(path.read_text(encoding="utf-8")[-2000:] for path in folder.glob("*.log"))
    raise RuntimeError(f"the cluster did not start:\n{logs}")


def jobs() -> list[tuple[str, str, str]]:
    """Return number, state and rule of every job that the cluster still knows, finished ones too."""
    command = ["squeue", "--noheader", "--states=all", "-o", "%i|%T|%k"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout.splitlines()
    return [tuple(line.split("|", 2)) for line in lines]  # type: ignore[misc]


def outgrown(folder: Path) -> list[str]:
    """Return what the daemons of a cluster told of jobs that were stopped for their memory."""
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.log"))]
    return [line for log in logs for line in log.splitlines() if "exceeded memory limit" in line]
