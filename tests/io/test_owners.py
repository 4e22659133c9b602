"""The lock of a killed run is removed, the lock of a living one is respected."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from eupnea.io.owners import claim


def _lock(workdir: Path) -> Path:
    lock = workdir / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    return lock


def _note(workdir: Path, *, pid: int, started: float, host: str | None = None) -> None:
    owners = workdir / ".snakemake" / "owners"
    owners.mkdir(parents=True, exist_ok=True)
    host = host or socket.gethostname()
    (owners / f"{host}-{pid}.json").write_text(json.dumps({"host": host, "pid": pid, "started": started}))


def _dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lock_of_a_dead_owner_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = _lock(tmp_path)
    _note(tmp_path, pid=_dead_pid(), started=1.0)
    assert claim(tmp_path, tmp_path / "results") == [lock.name]
    assert not lock.exists()
    assert "killed" in capsys.readouterr().err


def test_lock_of_a_living_owner_stays(tmp_path: Path) -> None:
    lock = _lock(tmp_path)
    parent = psutil.Process(os.getppid())
    _note(tmp_path, pid=parent.pid, started=parent.create_time())
    assert claim(tmp_path, tmp_path / "results") == []
    assert lock.exists()


def test_a_process_number_used_again_is_not_the_owner(tmp_path: Path) -> None:
    lock = _lock(tmp_path)
    _note(tmp_path, pid=os.getppid(), started=1.0)
    claim(tmp_path, tmp_path / "results")
    assert not lock.exists()


@pytest.mark.parametrize("host", ["another-host", None])
def test_lock_that_cannot_be_judged_stays(tmp_path: Path, host: str | None) -> None:
    lock = _lock(tmp_path)
    if host is not None:
        _note(tmp_path, pid=1, started=1.0, host=host)
    assert claim(tmp_path, tmp_path / "results") == []
    assert lock.exists()


def test_one_run_claims_after_the_other(tmp_path: Path) -> None:
    lock = _lock(tmp_path)
    _note(tmp_path, pid=_dead_pid(), started=1.0)
    other = threading.Thread(target=claim, args=(tmp_path, tmp_path / "results"))
    with (tmp_path / ".snakemake" / "owners" / "claiming").open("a") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        other.start()
        other.join(timeout=0.3)
        assert other.is_alive()
        assert lock.exists()
        own = psutil.Process()  # the first notes itself and locks before the other may look
        _note(tmp_path, pid=own.pid, started=own.create_time())
    other.join(timeout=30)
    assert not other.is_alive()
    assert lock.exists()
