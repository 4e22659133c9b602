"""What a channel must be to be used, in the unit and at the rate that the later stages take it in."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.config.recordings import RecordingsConfig
from eupnea.recordings.checks import check_channel
from eupnea.recordings.readers.base import samples
from eupnea.recordings.signal import RawSignal

WAVE = np.sin(np.arange(30_000) / 70)


def problem_of(raw: RawSignal, kind: str) -> str:
    found = check_channel(raw, kind, RecordingsConfig(), where="a.csv, channel x", recording="sub-1")
    return found.sentence if found else ""


@pytest.mark.parametrize("stride", [2, 4, 10])
def test_places_between_the_samples_of_a_slow_channel_are_not_missing(stride: int) -> None:
    sparse = np.full(WAVE.size, np.nan)
    sparse[::stride] = WAVE[::stride]
    assert problem_of(RawSignal(sparse, 100.0), "belt") == ""
    sparse[: int(0.6 * sparse.size)] = np.nan
    assert "60% of the samples are missing" in problem_of(RawSignal(sparse, 100.0), "belt")
    sparse = np.full(WAVE.size, np.nan)
    sparse[::40] = WAVE[::40]
    assert "Sampled at 2.5 Hz, too slowly" in problem_of(RawSignal(sparse, 100.0), "belt")


@pytest.mark.parametrize(("unit", "factor"), [("ms", 1.0), ("s", 1e-3), ("us", 1e3), ("au", 1e-3)])
def test_intervals_are_judged_in_the_unit_that_they_have(unit: str, factor: float) -> None:
    intervals = 800 + 20 * WAVE[:600]
    assert problem_of(RawSignal(intervals * factor, np.nan, unit=unit), "rr") == ""
    assert "not the intervals of a human heart" in problem_of(
        RawSignal(intervals * factor / 10, np.nan, unit=unit), "rr"
    )
    intervals[300] = 1e13
    assert "It lasts 1.157e+05 days" in problem_of(RawSignal(intervals * factor, np.nan, unit=unit), "rr")


def test_a_channel_lasts_no_longer_than_anybody_is_recorded() -> None:
    times = np.arange(600.0)
    rates = np.full(600, 72.0)
    assert problem_of(RawSignal(rates, np.nan, unit="bpm", times_s=times), "heart_rate") == ""
    times[-1] = 1e15
    assert "It lasts 1.157e+10 days" in problem_of(RawSignal(rates, np.nan, unit="bpm", times_s=times), "heart_rate")
    assert "It lasts" in problem_of(RawSignal(rates, 1e-9, unit="bpm"), "heart_rate")


def test_numbers_that_no_sensor_gives_are_missing() -> None:
    found = samples([1.0, -np.inf, np.inf, 1e300, -1e20, np.nan, -1e18])
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan, np.nan, np.nan, np.nan, -1e18])
    assert np.isfinite(np.square(np.float32(1e19)))
