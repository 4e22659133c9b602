"""Disturbances of a recording keep to their size, and reach models through whatever makes the features."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.adversarial.signal_attacks import KINDS, attack_signal, disturb
from eupnea.errors import InputError
from eupnea.recordings.signal import RawSignal


def breathing(rate_hz=0.25, seconds=120.0, hz=25.0):
    times = np.arange(int(seconds * hz)) / hz
    return RawSignal(np.sin(2 * np.pi * rate_hz * times), hz)


def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("kind", KINDS)
def test_no_epsilon_gives_the_signal_back_and_the_input_is_never_changed(kind):
    raw = breathing()
    before = raw.values.copy()
    assert attack_signal(raw, kind, 0.0, rng()) is raw
    changed = attack_signal(raw, kind, 0.2, rng())
    np.testing.assert_array_equal(raw.values, before)
    assert changed.values.size == raw.values.size
    assert not np.array_equal(changed.values, before, equal_nan=True)


@pytest.mark.parametrize("kind", ["noise", "drift"])
def test_noise_and_drift_are_bounded_in_standard_deviations(kind):
    raw = breathing()
    moved = np.abs(attack_signal(raw, kind, 0.2, rng()).values - raw.values) / raw.values.std()
    assert 0.1 < moved.max() <= 0.2 + 1e-9


def test_gain_is_bounded():
    raw = RawSignal(np.full(3000, 2.0), 25.0)
    ratio = attack_signal(raw, "gain", 0.3, rng()).values / 2.0
    assert np.abs(ratio - 1).max() <= 0.3 + 1e-9
    assert np.ptp(ratio) > 0.05


def test_the_share_of_samples_is_dropped():
    lost = np.isnan(attack_signal(breathing(), "dropped_samples", 0.2, rng()).values)
    assert lost.mean() == pytest.approx(0.2, abs=0.02)


def test_time_warp_moves_the_rate_within_its_bound():
    raw = breathing()
    warped = attack_signal(raw, "time_warp", 0.1, rng()).values
    warped = warped[np.isfinite(warped)]
    crossings = np.flatnonzero((warped[:-1] < 0) & (warped[1:] >= 0)) / 25.0
    periods = np.diff(crossings)
    assert periods.min() >= 4.0 * 0.9 - 0.05
    assert periods.max() <= 4.0 * 1.1 + 0.05
    assert np.ptp(periods) > 0.1


def test_uneven_series_are_warped_in_time():
    times = np.cumsum(np.full(100, 0.8))
    raw = RawSignal(np.full(100, 800.0), float("nan"), times_s=times)
    warped = attack_signal(raw, "time_warp", 0.1, rng())
    np.testing.assert_array_equal(warped.values, raw.values)
    assert np.all(np.diff(warped.times_s) > 0)
    assert np.abs(np.diff(warped.times_s) / 0.8 - 1).max() <= 0.1 + 1e-9


def test_what_is_unusable_is_named():
    with pytest.raises(InputError, match="kind"):
        attack_signal(breathing(), "shouting", 0.1, rng())
    with pytest.raises(InputError, match="epsilon"):
        attack_signal(breathing(), "dropped_samples", 1.0, rng())


def test_a_draw_is_the_same_at_every_size_and_for_signals_of_every_rate():
    signals = {"airflow": breathing(), "belt": breathing(hz=50.0)}
    small, large = (disturb(signals, "gain", size, [1, 2]) for size in (0.1, 0.3))
    for name, raw in signals.items():
        inside = np.abs(raw.values) > 0.1
        change = [moved[name].values[inside] / raw.values[inside] - 1 for moved in (small, large)]
        np.testing.assert_allclose(3 * change[0], change[1], atol=1e-12)
    assert np.abs(small["belt"].values[::2] - small["airflow"].values).max() < 1e-9
