"""What a study costs as its cohort grows: CPU time and memory of every stage, with the exponent of their growth.

``python -m benchmarks.study.growth --work FOLDER`` simulates cohorts of 25 to 400 people, runs a whole study of each,
and writes ``growth.tsv`` (one row per job), ``growth.md`` and ``growth.svg`` into ``--output``. The default is a short
protocol (2 modes × (2 + 4) minutes, windows of 60 s, 99 permutations), so that 400 people fit. The real one, for 100:
``--people 100 --minutes 5 45 --windows 60 300 --permutations 0``, where 0 keeps the config's own numbers. Sizes that
stand in ``growth.tsv`` already are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.report import write_table
from benchmarks.study.runs import STAGES, Run, run_study
from eupnea.evidence.intervals import Interval

PEOPLE = (25, 50, 100, 200, 400)
PEOPLE_PER_CHUNK = 16
"""The same at every size: what a job up to the features holds must not grow."""


def study_of(people: int, options: argparse.Namespace) -> dict:
    """Return the config of the study of one cohort."""
    rest, task = options.minutes
    keys = ("permutations", "permutations_few_people", "permutations_controls")
    draws = dict.fromkeys(keys, options.permutations) if options.permutations else {}
    return {
        "name": f"people-{people:04d}",
        "chunks": max(2, people // PEOPLE_PER_CHUNK),
        "dataset": {"source": "simulated"},
        "simulate": {"scale": "full", "participants": people, "rest_minutes": rest, "task_minutes": task},
        "features": {"window_s": options.windows},
        "identification": draws,
        "traits": {"permutations": options.permutations} if options.permutations else {},
    }


def rows_of(run: Run) -> pd.DataFrame:
    """Return one row per job, and one for the whole."""
    whole = {"stage": "whole", "job": "", "cpu_s": run.cpu_s, "memory_mb": run.jobs["memory_mb"].max()}
    rows = pd.concat([run.jobs, pd.DataFrame([whole | {"wall_s": run.wall_s}])], ignore_index=True)
    return rows.assign(people=run.people, load=run.load)


def exponent(people: np.ndarray, cost: np.ndarray) -> Interval:
    """Fit cost = c · people^k by least squares on logarithms; k with its 95 % interval (t distribution).

    NaN for both ends where two sizes leave nothing to tell the spread from.
    """
    from scipy.stats import linregress, t

    if len(people) < 2:
        return Interval(float("nan"), float("nan"), float("nan"), float("nan"))
    line = linregress(np.log(people), np.log(cost))
    reach = t.ppf(0.975, len(people) - 2) * line.stderr if len(people) > 2 else float("nan")
    return Interval(line.slope, line.stderr, line.slope - reach, line.slope + reach)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stage: CPU time and largest job at every size, and the exponents of both."""
    found = []
    for stage in (*STAGES, "whole"):
        part = rows[rows["stage"] == stage].groupby("people").agg(cpu=("cpu_s", "sum"), memory=("memory_mb", "max"))
        if part.empty:
            continue
        sizes = part.index.to_numpy(dtype=float)
        cpu, memory = (exponent(sizes, part[name].to_numpy()) for name in ("cpu", "memory"))
        row: dict[str, object] = {"stage": stage}
        row |= {f"CPU s, {size:.0f}": round(value, 1) for size, value in zip(sizes, part["cpu"], strict=True)}
        row |= {"CPU grows as people^": _shown(cpu)}
        row |= {f"MB, {size:.0f}": round(value) for size, value in zip(sizes, part["memory"], strict=True)}
        found.append(row | {"MB grows as people^": _shown(memory)})
    return pd.DataFrame(found)


def _shown(fit: Interval) -> str:
    if np.isnan(fit.estimate):
        return ""
    ends = "" if np.isnan(fit.low) else f" [{fit.low:.2f}, {fit.high:.2f}]"
    return f"{fit.estimate:.2f}{ends}"


def draw(rows: pd.DataFrame, path: Path) -> None:
    """Draw CPU time and largest job of every stage against the number of people."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "eupnea"
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharex=True)
    grouped = rows[rows["stage"] != "whole"].groupby(["stage", "people"])
    for axis, values, label in (
        (axes[0], grouped["cpu_s"].sum(), "CPU time of the stage, s"),
        (axes[1], grouped["memory_mb"].max(), "memory of its largest job, MB"),
    ):
        for i, stage in enumerate(STAGES):
            if stage in values.index:
                line = values.loc[stage]
                axis.plot(line.index, line, marker="o", ms=3, color=plt.get_cmap("tab20")(i), label=stage)
        axis.set(xscale="log", yscale="log", xlabel="people", ylabel=label)
        sizes = sorted(rows["people"].astype(int).unique())
        axis.set_xticks(sizes, [f"{size:d}" for size in sizes])
        axis.minorticks_off()
    axes[1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("results/growth"), help="where the studies are made")
    parser.add_argument("--people", type=int, nargs="+", default=list(PEOPLE))
    parser.add_argument("--minutes", type=float, nargs=2, default=[2, 4], help="of rest and of task")
    parser.add_argument("--windows", type=float, nargs="+", default=[60])
    parser.add_argument("--permutations", type=int, default=99, help="0: as many as the config has")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    kept = options.output / "growth.tsv"
    rows = pd.read_csv(kept, sep="\t") if kept.exists() else pd.DataFrame({"people": []})
    options.output.mkdir(parents=True, exist_ok=True)
    for people in options.people:
        if people in set(rows["people"]):
            continue
        run = run_study(options.work, study_of(people, options), cores=options.cores)
        rows = pd.concat([rows, rows_of(run)], ignore_index=True)
        rows.to_csv(kept, sep="\t", index=False)
    rest, task = options.minutes
    note = f"2 modes × ({rest:g} + {task:g}) minutes, windows of {options.windows} s. "
    wall = rows[rows["stage"] == "whole"]
    note += "; ".join(
        f"{one.people:.0f} people: {one.wall_s / 60:.1f} min wall on {options.cores} cores at load {one.load:.1f}"
        for one in wall.itertuples()
    )
    write_table(summary(rows), options.output, "growth-summary", note=note)
    draw(rows, options.output / "growth.svg")


if __name__ == "__main__":
    main()
