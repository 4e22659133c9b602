"""The heartbeat is taken out of the breath, and the breath is left."""

from __future__ import annotations

import numpy as np

from eupnea.signals.cardiogenic import remove_cardiogenic

HZ = 25.0


def made(seed: int = 0):
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(180 * HZ)) / HZ
    beats = np.cumsum(0.85 + 0.04 * rng.normal(size=230))
    phase = np.interp(time_s, beats, np.arange(beats.size))
    pulse = 0.3 * (np.sin(2 * np.pi * phase) + 0.4 * np.sin(4 * np.pi * phase + 1))
    return np.sin(2 * np.pi * 0.25 * time_s), pulse, beats


def test_the_heartbeat_is_removed_and_measured():
    breath, pulse, beats = made()
    answer = remove_cardiogenic(breath + pulse, beats, HZ)
    inner = slice(100, -100)
    left = np.std((answer.breathing - breath)[inner])
    assert left < 0.2 * np.std(pulse)
    assert abs(answer.share - np.var(pulse) / np.var(breath + pulse)) < 0.02


def test_beats_of_somebody_else_remove_almost_nothing():
    breath, pulse, _ = made()
    strange = np.cumsum(0.85 + 0.04 * np.random.default_rng(9).normal(size=230))
    answer = remove_cardiogenic(breath + pulse, strange, HZ)
    assert answer.share < 0.3 * np.var(pulse) / np.var(breath + pulse)


def test_breathing_without_a_heartbeat_is_left_alone():
    breath, _, beats = made()
    answer = remove_cardiogenic(breath, beats, HZ)
    assert np.max(np.abs(answer.oscillation)) < 0.02


def test_without_beats_nothing_changes():
    breath, pulse, _ = made()
    answer = remove_cardiogenic(breath + pulse, [], HZ)
    assert np.array_equal(answer.breathing, breath + pulse)
    assert np.isnan(answer.share)


def test_real_airflow_carries_less_heart_after_removal(shared_data):
    from scipy.signal import find_peaks

    from eupnea.signals.respiration import clean_respiration

    folder = shared_data("airflow")
    clean = clean_respiration(np.load(folder / "resp2_airflow.npy"), 1000, preset="airflow")
    ecg = np.load(folder / "ecg2.npy")
    steep = np.abs(np.gradient(ecg))
    beats = find_peaks(steep, height=0.4 * np.quantile(steep, 0.999), distance=400)[0] / 1000
    first = remove_cardiogenic(clean.breathing, beats, 25.0)
    again = remove_cardiogenic(first.breathing, beats, 25.0)
    assert 0 < first.share < 0.1
    assert again.share < 0.2 * first.share
