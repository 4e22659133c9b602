"""Time adversarial regression against the reference implementation, at equal objective.

Run `python compare.py ours OUT.tsv` in eupnea's environment, then `python compare.py peer OUT.tsv PEER.tsv` in an
environment in which `linadvtrain` can be imported; see README.md.
"""

from __future__ import annotations

import csv
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

SHAPES = [
    (100, 100),
    (100, 1000),
    (1000, 100),
    (100, 10_000),
    (10_000, 100),
    (1000, 1000),
    (10_000, 1000),
    (1000, 10_000),
]
NORMS = ("2", "inf")
METHODS = ("w-ridge",)
TOLERANCE = 1e-6
LIMIT_S = 10.0
SEARCHED_UP_TO = 1_000_000


class Reached(Exception):  # noqa: N818
    """The peer is as good as we are, or out of time."""


def data(n: int, p: int) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Return centred data with ten features that matter, and the radius without tuning for both norms."""
    rng = np.random.default_rng([n, p])
    X = rng.standard_normal((n, p))
    y = X[:, :10] @ rng.standard_normal(10) + rng.standard_normal(n)
    X, y = X - X.mean(axis=0), y - y.mean()
    noise = rng.standard_normal((n, 20))
    totals = np.abs(noise).sum(axis=0)
    reached = X.T @ noise
    radii = {"2": np.linalg.norm(reached, axis=0), "inf": np.abs(reached).max(axis=0)}
    return X, y, {norm: float(np.mean(values / totals)) / 2 for norm, values in radii.items()}


def ours(target: str) -> None:
    """Solve all problems with eupnea: until the optimum is proven to 1e-6, and until it is met to 1e-6."""
    from eupnea.adversarial.solver import solve

    solve(*data(50, 20)[:2], radius=0.05, norm="inf", fit_intercept=False)
    with Path(target).open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(["n", "p", "norm", "proven_cpu_s", "met_cpu_s", "objective", "gap", "iterations"])
        for n, p in SHAPES:
            X, y, radii = data(n, p)
            for norm in NORMS:
                options = {"radius": radii[norm], "norm": 2 if norm == "2" else "inf", "fit_intercept": False}
                best = solve(X, y, tol=1e-9, **options)
                proven, seconds = _timed(solve, X, y, tol=TOLERANCE, **options)
                met = seconds
                for most in range(1, proven.n_iter if X.size <= SEARCHED_UP_TO else 1):
                    found, spent = _timed(solve, X, y, tol=TOLERANCE, max_iter=most, **options)
                    if found.objective <= best.objective * (1 + TOLERANCE):
                        met = min(met, spent)
                        break
                row = [n, p, norm, f"{seconds:.4f}", f"{met:.4f}", repr(float(best.objective)), f"{proven.gap:.1e}"]
                table.writerow([*row, proven.n_iter])
                file.flush()
                print(*row, proven.n_iter, flush=True)


def _timed(solver, X, y, **options):
    """Return the solution and the smallest CPU time of two runs (of one where it takes long)."""
    times = []
    for _ in range(2):
        start = time.process_time()
        found = solver(X, y, **options)
        times.append(time.process_time() - start)
        if times[0] > 1:
            break
    return found, min(times)


def peer(source: str, target: str) -> None:
    """Solve the same problems with linadvtrain until its objective equals ours, or the time is over."""
    from linadvtrain.regression import lin_advregr

    with Path(source).open() as file:
        known = {(int(row["n"]), int(row["p"]), row["norm"]): row for row in csv.DictReader(file, delimiter="\t")}
    with Path(target).open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(
            [
                "n",
                "p",
                "norm",
                "method",
                "cpu_s",
                "excess",
                "iterations",
                "ours_proven_cpu_s",
                "ours_met_cpu_s",
                "ratio_met",
            ]
        )
        for n, p in SHAPES:
            X, y, radii = data(n, p)
            for norm in NORMS:
                for method in METHODS:
                    if (n, p, norm) not in known:
                        continue
                    goal = float(known[n, p, norm]["objective"])
                    runs = [_run(lin_advregr, X, y, radii[norm], norm, method, goal)]
                    if runs[0][0] < 1:
                        runs.append(_run(lin_advregr, X, y, radii[norm], norm, method, goal))
                    seconds, loss, steps = min(runs)
                    proven, met = (float(known[n, p, norm][name]) for name in ("proven_cpu_s", "met_cpu_s"))
                    ratio = f"{seconds / met:.1f}"
                    row = [n, p, norm, method, f"{seconds:.3f}", f"{loss / goal - 1:.1e}", steps, proven, met, ratio]
                    table.writerow(row)
                    file.flush()
                    print(*row, flush=True)


def _run(solver, X, y, radius, norm, method, goal):
    last = {"loss": np.inf, "steps": 0}
    start = time.process_time()

    def watch(step, _coef, loss):
        last.update(loss=loss, steps=step + 1)
        if loss <= goal * (1 + TOLERANCE) or time.process_time() - start > LIMIT_S:
            raise Reached

    options = {"adv_radius": radius, "p": 2 if norm == "2" else np.inf, "method": method, "callback": watch}
    with suppress(Reached):
        solver(X, y, max_iter=100_000, utol=0.0, **options)
    return time.process_time() - start, last["loss"], last["steps"]


if __name__ == "__main__":
    {"ours": ours, "peer": peer}[sys.argv[1]](*sys.argv[2:])
