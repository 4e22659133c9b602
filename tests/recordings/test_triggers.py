from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eupnea.config.recordings import AlignmentConfig
from eupnea.recordings.signal import RawSignal
from eupnea.recordings.triggers import PulseTrain, pulse_train, to_recording_clock
from eupnea.recordings.triggers import align_pulses as align_trains

CONFIG = AlignmentConfig()
DURATION_S = 900.0


def align_pulses(reference, own, config, *, span=(-20.0, DURATION_S + 20.0)):
    return align_trains(PulseTrain(reference, *span), PulseTrain(own, *span), config)


def shared_pulses(rng, n=30, duration_s=DURATION_S):
    return np.sort(rng.uniform(5, duration_s - 5, n))


def on_own_clock(times, *, offset_s, drift_ppm):
    """Invert reference = own / (1 + drift) + offset."""
    return (times - offset_s) * (1 + drift_ppm * 1e-6)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    offset_s=st.floats(-9.5, 9.5),
    drift_ppm=st.floats(-200, 200),
    missing=st.integers(0, 5),
    extra=st.integers(0, 5),
)
def test_offset_and_drift_are_recovered_despite_missing_extra_and_jittered_pulses(
    seed, offset_s, drift_ppm, missing, extra
):
    rng = np.random.default_rng(seed)
    reference = shared_pulses(rng)
    own = on_own_clock(reference, offset_s=offset_s, drift_ppm=drift_ppm) + rng.normal(0, 0.002, reference.size)
    own = np.sort(np.r_[np.delete(own, rng.choice(own.size, missing, replace=False)), rng.uniform(0, 900, extra)])
    reference = np.delete(reference, rng.choice(reference.size, missing, replace=False))

    fit = align_pulses(reference, own, CONFIG)

    assert not fit.problem
    ends = np.array([own[0], own[-1]])
    truth = to_recording_clock(ends, offset_s=offset_s, drift_ppm=drift_ppm)
    found = to_recording_clock(ends, offset_s=fit.offset_s, drift_ppm=fit.drift_ppm)
    assert np.abs(found - truth).max() < 0.02
    assert abs(fit.drift_ppm - drift_ppm) < max(5.0, 5 * fit.drift_se_ppm)


def test_standard_errors_are_as_large_as_the_scatter_of_repeated_estimates():
    rng = np.random.default_rng(3)
    reference = np.sort(rng.uniform(0, 600, 40))
    fits = [
        align_pulses(reference, on_own_clock(reference, offset_s=1.5, drift_ppm=30) + rng.normal(0, 0.003, 40), CONFIG)
        for _ in range(60)
    ]
    scatter = np.std([fit.drift_ppm for fit in fits])
    assert np.mean([fit.drift_se_ppm for fit in fits]) == pytest.approx(scatter, rel=0.35)


def test_unrelated_pulses_align_nothing():
    rng = np.random.default_rng(1)
    problems = [align_pulses(shared_pulses(rng), shared_pulses(rng), CONFIG).problem for _ in range(30)]
    assert all(problems)


def test_a_whole_periodic_train_is_aligned_by_its_ends_and_a_cut_one_is_called_ambiguous():
    scan = np.arange(100.0, 400.0, 2.0)
    whole = align_pulses(scan, scan - 3.0, CONFIG)
    assert whole.offset_s == pytest.approx(3.0, abs=1e-6)
    cut = align_pulses(scan, scan[1:] - 3.0, CONFIG, span=(100.0, 396.0))
    assert "periodic" in cut.problem


def test_a_clock_that_runs_fast_counts_more_seconds_than_pass():
    assert to_recording_clock(1000.1, offset_s=2.0, drift_ppm=100.0) == pytest.approx(1002.0, abs=1e-9)
    reference = np.sort(np.random.default_rng(0).uniform(0, 900, 30))
    assert align_pulses(reference, reference * (1 + 100e-6), CONFIG).drift_ppm == pytest.approx(100, abs=0.1)


def test_too_few_pulses_align_nothing():
    assert "too few" in align_pulses(np.array([1.0, 5.0, 9.0]), np.array([1.0, 5.0, 9.0]), CONFIG).problem
    assert "too few" in align_pulses(np.empty(0), np.arange(20.0), CONFIG).problem


@pytest.mark.parametrize("resting_level", [0.0, 5.0])
@pytest.mark.parametrize("sampling_hz", [100.0, 1000.0])
def test_pulses_are_found_at_rest_low_and_high_in_noise_with_bounces(resting_level, sampling_hz):
    rng = np.random.default_rng(0)
    truth = np.sort(rng.uniform(1, 59, 20))
    truth = truth[np.r_[True, np.diff(truth) > 0.3]]
    time = np.arange(0, 60, 1 / sampling_hz)
    is_on = np.any((time[:, None] >= truth) & (time[:, None] < truth + 0.1), axis=1)
    bounce = np.any((time[:, None] >= truth + 0.02) & (time[:, None] < truth + 0.03), axis=1)
    level = np.where(is_on & ~bounce, 5.0 - resting_level, resting_level) + rng.normal(0, 0.1, time.size)

    found = pulse_train(RawSignal(level, sampling_hz, start_s=-7.0), min_separation_s=0.05).times_s

    assert found.size == truth.size
    assert np.abs(found + 7.0 - truth).max() <= 1 / sampling_hz


def test_a_channel_that_never_changes_has_no_pulses():
    assert pulse_train(RawSignal(np.zeros(100), 10.0), min_separation_s=0.05).times_s.size == 0
    assert pulse_train(RawSignal(np.full(100, np.nan), 10.0), min_separation_s=0.05).times_s.size == 0
