"""A step ends its log with what it cost, and fails when what it read changed under its hands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.study.growth import draw, exponent, summary
from benchmarks.study.runs import costs
from eupnea.errors import InputError
from eupnea.io.job import job


def test_what_a_step_cost_stands_in_its_log(tmp_path: Path) -> None:
    with job(tmp_path / "logs/beats/chunk-000.log"):
        held = np.ones(4_000_000).sum()
    assert held
    with pytest.raises(SystemExit), job(tmp_path / "logs/breaths/chunk-000.log"):
        raise InputError("no file", where="somewhere")
    found = costs(tmp_path)
    assert found["stage"].tolist() == ["beats", "breaths"]
    assert (found["cpu_s"] > 0).all()
    assert found["memory_mb"].between(30, 100_000).all()


def test_the_exponent_of_a_power_is_found() -> None:
    people = np.array([25.0, 50.0, 100.0, 200.0])
    fit = exponent(people, 3 * people**1.5 * np.array([1.01, 0.99, 0.99, 1.01]))
    assert fit.low < 1.5 < fit.high
    assert fit.estimate == pytest.approx(1.5, abs=0.01)
    assert np.isnan(exponent(people[:2], people[:2]).low)


@pytest.mark.parametrize("what", ["change", "vanish", "replace", "appear"])
def test_a_file_that_changes_during_a_step_fails_it(tmp_path: Path, what: str) -> None:
    path, other = tmp_path / "a.tsv", tmp_path / "b.tsv"
    for one in (path, other):
        one.write_text("1\n")
    if what == "appear":
        path.unlink()
    with pytest.raises(SystemExit, match="1"):
        _step(tmp_path / "log", path, other, what)
    log = (tmp_path / "log").read_text()
    assert "changed while they were read" in log
    assert tmp_path.name not in log


def _step(log: Path, path: Path, other: Path, what: str) -> None:
    with job(log, reads=[path]):
        if what == "vanish":
            path.unlink()
        elif what == "replace":
            other.rename(path)
        else:
            path.write_text("2\n3\n")


def test_a_file_that_is_only_read_does_not(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("1\n")
    with job(tmp_path / "log", reads=[path]):
        assert path.read_text() == "1\n"


def test_growth_of_every_stage_is_told_and_drawn(tmp_path: Path) -> None:
    rows = pd.DataFrame({"people": [25.0, 50.0, 100.0] * 2, "stage": ["beats"] * 3 + ["whole"] * 3, "job": "1"})
    rows = rows.assign(cpu_s=[1.0, 2.0, 4.0, 10.0, 10.0, 10.0], memory_mb=300.0)
    table = summary(rows).set_index("stage")
    assert table.loc["beats", "CPU grows as people^"].startswith("1.00")
    assert table.loc["whole", "CPU grows as people^"].startswith("0.00")
    draw(rows, tmp_path / "growth.svg")
    assert (tmp_path / "growth.svg").stat().st_size > 10_000
