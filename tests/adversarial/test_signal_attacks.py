"""Disturbances of a recording keep to their size, and reach models through whatever makes the features."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.adversarial.signal_attacks import KINDS, attack_recordings, attack_signal
from eupnea.adversarial.zoo import LinearModel
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


def test_a_gain_attack_fools_the_model_of_amplitude_and_not_that_of_rate():
    def features(recording, signals):
        values = signals["airflow"].values
        rises = np.count_nonzero((values[:-1] < 0) & (values[1:] >= 0))
        return np.array([np.nanstd(values), float(rises)])

    recordings = {name: {"airflow": breathing(rate)} for name, rate in (("a", 0.2), ("b", 0.3))}
    models = {"amplitude": LinearModel(np.array([10.0, 0.0]), 0.0), "rate": LinearModel(np.array([0.0, 1.0]), 0.0)}
    truth = dict.fromkeys(recordings, 30.0)
    table = attack_recordings(recordings, features, models, truth, kinds=["gain"], epsilons=[0.0, 0.3], seed=1)
    moved = table.pivot_table(index="model", columns="epsilon", values="y_pred")
    assert abs(moved.loc["amplitude", 0.3] - moved.loc["amplitude", 0.0]) > 0.05
    assert moved.loc["rate", 0.3] == moved.loc["rate", 0.0]
    assert list(table.groupby("epsilon")["attack_is_exact"].all()) == [True, False]
    again = attack_recordings(recordings, features, models, truth, kinds=["gain"], epsilons=[0.0, 0.3], seed=1)
    assert again.equals(table)
