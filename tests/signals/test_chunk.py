"""A chunk of raw signals becomes tables in the contracts, whatever is wrong with one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.config.signals import SignalsConfig
from eupnea.io.contract import CARDIAC, CHANNELS, INTERVALS, QUALITY, RESPIRATION
from eupnea.recordings.padding import without_padding
from eupnea.recordings.signal import RawSignal
from eupnea.signals.clean import clean_chunk


def channel(recording: str, signal: str, kind: str, **more: object) -> dict[str, object]:
    usual = {"polarity": "auto", "offset_s": 0.0, "drift_ppm": 0.0, "status": "used"}
    return {"recording": recording, "signal": signal, "kind": kind} | usual | more


def run(raw, rows):
    return clean_chunk(raw, CHANNELS.conform(pd.DataFrame(rows)), INTERVALS.empty(), SignalsConfig())


def wave(hz: float, seconds: float = 120, frequency: float = 0.25) -> np.ndarray:
    time_s = np.arange(int(hz * seconds)) / hz
    return np.sin(2 * np.pi * frequency * time_s) + 0.01 * np.random.default_rng(0).normal(size=time_s.size)


def test_tables_follow_the_contracts_and_one_bad_signal_stops_nothing():
    raw = {
        ("sub-1", "belt"): RawSignal(wave(50), 50.0),
        ("sub-1", "ecg"): RawSignal(wave(1000, 60, 7), 1000.0, start_s=1.0),
        ("sub-2", "belt"): RawSignal(np.full(5000, np.nan), 50.0),
        ("sub-3", "belt"): RawSignal(np.zeros(5000), 50.0),
        ("sub-4", "rr"): RawSignal(np.full(100, 0.8), np.nan, unit="s"),
    }
    rows = [channel(*key, kind=key[1]) for key in raw]
    chunk = run(raw, rows)
    for table, contract in ((chunk.respiration, RESPIRATION), (chunk.cardiac, CARDIAC), (chunk.quality, QUALITY)):
        pd.testing.assert_frame_equal(contract.conform(table), table)
    assert set(chunk.respiration["recording"]) == {"sub-1"}
    assert list(chunk.cardiac["kind"]) == ["ecg", "rr"]
    assert {"sub-2", "sub-3"} <= set(chunk.notes["recording"])
    assert not chunk.quality.loc[chunk.quality["recording"].isin(["sub-2", "sub-3"]), "is_usable"].any()


def test_an_empty_chunk_gives_empty_tables():
    chunk = run({}, [channel("sub-1", "belt", "belt")])
    assert len(chunk.respiration) == len(chunk.cardiac) == len(chunk.quality) == len(chunk.notes) == 0
    assert list(chunk.respiration.columns) == RESPIRATION.column_names


def test_a_chunk_is_the_sum_of_its_recordings():
    raw = {(f"sub-{i}", "belt"): RawSignal(wave(50, frequency=0.2 + 0.02 * i), 50.0) for i in range(3)}
    rows = [channel(*key, kind="belt") for key in raw]
    together = run(raw, rows)
    alone = [run(raw, [row]) for row in rows]
    pd.testing.assert_frame_equal(
        together.respiration, pd.concat([one.respiration for one in alone], ignore_index=True)
    )
    pd.testing.assert_frame_equal(together.quality, pd.concat([one.quality for one in alone], ignore_index=True))


def test_cardiac_signals_stand_on_the_clock_of_the_recording():
    hz = 1000.0
    own = np.arange(int(60 * hz)) / hz
    raw = {("sub-1", "ecg"): RawSignal(np.sin(2 * np.pi * 5 * own) + 7 + 0.1 * own, hz, start_s=2.0)}
    row = run(raw, [channel("sub-1", "ecg", "ecg", offset_s=-0.5, drift_ppm=100.0)]).cardiac.iloc[0]
    assert row["sampling_hz"] == pytest.approx(250 * (1 + 1e-4))
    assert row["start_s"] == pytest.approx(2 / (1 + 1e-4) - 0.5)
    at = row["start_s"] + np.arange(len(row["values"])) / row["sampling_hz"]
    expected = np.sin(2 * np.pi * 5 * ((at + 0.5) * (1 + 1e-4) - 2))
    assert np.abs(row["values"][100:-100] - expected[100:-100]).max() < 0.03


def test_intervals_become_milliseconds_on_the_clock_of_the_recording():
    raw = {("sub-1", "rr"): RawSignal(np.full(50, 0.8), np.nan, start_s=1.0, unit="s")}
    row = run(raw, [channel("sub-1", "rr", "rr", offset_s=3.0)]).cardiac.iloc[0]
    assert np.allclose(row["values"], 800)
    assert np.allclose(row["times_s"], 4 + 0.8 * np.arange(1, 51))


def test_quality_sees_what_is_wrong_where_it_is():
    hz, signal = 50.0, 100 * wave(50, 200)
    signal[20 * 50 : 28 * 50] = signal[20 * 50]
    signal[60 * 50 : 66 * 50] = np.nan
    signal[103 * 50 : 107 * 50] -= 4000
    clipped = np.clip(signal, None, 80)
    table = run({("sub-1", "belt"): RawSignal(clipped, hz)}, [channel("sub-1", "belt", "belt")]).quality
    table = table.set_index("start_s")
    assert table.loc[20, "reason"] == "flat"
    assert table.loc[60, "reason"] == "gap"
    assert table.loc[60, "gap_share"] == pytest.approx(0.6)
    assert table.loc[100, "motion_share"] > 0.3
    assert (table["clipped_share"] > 0.1).any()
    clean = run({("sub-1", "belt"): RawSignal(100 * wave(50), hz)}, [channel("sub-1", "belt", "belt")]).quality
    assert clean["is_usable"].all()


def test_device_measures_are_those_of_the_device():
    rng = np.random.default_rng(1)
    signal = np.round((100 * wave(100, 120) + rng.normal(scale=2, size=12000) + 500) / 0.5) * 0.5
    table = run({("sub-1", "belt"): RawSignal(signal, 100.0)}, [channel("sub-1", "belt", "belt")]).quality
    assert np.allclose(table["quantisation_au"], 0.5)
    assert np.allclose(table["offset_au"], 500, atol=30)
    assert np.allclose(table["scale_au"], 100 / np.sqrt(2), rtol=0.2)
    assert np.allclose(table["noise_au"], np.sqrt(2.0**2 + 1) * np.sqrt(45 / 50), rtol=0.2)


@pytest.mark.parametrize(
    ("unit", "factor"), [("ms", 1000.0), ("s", 1.0), ("us", 1e6), ("1/1024 s", 1024.0), ("", 1.0), ("", 1000.0)]
)
def test_the_unit_of_intervals_changes_neither_them_nor_their_quality(unit, factor):
    rr_s = 0.8 + 0.03 * np.random.default_rng(0).standard_normal(200)
    chunk = run({("sub-1", "rr"): RawSignal(rr_s * factor, np.nan, unit=unit)}, [channel("sub-1", "rr", "rr")])
    np.testing.assert_allclose(chunk.cardiac["values"].iloc[0], 1000 * rr_s, rtol=1e-6)
    assert len(chunk.quality) == 16
    assert chunk.quality["is_usable"].all()


@pytest.mark.parametrize(
    ("unit", "words"),
    [("", "not the intervals of a human heart: a median of 72 ms"), ("bpm", "unit of the intervals between beats")],
)
def test_rates_given_as_intervals_are_left_out_with_what_to_change(unit, words):
    chunk = run({("sub-1", "rr"): RawSignal(np.full(200, 72.0), np.nan, unit=unit)}, [channel("sub-1", "rr", "rr")])
    assert len(chunk.cardiac) == len(chunk.quality) == 0
    note = chunk.notes["note"].iloc[0]
    assert words in note
    assert "kind: heart_rate" in note


def test_intervals_around_a_missing_one_do_not_follow_each_other():
    rr = np.full(60, 800.0)
    rr[[20, 40]] = np.nan, 0.0
    row = run({("sub-1", "rr"): RawSignal(rr, np.nan, unit="ms")}, [channel("sub-1", "rr", "rr")]).cardiac.iloc[0]
    np.testing.assert_allclose(row["times_s"], 0.8 * np.arange(1, 61))


def test_seconds_in_which_an_electrode_came_off_are_motion_and_large_beats_are_not():
    hz = 250.0
    times = np.arange(int(120 * hz)) / hz
    ecg = np.exp(-((times % 0.8 - 0.4) ** 2) / 0.0004)
    ecg[np.abs(times - 80.4) < 0.1] *= 3.0  # a ventricular beat
    off = (times > 40) & (times < 46)
    ecg[off] += 100 * np.sin(2 * np.pi * 1.5 * times[off])
    quality = run({("sub-1", "ecg"): RawSignal(ecg, hz)}, [channel("sub-1", "ecg", "ecg")]).quality.set_index("start_s")
    assert quality.loc[40.0, "motion_share"] == pytest.approx(0.6)
    assert quality.loc[40.0, "reason"] == "motion"
    assert quality["is_usable"].sum() == len(quality) - 1


@pytest.mark.parametrize(("rest", "interval_s"), [(0.0, 0.8), (0.002, 0.8), (0.002, 2.2)])
def test_beats_are_no_motion_where_most_seconds_have_none(rest, interval_s):
    hz = 250.0
    times = np.arange(int(300 * hz)) / hz
    noise = np.random.default_rng(1).standard_normal(times.size)
    ecg = np.exp(-((times % interval_s - 0.4) ** 2) / 0.0004) + 0.01 * noise
    if interval_s < 1:
        ecg[times < 180] = rest * noise[times < 180]  # not attached yet
    quality = run({("sub-1", "ecg"): RawSignal(ecg, hz)}, [channel("sub-1", "ecg", "ecg")]).quality
    assert quality.loc[quality["start_s"] >= 180, "is_usable"].all()
    assert (quality["motion_share"] == 0).all()


@pytest.mark.parametrize("stride", [2, 4])
def test_a_slow_channel_in_the_table_of_a_fast_one_is_taken_at_its_own_rate(stride):
    hz = 100.0
    values = wave(hz, 120)
    sparse = np.full(values.size, np.nan)
    sparse[1::stride] = values[1::stride]
    raw = {("sub-1", "full"): RawSignal(values, hz), ("sub-1", "sparse"): RawSignal(sparse, hz)}
    chunk = run(raw, [channel(*key, kind="belt") for key in raw])
    full, own = (chunk.respiration[chunk.respiration["signal"] == name] for name in ("full", "sparse"))
    assert own["is_valid"].mean() == pytest.approx(full["is_valid"].mean(), abs=0.01)
    both = full.merge(own, on="time_s").query("10 < time_s < 110")
    assert np.corrcoef(both["breathing_x"], both["breathing_y"])[0, 1] > 0.9999
    assert (both["breathing_x"] - both["breathing_y"]).std() < 0.01 * both["breathing_x"].std()
    assert any(f"sampled at {hz / stride:g} Hz" in note for note in chunk.notes["note"])


def test_gaps_are_no_slow_channel():
    values = wave(50, 240)
    gone = np.random.default_rng(0).random(values.size) < 0.6
    signal = RawSignal(np.where(gone, np.nan, values), 50.0)
    assert without_padding(signal) == (signal, ())
