"""The study on a real Slurm: jobs that are cancelled or outgrow their memory are retried, and nothing differs."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest
import slurm_support
from workflow_support import Clone, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.study, pytest.mark.xdist_group("study")]

STAGES = ("simulate/", "recordings/", "signals/", "breaths/", "beats/", "features/")
TOO_LITTLE_MB = 60


def test_slurm_gives_the_results_of_this_machine(finished: Clone, tmp_path: Path) -> None:
    if reason := slurm_support.missing():
        pytest.skip(reason)
    clone = make_clone(tmp_path / "cluster")
    clone.config()
    cancelled: list[str] = []
    stop = threading.Event()
    memory = f"signals:mem_mb={TOO_LITTLE_MB}*30**(attempt-1)"
    profile = ("--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
    with slurm_support.cluster(tmp_path / "slurm"):
        watcher = threading.Thread(target=_cancel_once, args=("breaths", cancelled, stop))
        watcher.start()
        try:
            clone.snakemake(*profile, "--until", "features", "recordings", "--set-resources", memory)
        finally:
            stop.set()
            watcher.join()
        states = [(state, rule) for _, state, rule in slurm_support.jobs()]
    assert cancelled
    assert ("CANCELLED", "breaths") in {(state, _rule(rule)) for state, rule in states}
    assert {state for state, rule in states if _rule(rule) == "signals"} & {"OUT_OF_MEMORY", "FAILED", "CANCELLED"}
    mine, theirs = clone.digests(), finished.digests()
    compared = {name for name in theirs if name.startswith(STAGES)}
    assert len(compared) > 20
    assert {name for name in compared if mine.get(name) != theirs[name]} == set()


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
