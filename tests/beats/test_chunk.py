from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from beats.simulated import beat_times, cardiac_row, cardiac_table, ecg_of, ppg_of

from eupnea.beats import beats_of_chunk
from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEATS, CARDIAC

CONFIG = BeatsConfig()
SECONDS, HZ = 60.0, 250.0
TRUE = beat_times(SECONDS)


@pytest.fixture(scope="module")
def ecg() -> np.ndarray:
    return ecg_of(TRUE, SECONDS, HZ)


def test_the_table_is_the_contracts_and_counts_from_zero(ecg):
    table = beats_of_chunk(cardiac_table(cardiac_row(ecg, HZ)), CONFIG)
    assert list(table.columns)[: len(BEATS.column_names)] == BEATS.column_names
    assert list(table["beat"]) == list(range(TRUE.size))
    assert np.isnan(table["rr_ms"].iloc[0])
    assert not table["is_valid"].iloc[0]
    assert table["is_valid"].iloc[1:].mean() > 0.95
    np.testing.assert_allclose(table["rr_ms"].iloc[1:], np.diff(TRUE) * 1000, atol=4)


def test_the_recordings_clock_shifts_the_beats(ecg):
    here, later = (beats_of_chunk(cardiac_table(cardiac_row(ecg, HZ, start_s=s)), CONFIG) for s in (0.0, 12.5))
    np.testing.assert_allclose(later["time_s"] - here["time_s"], 12.5)
    np.testing.assert_allclose(later["peak_s"] - here["peak_s"], 12.5)
    pd.testing.assert_series_equal(later["rr_ms"], here["rr_ms"])


def test_bad_signals_stop_nothing(ecg):
    rng = np.random.default_rng(0)
    bad = {
        "flat": np.zeros(9000),
        "missing": np.full(9000, np.nan),
        "empty": np.empty(0),
        "short": np.arange(3.0),
        "noise": rng.standard_normal(20_000),
        "ramp": np.arange(9000.0),
        "steps": np.repeat([0.0, 1e9], 4500),
    }
    rows = [cardiac_row(v, HZ, k, recording=f"{name}-{k}") for name, v in bad.items() for k in ("ecg", "ppg", "rr")]
    rows += [cardiac_row(ecg, hz, recording=f"rate-{hz}") for hz in (0.0, np.nan, -1.0, 1.0)]
    rows = [row for row in rows if row["kind"] != "rr" or row["recording"] in ("flat-rr", "missing-rr", "empty-rr")]
    table = beats_of_chunk(cardiac_table(*rows, cardiac_row(ecg, HZ, recording="good")), CONFIG)
    good = table[table["recording"] == "good"]
    assert len(good) == TRUE.size
    assert set(table["recording"]) <= {"good", "steps-ecg", "steps-ppg"}


def test_no_signals_give_an_empty_table_with_the_same_columns(ecg):
    empty = beats_of_chunk(CARDIAC.empty(), CONFIG)
    full = beats_of_chunk(cardiac_table(cardiac_row(ecg, HZ)), CONFIG)
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert list(empty.dtypes) == list(full.dtypes)


def test_signals_do_not_depend_on_their_neighbours(ecg):
    rows = [cardiac_row(ecg, HZ, recording="a"), cardiac_row(ppg_of(TRUE, SECONDS, 50.0), 50.0, "ppg", recording="b")]
    together = beats_of_chunk(cardiac_table(*rows), CONFIG)
    apart = pd.concat([beats_of_chunk(cardiac_table(row), CONFIG) for row in rows], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart)


def test_no_beat_lies_in_a_gap_and_the_interval_over_it_is_unknown(ecg):
    holed = ecg.copy()
    holed[5000:6250] = np.nan
    table = beats_of_chunk(cardiac_table(cardiac_row(holed, HZ)), CONFIG)
    assert not table["time_s"].between(20.0, 25.0).any()
    after = table[table["time_s"] > 25.0].iloc[0]
    assert np.isnan(after["rr_corrected_ms"])
    assert not after["is_valid"]


def test_half_an_hour_of_noise_does_not_hide_the_beats_before_it(ecg):
    rng = np.random.default_rng(1)
    torn_off = np.concatenate([ecg, 0.3 * rng.standard_normal(3 * ecg.size)])
    table = beats_of_chunk(cardiac_table(cardiac_row(torn_off, HZ)), CONFIG)
    assert (table["time_s"] < SECONDS).sum() >= TRUE.size - 3
    assert (table["time_s"] > SECONDS + 5).sum() <= 0.05 * 3 * TRUE.size


def test_a_series_of_intervals_keeps_its_intervals():
    rr = np.diff(TRUE) * 1000
    following = beats_of_chunk(cardiac_table(cardiac_row(rr, np.nan, "rr", start_s=TRUE[0])), CONFIG)
    np.testing.assert_allclose(following["time_s"], TRUE[1:], atol=1e-3)
    np.testing.assert_allclose(following["rr_ms"], rr, rtol=1e-6)
    given = beats_of_chunk(cardiac_table(cardiac_row(rr, np.nan, "rr", times_s=TRUE[1:])), CONFIG)
    np.testing.assert_allclose(given["time_s"], TRUE[1:])
    assert given["is_valid"].mean() > 0.95


def test_a_series_of_rates_has_no_beats():
    assert len(beats_of_chunk(cardiac_table(cardiac_row(np.full(60, 70.0), 1.0, "heart_rate")), CONFIG)) == 0


def test_without_correction_artefacts_are_still_named(ecg):
    times = np.delete(TRUE, 30)
    signal = cardiac_row(ecg_of(times, SECONDS, HZ), HZ)
    table = beats_of_chunk(cardiac_table(signal), BeatsConfig(correct_artefacts=False))
    assert table["artefact"].iloc[30] == "missed"
    assert np.isnan(table["rr_corrected_ms"].iloc[30])
