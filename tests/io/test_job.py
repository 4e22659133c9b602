"""Every step ends its log with what it cost, also one that fails; the benchmarks add it up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.study.growth import exponent
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
