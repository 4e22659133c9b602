from __future__ import annotations

import numpy as np
import pytest
from beats.simulated import beat_times, ecg_of
from hypothesis import given, settings
from hypothesis import strategies as st

from eupnea.beats.ecg import detect_r_peaks

SECONDS, HZ = 40.0, 250.0


def distances(found: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    apart = np.abs(found[:, None] - true[None])
    return apart.min(axis=1), apart.min(axis=0)


@pytest.mark.parametrize("hz", [128.0, 250.0, 500.0, 1000.0])
def test_every_beat_is_found_where_it_is_between_the_samples(hz):
    true = beat_times(SECONDS)
    found = detect_r_peaks(ecg_of(true, SECONDS, hz), hz).time_s
    assert found.size == true.size
    assert np.abs(found - true).max() < 0.002


def test_noise_drift_and_mains_hide_no_beat():
    rng = np.random.default_rng(1)
    true = beat_times(SECONDS, seed=2)
    t = np.arange(round(SECONDS * HZ)) / HZ
    noisy = ecg_of(true, SECONDS, HZ) + 0.1 * rng.standard_normal(t.size)
    noisy += 2 * np.sin(2 * np.pi * 0.2 * t) + 0.3 * np.sin(2 * np.pi * 50 * t)
    found = detect_r_peaks(noisy, HZ).time_s
    assert found.size == true.size
    assert np.abs(found - true).max() < 0.02


@settings(max_examples=15, deadline=None)
@given(gain=st.floats(1e-3, 1e3), offset=st.floats(-100, 100), is_inverted=st.booleans())
def test_gain_offset_and_polarity_change_no_beat(gain, offset, is_inverted):
    ecg = ecg_of(beat_times(15.0), 15.0, HZ)
    sign = -1 if is_inverted else 1
    reference = detect_r_peaks(ecg, HZ).time_s
    np.testing.assert_allclose(detect_r_peaks(sign * gain * ecg + gain * offset, HZ).time_s, reference, atol=1e-5)


def test_a_jerk_of_the_electrode_hides_no_beats_for_seconds():
    rng = np.random.default_rng(0)
    true = beat_times(60.0, seed=3)
    ecg = ecg_of(true, 60.0, HZ) + 0.01 * rng.standard_normal(15_000)
    ecg[7501:7530] += 500
    found = detect_r_peaks(ecg, HZ).time_s
    away = np.abs(true - 7515 / HZ) > 0.5
    assert distances(found, true[away])[1].max() < 0.02


@pytest.mark.parametrize("values", [np.zeros(5000), np.full(5000, np.nan), np.arange(3.0), np.empty(0)])
def test_nothing_is_found_where_nothing_is(values):
    assert len(detect_r_peaks(values, HZ)) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_annotated_record_no_beat_missed_none_invented(shared_data, sign):
    import wfdb

    base = str(shared_data("mitdb") / "100")
    record, annotation = wfdb.rdrecord(base), wfdb.rdann(base, "atr")
    true = annotation.sample[np.array(annotation.symbol) != "+"] / record.fs
    found = detect_r_peaks(sign * record.p_signal[:, 0], record.fs).time_s
    invented, missed = distances(found, true)
    assert found.size == true.size == 2273
    assert invented.max() < 0.05
    assert missed.max() < 0.05


def test_annotated_beats_of_many_people(shared_data):
    """Where a record starts with a flat line, some of its annotations lie on nothing and do not count."""
    import wfdb

    found, all_beats = 0, 0
    for header in sorted(shared_data("ecgiddb").glob("Person_*/rec_1.hea"))[::2]:
        base = str(header.with_suffix(""))
        record, annotation = wfdb.rdrecord(base), wfdb.rdann(base, "atr")
        ecg = record.p_signal[:, 0]
        beats = annotation.sample[np.array(annotation.symbol) == "N"]
        beats = beats[[np.ptp(ecg[max(0, b - 50) : b + 50]) > 0 for b in beats]]
        times = detect_r_peaks(ecg, record.fs).time_s
        found += np.count_nonzero(distances(times, beats / record.fs)[1] < 0.05)
        all_beats += beats.size
    assert found >= 0.99 * all_beats
    assert all_beats > 400


def test_chest_leads_of_other_recorders(shared_data):
    """Two people at 1 kHz, beside the interval that the autocorrelation gives."""
    for name in ("ecg1", "ecg2"):
        ecg = np.load(shared_data(f"airflow/{name}.npy")).astype(float)[:120_000]
        found = detect_r_peaks(ecg, 1000.0)
        rr = np.diff(found.time_s)
        assert np.median(found.similarity) > 0.95
        assert rr.min() > 0.4
        assert rr.max() < 2.0 * np.median(rr)
