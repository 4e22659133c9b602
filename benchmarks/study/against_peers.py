"""The same small study by eupnea and put together from NeuroKit2, tsfresh and scikit-learn: CPU time from one run.

``python -m benchmarks.study.against_peers --peers .peers`` simulates ten people in full length (nasal and oral, 5 + 45
minutes, ECG at 250 Hz), lets eupnea run its whole study on them, report included, and then ``peer.py`` the part of it
that its tools can do. The peer's permutations are timed on a few (``--permutations``) and multiplied: see the note.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

import pandas as pd

from benchmarks.peers import PeerMissingError, peer_python
from benchmarks.report import write_table
from benchmarks.study.runs import THREADS, Run, run_study
from eupnea.config.identification import IdentificationConfig
from eupnea.config.traits import TraitsConfig

CORES = 1
"""Both sides work on one."""

UP_TO_FEATURES = ("recordings", "signals", "breaths", "beats", "features")
FULL_DRAWS = {
    "identification, permutations": IdentificationConfig().permutations_few_people,
    "traits, permutations": TraitsConfig().permutations,
}
"""Permutations of the default study of at most 25 people, by step of the peer."""


def peer_steps(python: Path, dataset: Path, permutations: int) -> pd.DataFrame:
    """Let the peer work on the dataset; one row per step with its seconds of CPU time."""
    command = [str(python), str(Path(__file__).with_name("peer.py")), str(dataset), "--permutations", str(permutations)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | THREADS)
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return pd.DataFrame(steps).groupby("step", sort=False).sum(numeric_only=True).reset_index()


def table_of(run: Run, peer: pd.DataFrame, permutations: int) -> pd.DataFrame:
    """Set the steps of both sides beside each other."""
    own = run.jobs.groupby("stage")["cpu_s"].sum()
    cpu = peer.set_index("step")["cpu_s"]
    draws = {step: cpu[step] * full / permutations for step, full in FULL_DRAWS.items()}
    once = cpu.drop(list(FULL_DRAWS))
    features = once.drop(["identification", "traits"]).sum()
    rows = [
        ("recordings to features", own[list(UP_TO_FEATURES)].sum(), features),
        ("identification, with permutations", own["identification"], once["identification"] + draws[next(iter(draws))]),
        ("traits, with permutations", own["traits"], once["traits"] + draws["traits, permutations"]),
        ("the whole study; the peer without a single permutation", run.cpu_s, once.sum()),
        ("the whole study; the peer with as many permutations", run.cpu_s, once.sum() + sum(draws.values())),
    ]
    table = pd.DataFrame(rows, columns=["what", "eupnea_cpu_s", "peer_cpu_s"])
    return table.assign(ratio=table["peer_cpu_s"] / table["eupnea_cpu_s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--work", type=Path, default=Path("results/against-peers"))
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--minutes", type=float, nargs=2, default=[5, 45], help="of rest and of task")
    parser.add_argument("--timeseries", choices=["none", "efficient"], default="none", help="eupnea's tsfresh features")
    parser.add_argument("--permutations", type=int, default=1, help="of the peer, timed")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    rest, task = options.minutes
    study = {
        "name": "ten-people",
        "chunks": CORES,  # more would only be more processes to start
        "dataset": {"source": "simulated"},
        "simulate": {
            "scale": "full",
            "participants": options.people,
            "rest_minutes": rest,
            "task_minutes": task,
        },
        "features": {"timeseries": {"settings": options.timeseries}},
    }
    run = run_study(options.work, study, cores=CORES)
    try:
        python = peer_python("study", options.peers)
    except PeerMissingError as error:
        write_table(run.jobs, options.output, "study", note=str(error))
        return
    dataset = options.work / "results" / study["name"] / "simulate" / "dataset"
    peer = peer_steps(python, dataset, options.permutations)
    note = (
        f"{options.people} people, nasal and oral, {rest:g} + {task:g} minutes; seconds of CPU time, one run. "
        f"The peer's permutations: {options.permutations} timed, multiplied to "
        f"{', '.join(f'{draws} ({step.split(chr(44))[0]})' for step, draws in FULL_DRAWS.items())}. "
        "Its steps: " + "; ".join(f"{row.step} {row.cpu_s:.0f} s" for row in peer.itertuples())
    )
    write_table(table_of(run, peer, options.permutations), options.output, "study", note=note)


if __name__ == "__main__":
    main()
