"""Whatever happens during a run, the same command finishes it, and every result is that of an undisturbed run.

``EUPNEA_STRESS_ROUNDS`` sets how often workflow and workers are killed (three times, one of each kind, by default).
"""

from __future__ import annotations

import gzip
import os
import re
import resource
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
from stress.conftest import Undisturbed
from workflow_support import Clone

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

ROUNDS = int(os.environ.get("EUPNEA_STRESS_ROUNDS", "3"))
LESS_AND_LESS_MEMORY = range(550, 300, -50)  # MB; with 350 the workflow itself does not start
PRINTED = "printed.txt"
KINDS = ("workflow alone", "one worker", "all processes")
STAGES = {
    "recordings": "recordings/chunk-000/recordings.parquet",
    "signals": "signals/chunk-000.parquet",
    "features": "features/windows-000.parquet",
}
"""Stage of the first chunk, the last that read the recordings and one that did not -> what it writes."""
LOST_SAMPLES = 500


def _start(clone: Clone, until: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = clone.command("--cores", "2", *until)
    with (clone.folder / PRINTED).open("ab") as printed:
        return subprocess.Popen(
            command, cwd=clone.folder, env=clone.environment(), stdout=printed, stderr=printed, start_new_session=True
        )


def _workers(clone: Clone) -> list[psutil.Process]:
    """Return the processes that run a step's script in this clone, those whose workflow is gone too."""
    scripts = str(clone.folder / ".snakemake" / "scripts")
    return [one for one in psutil.process_iter() if any(scripts in word for word in _command(one))]


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return process.cmdline()
    return []


@contextmanager
def _small_disk(folder: Path, megabytes: float) -> Iterator[None]:
    """Mount a small disk on a folder; skip where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={int(megabytes * 1024)}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a small disk, and not in every container")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def _differing(clone: Clone, undisturbed: Undisturbed) -> set[str]:
    """Return which results that are there are not those of the undisturbed run; half-written ones are among them."""
    return {name for name, one in clone.digests().items() if one != undisturbed.results.get(name)}


def _settled(clone: Clone) -> dict[str, str]:
    """Return the results once the steps whose workflow was killed have ended, too."""
    _, alive = psutil.wait_procs(_workers(clone), timeout=300)
    assert not alive
    return clone.digests()


def _kill(kind: str, process: subprocess.Popen[bytes], clone: Clone, rng: np.random.Generator) -> bool:
    """Kill, and tell whether there was something to kill; after the death of a worker the run goes on, and may end."""
    if kind == "one worker":
        while process.poll() is None and not _workers(clone):
            time.sleep(0.05)
        workers = _workers(clone)
        if workers:
            workers[int(rng.integers(len(workers)))].kill()
        return bool(workers)
    is_running = process.poll() is None
    with suppress(ProcessLookupError):
        process.kill() if kind == "workflow alone" else os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    return is_running


def test_workflow_and_workers_killed_at_random_moments(undisturbed: Undisturbed, tmp_path: Path) -> None:
    clone = undisturbed.clone(tmp_path / "killed")
    rng = np.random.default_rng(11)
    killed, completed = dict.fromkeys(KINDS, 0), 0
    process = _start(clone, undisturbed.until)
    for attempt in range(20 * ROUNDS):
        if process.poll() is not None:
            process = _start(clone, undisturbed.until)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=rng.uniform(0.05, 0.35) * undisturbed.seconds)
        kind = KINDS[attempt % len(KINDS)]
        killed[kind] += _kill(kind, process, clone, rng)
        if process.returncode == 0:  # it was too quick: begin anew
            assert _settled(clone) == undisturbed.results
            completed += 1
            shutil.rmtree(clone.folder / "results")
        if sum(killed.values()) >= ROUNDS:
            break
    process.wait(timeout=1500)
    undisturbed.run(clone)
    assert _settled(clone) == undisturbed.results
    removed = re.findall(r"Removed (\d+) half-written", (clone.folder / PRINTED).read_text(encoding="utf-8"))
    print(
        f"killed: {killed}; {sum(map(int, removed))} half-written files removed; completed and compared: "
        f"{completed + 1} times, {len(undisturbed.results)} results"
    )
    assert sum(killed.values()) >= ROUNDS


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.4, 0.7])
def test_a_full_disk_stops_the_run_and_loses_nothing(undisturbed: Undisturbed, tmp_path: Path, share: float) -> None:
    clone = undisturbed.clone(tmp_path / "full")
    results = clone.folder / "results"
    with _small_disk(results, share * undisturbed.megabytes):
        done = clone.snakemake("--cores", "2", *undisturbed.until, check=False)
        assert done.returncode != 0
        assert "No space left" in done.stdout + done.stderr
        assert clone.digests() or undisturbed.until, "nothing was written at all: nothing is compared"
        assert _differing(clone, undisturbed) == set()
        _remount(results, "size=500m")
        assert undisturbed.run(clone) == undisturbed.results


def test_results_that_cannot_be_written_stop_the_run_with_their_name(undisturbed: Undisturbed, tmp_path: Path) -> None:
    clone = undisturbed.clone(tmp_path / "read_only")
    results = clone.folder / "results"
    with _small_disk(results, 500):
        _remount(results, "ro")
        done = clone.snakemake("--cores", "2", *undisturbed.until, check=False)
        assert done.returncode != 0
        assert "Read-only file system" in done.stdout + done.stderr
        _remount(results, "rw")
        assert undisturbed.run(clone) == undisturbed.results


@pytest.mark.parametrize("what", ["changes", "vanishes"])
def test_an_input_that_is_lost_or_replaced_during_the_run(undisturbed: Undisturbed, tmp_path: Path, what: str) -> None:
    fresh = undisturbed.clone(tmp_path / "fresh")
    _disturb(fresh.folder / "dataset", what)
    wanted = undisturbed.run(fresh)
    assert wanted != undisturbed.results
    for moment, written in STAGES.items() if not undisturbed.until else [("recordings", STAGES["recordings"])]:
        clone = undisturbed.clone(tmp_path / moment)
        process = _start(clone, undisturbed.until)
        while process.poll() is None and not (clone.folder / "results" / "small" / written).exists():
            time.sleep(0.02)
        assert process.poll() is None, "the run was over before anything was disturbed"
        _disturb(clone.folder / "dataset", what)
        code = process.wait(timeout=1500)
        assert undisturbed.run(clone) == wanted
        ended = "ended well with what it had read" if code == 0 else "stopped"
        print(f"a recording {what} once {written} is there: the run {ended}; the next one: {len(wanted)} equal results")


def _disturb(dataset: Path, what: str) -> None:
    file = sorted(dataset.glob("sub-*/**/*_recording-resp_physio.tsv.gz"))[0]
    if what == "vanishes":
        file.unlink()
    else:
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        file.write_bytes(gzip.compress(b"".join(lines[LOST_SAMPLES:]), mtime=0))


@contextmanager
def _less_memory(megabytes: int) -> Iterator[None]:
    limit = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limit)


@pytest.mark.slow
def test_a_worker_without_memory_stops_the_run_and_sets_nobody_aside(undisturbed: Undisturbed, tmp_path: Path) -> None:
    clone = undisturbed.clone(tmp_path / "memory")
    for megabytes in LESS_AND_LESS_MEMORY:
        with _less_memory(megabytes):
            done = clone.snakemake("--cores", "2", *undisturbed.until, check=False)
        if done.returncode:
            break
        shutil.rmtree(clone.folder / "results")
    assert done.returncode != 0
    assert "Error in rule" in done.stdout + done.stderr, "the workflow itself had too little memory to start a step"
    assert "emory" in done.stdout + done.stderr
    print(f"failed with {megabytes} MB")
    assert _differing(clone, undisturbed) == set()
    assert undisturbed.run(clone) == undisturbed.results


@pytest.mark.slow
def test_two_runs_at_once_do_not_harm_each_other(undisturbed: Undisturbed, tmp_path: Path) -> None:
    clone = undisturbed.clone(tmp_path / "twice")
    both = [_start(clone, undisturbed.until) for _ in range(2)]
    codes = [one.wait(timeout=1500) for one in both]
    assert 0 in codes
    printed = (clone.folder / PRINTED).read_text(encoding="utf-8")
    assert codes == [0, 0] or "Another run works in this folder" in printed or "locked" in printed.lower()
    assert clone.digests() == undisturbed.results
