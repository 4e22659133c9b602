"""Intervals between heartbeats mean the same in whatever unit they are given, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
from recordings.builders import config, describe, only_reason, write_physio

from eupnea.config.signals import SignalsConfig
from eupnea.recordings.intervals import in_milliseconds
from eupnea.recordings.load import load_signals
from eupnea.signals.clean import clean_chunk


@pytest.mark.parametrize("unit", ["1/1024 s", "1/1024", "s/1024", "1 / 1024 sec", "us", "s", "ms"])
@pytest.mark.parametrize("times", ["", "s", "own"])
def test_rr_text_in_a_declared_unit(tmp_path, unit, times):
    """A chest strap may count ticks of 1/1024 s: taken as ms, they would be 2.4 % too long."""
    per_second = {"us": 1e6, "s": 1, "ms": 1000}.get(unit, 1024)
    rr_s = np.round(0.8 + 0.05 * np.sin(np.arange(200)), 3)
    ends = np.cumsum(rr_s)
    first = {"": [], "s": [ends], "own": [ends * per_second]}[times]
    table = np.column_stack([*first, rr_s * per_second])
    (tmp_path / "a.txt").write_text("\n".join(" ".join(f"{x:.6f}" for x in row) for row in table))
    (tmp_path / "recordings.tsv").write_text(f"path\tparticipant\tkind\tunit\na.txt\t01\trr\t{unit}\n")
    described = describe(tmp_path, config(source="files", recordings_table="recordings.tsv"))
    assert described.recordings["status"].tolist() == ["used"], described.recordings["reason"].tolist()
    loaded = load_signals(tmp_path, described.channels)["sub-01", "rr"]
    intervals, notes = in_milliseconds(loaded)
    assert notes == ()
    assert np.allclose(intervals.values, 1000 * rr_s, rtol=1e-5)
    assert np.allclose(intervals.times_s, ends, atol=1e-4)
    clean = clean_chunk({("sub-01", "rr"): loaded}, described.channels, described.intervals, SignalsConfig())
    assert np.allclose(clean.cardiac["values"].iloc[0], 1000 * rr_s, rtol=1e-5)
    assert np.allclose(clean.cardiac["times_s"].iloc[0], ends, atol=1e-4)


@pytest.mark.parametrize(("unit", "factor"), [("1/1024 s", 1.024), ("s/1000", 1.0), ("ms", 1.0)])
def test_units_of_intervals_in_a_sidecar(tmp_path, unit, factor):
    rr_ms = 800 + 50 * np.sin(np.arange(100))
    path = tmp_path / "sub-01/beh/sub-01_task-rest_physio.tsv.gz"
    write_physio(path, {"RR": factor * rr_ms}, 1.0, sidecar={"RR": {"Units": unit}})
    described = describe(tmp_path)
    assert described.channels["unit"].tolist() == [unit]
    intervals, _ = in_milliseconds(load_signals(tmp_path, described.channels)["sub-01_task-rest", "rr"])
    assert np.allclose(intervals.values, rr_ms, rtol=1e-5)


@pytest.mark.parametrize("unit", ["ticks", "1/0 s", "mV", "1/1024 m"])
def test_a_unit_of_intervals_that_is_not_known_is_refused_with_what_to_write(tmp_path, unit):
    path = tmp_path / "sub-01/beh/sub-01_task-rest_physio.tsv.gz"
    write_physio(path, {"RR": 800 + 50 * np.sin(np.arange(100))}, 1.0, sidecar={"RR": {"Units": unit}})
    reason = only_reason(describe(tmp_path))
    assert "unit of the intervals between beats is not known" in reason
    assert "1/1024 s" in reason
