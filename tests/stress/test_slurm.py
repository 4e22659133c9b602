"""The study on a real Slurm: jobs that are cancelled or outgrow their memory are retried, and nothing differs."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest
import slurm_support
from stress.conftest import Undisturbed

pytestmark = [pytest.mark.study, pytest.mark.xdist_group("study")]

TOO_LITTLE_MB = 60


def test_slurm_gives_the_results_of_this_machine(undisturbed: Undisturbed, tmp_path: Path) -> None:
    if reason := slurm_support.missing():
        pytest.skip(reason)
    clone = undisturbed.clone(tmp_path / "cluster")
    cancelled: list[str] = []
    stop = threading.Event()
    memory = f"recordings_chunk:mem_mb={TOO_LITTLE_MB}*30**(attempt-1)"
    profile = ("--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
    with slurm_support.cluster(tmp_path / "slurm"):
        watcher = threading.Thread(target=_cancel_once, args=("recordings", cancelled, stop))
        watcher.start()
        try:
            clone.snakemake(*profile, *undisturbed.until, "--set-resources", memory)
        finally:
            stop.set()
            watcher.join()
        jobs = [(_rule(comment), state) for _, state, comment in slurm_support.jobs()]
    outgrown = slurm_support.outgrown(tmp_path / "slurm")
    print(jobs, *outgrown, sep="\n")
    assert cancelled
    assert ("recordings", "CANCELLED") in jobs
    assert {state for rule, state in jobs if rule == "recordings_chunk"} & {"OUT_OF_MEMORY", "FAILED", "CANCELLED"}
    assert outgrown
    assert ("recordings_chunk", "COMPLETED") in jobs
    assert clone.digests() == undisturbed.results


def _rule(comment: str) -> str:
    return comment.removeprefix("rule_").split("_wildcards")[0]


def _cancel_once(rule: str, cancelled: list[str], stop: threading.Event) -> None:
    """Cancel the first running job of a rule, from outside, as an operator or a colleague would."""
    while not stop.is_set() and not cancelled:
        for number, state, comment in slurm_support.jobs():
            if state == "RUNNING" and _rule(comment) == rule:
                subprocess.run(["scancel", number], check=True)
                cancelled.append(number)
                break
        time.sleep(0.3)
