"""Whatever happens during a run, the same command finishes it, and every table is that of an undisturbed run.

``EUPNEA_STRESS_ROUNDS`` sets how often workflow and workers are killed (a few times by default).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from workflow_support import Clone, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.study, pytest.mark.xdist_group("study")]

ROUNDS = int(os.environ.get("EUPNEA_STRESS_ROUNDS", "3"))
UNTIL = ("--cores", "2", "--until", "features", "recordings")
STAGES = ("recordings/", "signals/", "breaths/", "beats/", "features/")
LONGEST_S = 25.0


def _start(clone: Clone, *arguments: str) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen(clone.command(*arguments), cwd=clone.folder, env=clone.environment(), **quiet)  # type: ignore[call-overload]


def _tables(clone: Clone, study: str = "small") -> dict[str, str]:
    return {name: digest for name, digest in clone.digests(study).items() if name.startswith(STAGES)}


def _workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the processes that run a step's script."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
        return [one for one in below if ".snakemake/scripts" in " ".join(_command(one))]
    return []


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.cmdline()
    return []


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a small disk on a folder; skip where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a small disk, and not in every container")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def _no_temporary_files(folder: Path) -> bool:
    return not [path for path in folder.rglob(".*") if path.is_file() and path.suffix in (".parquet", ".tsv", ".json")]


def test_workflow_and_workers_killed_at_random_moments(finished: Clone, tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "killed")
    clone.config()
    rng = np.random.default_rng(11)
    for number in range(ROUNDS):
        process = _start(clone, *UNTIL)
        end = time.monotonic() + rng.uniform(4, LONGEST_S)
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.2)
        if number % 2 == 0:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        elif workers := _workers(process):
            workers[int(rng.integers(len(workers)))].kill()
        process.wait(timeout=600)
    clone.snakemake(*UNTIL)
    assert _tables(clone) == _tables(finished)


def test_a_full_disk_stops_the_run_and_loses_nothing(finished: Clone, tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "full")
    clone.config()
    results = clone.folder / "results"
    with _small_disk(results, 3):
        done = clone.snakemake(*UNTIL, check=False)
        assert done.returncode != 0
        assert "No space left" in done.stdout + done.stderr
        assert _no_temporary_files(results)
        written = _tables(clone)
        assert {name for name, digest in written.items() if digest != _tables(finished)[name]} == set()
        _remount(results, "size=500m")
        clone.snakemake(*UNTIL)
        assert _tables(clone) == _tables(finished)


def test_results_that_cannot_be_written_stop_the_run_with_their_name(finished: Clone, tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "read_only")
    clone.config()
    results = clone.folder / "results"
    with _small_disk(results, 500):
        _remount(results, "ro")
        done = clone.snakemake(*UNTIL, check=False)
        assert done.returncode != 0
        assert "Read-only" in done.stdout + done.stderr
        _remount(results, "rw")
        clone.snakemake(*UNTIL)
        assert _tables(clone) == _tables(finished)


@pytest.mark.parametrize("what", ["changes", "vanishes"])
def test_an_input_that_is_lost_or_replaced_during_the_run(finished: Clone, tmp_path: Path, what: str) -> None:
    clone, fresh = make_clone(tmp_path / "disturbed"), make_clone(tmp_path / "fresh")
    for one in (clone, fresh):
        shutil.copytree(finished.folder / "results" / "small" / "simulate" / "dataset", one.folder / "dataset")
        one.config(more="dataset: {source: bids, path: dataset}\n")
    process = _start(clone, *UNTIL)
    described = clone.folder / "results" / "small" / "recordings" / "chunk-000" / "recordings.parquet"
    while process.poll() is None and not described.exists():
        time.sleep(0.1)
    for one in (clone, fresh):
        _disturb(one.folder / "dataset", what)
    process.wait(timeout=600)
    clone.snakemake(*UNTIL)
    fresh.snakemake(*UNTIL)
    assert _tables(clone) == _tables(fresh)
    assert _tables(clone) != _tables(finished)


def _disturb(dataset: Path, what: str) -> None:
    files = sorted(dataset.glob("sub-*/**/*_recording-resp_physio.tsv.gz"))
    if what == "vanishes":
        files[0].unlink()
    else:
        files[0].write_bytes(files[1].read_bytes())


def test_two_runs_at_once_do_not_harm_each_other(finished: Clone, tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "twice")
    clone.config()
    both = [_start(clone, *UNTIL) for _ in range(2)]
    codes = [one.wait(timeout=900) for one in both]
    assert 0 in codes
    assert _tables(clone) == _tables(finished)
