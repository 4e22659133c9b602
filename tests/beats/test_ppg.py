from __future__ import annotations

import gzip

import numpy as np
import pytest
from beats.simulated import beat_times, ppg_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from eupnea.beats.ppg import detect_pulses

SECONDS, HZ = 60.0, 50.0


@pytest.mark.parametrize("rate_bpm", [45.0, 68.0, 110.0])
@pytest.mark.parametrize("hz", [50.0, 64.0, 250.0])
def test_every_pulse_is_found_once_and_its_intervals_are_right(hz, rate_bpm):
    true = beat_times(SECONDS, rate_bpm=rate_bpm, jitter=0.05)
    found = detect_pulses(ppg_of(true, SECONDS, hz), hz)
    assert len(found) == true.size
    assert np.abs(np.diff(found.time_s) - np.diff(true)).max() < 0.02
    assert np.abs(found.time_s - true).max() < 0.05
    assert (found.peak_s > found.time_s).all()


@pytest.mark.parametrize(
    "rr_s",
    [
        0.95 * np.where(np.arange(100) % 2, 1.05, 0.95),
        0.95 * np.where(np.arange(100) % 2, 1.2, 0.8),
        0.9 * np.clip(1 + 0.1 * np.random.default_rng(1).standard_normal(300), 0.5, 2),
        np.concatenate([np.ones(60), np.full(10, 0.55), np.ones(60)]),
    ],
    ids=["alternating by 5 %", "by 20 %", "scattering by 10 %", "suddenly faster"],
)
def test_no_pulse_is_lost_where_intervals_vary(rr_s):
    """The signal then resembles itself more after two beats than after one."""
    true = 0.7 + np.cumsum(rr_s)
    found = detect_pulses(ppg_of(true, true[-1] + 0.7, HZ), HZ).time_s
    assert found.size == true.size
    assert np.abs(found - true).max() < 0.1


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(1e-3, 1e3), offset=st.floats(-100, 100), is_inverted=st.booleans())
def test_gain_offset_and_polarity_change_no_pulse(gain, offset, is_inverted):
    ppg = ppg_of(beat_times(20.0), 20.0, HZ)
    reference = detect_pulses(ppg, HZ).time_s
    sign = -1 if is_inverted else 1
    np.testing.assert_allclose(detect_pulses(sign * gain * ppg + gain * offset, HZ).time_s, reference, atol=1e-5)


def test_a_jerk_of_the_finger_neither_turns_the_signal_nor_hides_pulses():
    true = beat_times(SECONDS, seed=4)
    ppg = ppg_of(true, SECONDS, HZ)
    ppg[1500:1550] += np.linspace(0, 60, 50)
    found = detect_pulses(ppg, HZ).time_s
    away = np.abs(true - 30.5) > 2
    nearest = np.abs(found[:, None] - true[away][None]).min(axis=0)
    assert nearest.max() < 0.06


def test_a_tenfold_change_of_gain_misses_no_pulse():
    true = beat_times(SECONDS, seed=5)
    ppg = ppg_of(true, SECONDS, HZ) * np.where(np.arange(3000) < 1500, 1.0, 0.1)
    assert abs(len(detect_pulses(ppg, HZ)) - true.size) <= 2


def peaks_by_two_averages(ppg, hz):
    """Count heartbeats another way: blocks where a short average of the squared signal exceeds a long one (Elgendi)."""
    sections = signal.butter(2, (0.5, 8), btype="bandpass", fs=hz, output="sos")
    clipped = np.clip(signal.sosfiltfilt(sections, ppg), 0, None) ** 2
    short = signal.oaconvolve(clipped, np.ones(round(0.111 * hz)) / round(0.111 * hz), mode="same")
    long = signal.oaconvolve(clipped, np.ones(round(0.667 * hz)) / round(0.667 * hz), mode="same")
    edges = np.flatnonzero(np.diff((short > long + 0.02 * clipped.mean()).astype(int)))
    blocks = (
        edges[: edges.size // 2 * 2].reshape(-1, 2)
        if short[0] <= long[0]
        else edges[1:][: (edges.size - 1) // 2 * 2].reshape(-1, 2)
    )
    blocks = blocks[blocks[:, 1] - blocks[:, 0] >= round(0.111 * hz)]
    return np.array([start + clipped[start:stop].argmax() for start, stop in blocks]) / hz


def test_finger_pulses_agree_with_a_second_method_in_clean_windows(shared_data):
    """Clean: the second method's own intervals scatter by less than a fifth around their median."""
    agree, clean = 0, 0
    for path in sorted(shared_data("ds000210").glob("sub-*/func/*_task-rest_*physio.tsv.gz")):
        with gzip.open(path) as file:
            ppg = np.loadtxt(file)[:, 0]
        ours, theirs = detect_pulses(ppg, HZ).time_s, peaks_by_two_averages(ppg, HZ)
        for start in np.arange(0, ppg.size / HZ - 60, 60):
            a, b = (np.diff(t[(t >= start) & (t < start + 60)]) for t in (ours, theirs))
            if np.all(np.abs(b / np.median(b) - 1) < 0.2):
                clean += 1
                agree += abs(60 / a.mean() - 60 / b.mean()) <= 1
    assert clean >= 60
    assert agree >= 0.95 * clean


@pytest.mark.parametrize(("name", "start_s"), [("sub-13_task-cuedSGT_run-03", 235), ("sub-07_task-cuedSGT_run-02", 65)])
def test_plain_pulses_of_irregular_hearts_are_not_skipped(shared_data, name, start_s):
    path = next(shared_data("ds000210").glob(f"sub-*/func/{name}_*physio.tsv.gz"))
    with gzip.open(path) as file:
        found = detect_pulses(np.loadtxt(file)[:, 0], HZ).time_s
    intervals = np.diff(found[(found > start_s) & (found < start_s + 20)])
    assert intervals.max() < 1.5 * np.median(intervals)
