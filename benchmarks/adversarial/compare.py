"""Time adversarial regression against the reference implementation, in turns, at equal objective.

Run `python compare.py OUT.tsv [n x p …]` in eupnea's environment; where `linadvtrain` can be imported too it is timed
beside ours. A Markdown table is written next to the TSV. See README.md.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.adversarial.solver import solve

Array = NDArray[np.float64]

SIDES = (100, 1000, 10_000)
SHAPES = [(n, p) for n in SIDES for p in SIDES]
NORMS = ("2", "inf")
TOLERANCE = 1e-6
"""How far from the optimum, relative, an objective may be."""

LIMIT_S, LIMIT_FACTOR = 10.0, 2.0
"""The reference is stopped after this many seconds, or this many times what we took to prove the optimum, if longer."""

RUNS, LONG_S = 3, 2.0
"""Runs in turns, of which the fastest counts; one where ours takes longer than `LONG_S` seconds."""

SEARCHED_UP_TO = 10_000_000
"""Values up to which the first iteration that meets the optimum is looked for."""

COLUMNS = (
    "n",
    "p",
    "norm",
    "proven_s",
    "met_s",
    "reference_s",
    "excess",
    "ratio",
    "iterations",
    "reference_iterations",
)


class Reached(Exception):  # noqa: N818
    """The reference is as good as we are, or out of time."""


def data(n: int, p: int) -> tuple[Array, Array, dict[str, float]]:
    """Return centred data with ten features that matter, and half the radius without tuning for both norms."""
    rng = np.random.default_rng([n, p])
    X = rng.standard_normal((n, p))
    y = X[:, :10] @ rng.standard_normal(10) + rng.standard_normal(n)
    X -= X.mean(axis=0)
    y -= y.mean()
    noise = rng.standard_normal((n, 20))
    totals = np.abs(noise).sum(axis=0)
    reached = X.T @ noise
    radii = {"2": np.linalg.norm(reached, axis=0), "inf": np.abs(reached).max(axis=0)}
    return X, y, {norm: float(np.mean(values / totals)) / 2 for norm, values in radii.items()}


def compare(n: int, p: int, norm: str, reference: Callable[..., Any] | None) -> dict[str, Any]:
    """Return the times of one problem, CPU seconds."""
    X, y, radii = data(n, p)
    options = {"radius": radii[norm], "norm": 2 if norm == "2" else "inf", "fit_intercept": False}
    proven, first_s = _timed(lambda: solve(X, y, tol=TOLERANCE, **options))
    runs = RUNS if first_s < LONG_S else 1
    best = proven if proven.gap < 0.01 * TOLERANCE else solve(X, y, tol=1e-9, **options)
    steps = _steps_to_meet(X, y, proven.n_iter, best.objective, options)
    row: dict[str, Any] = {"n": n, "p": p, "norm": norm, "proven_s": first_s, "met_s": np.inf, "reference_s": np.inf}
    row["iterations"] = proven.n_iter
    for _ in range(runs):
        if runs > 1:
            row["proven_s"] = min(row["proven_s"], _timed(lambda: solve(X, y, tol=TOLERANCE, **options))[1])
        if steps < proven.n_iter:
            row["met_s"] = min(row["met_s"], _timed(lambda: solve(X, y, tol=TOLERANCE, max_iter=steps, **options))[1])
        if reference is not None:
            limit_s = max(LIMIT_S, LIMIT_FACTOR * first_s)
            seconds, loss, count = _reference(reference, X, y, radii[norm], norm, best.objective, limit_s)
            if seconds < row["reference_s"]:
                row |= {"reference_s": seconds, "excess": loss / best.objective - 1, "reference_iterations": count}
    row["met_s"] = min(row["met_s"], row["proven_s"])
    row["ratio"] = row["reference_s"] / row["met_s"]
    return row


def _steps_to_meet(X: Array, y: Array, n_iter: int, objective: float, options: dict[str, Any]) -> int:
    """Return the fewest iterations that meet the objective; all of them where the search would take too long."""
    for most in range(1, n_iter if X.size <= SEARCHED_UP_TO else 1):
        if solve(X, y, tol=TOLERANCE, max_iter=most, **options).objective <= objective * (1 + TOLERANCE):
            return most
    return n_iter


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    found = run()
    return found, time.process_time() - start


def _reference(
    solver: Callable[..., Any], X: Array, y: Array, radius: float, norm: str, goal: float, limit_s: float
) -> tuple[float, float, int]:
    """Run the reference until its objective equals ours, or the time is over; return seconds, objective, iterations."""
    last = {"loss": np.inf, "steps": 0}
    start = time.process_time()

    def watch(step: int, _coef: Array, loss: float) -> None:
        last.update(loss=loss, steps=step + 1)
        if loss <= goal * (1 + TOLERANCE) or time.process_time() - start > limit_s:
            raise Reached

    options = {"adv_radius": radius, "p": 2 if norm == "2" else np.inf, "method": "w-ridge", "callback": watch}
    with suppress(Reached):
        solver(X, y, max_iter=100_000, utol=0.0, **options)
    return time.process_time() - start, float(last["loss"]), int(last["steps"])


def main(target: Path, shapes: list[tuple[int, int]]) -> None:
    """Compare on all shapes and both norms, and write the tables."""
    try:
        from linadvtrain.regression import lin_advregr as reference
    except ImportError:
        reference = None
    solve(*data(50, 20)[:2], radius=0.05, norm="inf", fit_intercept=False)
    rows: list[dict[str, Any]] = []
    for n, p in shapes:
        for norm in NORMS:
            rows.append(compare(n, p, norm, reference))
            print(rows[-1], flush=True)
            _write(rows, target)


def _write(rows: list[dict[str, Any]], target: Path) -> None:
    with target.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    lines = ["| n × p | norm | ours, proven | ours, met | reference | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        norm = "ℓ2" if row["norm"] == "2" else "ℓ∞"
        ours = f"{row['proven_s']:.3g} | {row['met_s']:.3g}"
        lines.append(f"| {row['n']} × {row['p']} | {norm} | {ours} | {_reference_words(row)} |")
    target.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _reference_words(row: dict[str, Any]) -> str:
    if not np.isfinite(row["reference_s"]):
        return "not run | not run"
    if row["excess"] > TOLERANCE:
        return f"> {row['reference_s']:.3g} (still {row['excess']:.1e} off) | > {row['ratio']:.1f}"
    return f"{row['reference_s']:.3g} | {row['ratio']:.1f}"


if __name__ == "__main__":
    wanted = [(int(n), int(p)) for n, _, p in (text.partition("x") for text in sys.argv[2:])]
    main(Path(sys.argv[1]), wanted or SHAPES)
