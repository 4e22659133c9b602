from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from features.heart.view_builder import beats_of_intervals, build_view, windows_of
from scipy import signal

from eupnea.features.coupling import FEATURES, compute, compute_recording
from eupnea.features.coupling.direction import granger
from eupnea.features.coupling.sinus_arrhythmia import rsa_per_breath
from eupnea.features.coupling.spectral import cross_spectra, lagged_correlation
from eupnea.features.coupling.synchrony import synchronisation_indices
from eupnea.features.coupling.together import breath_phase
from eupnea.features.registry import dictionary_frame
from eupnea.features.views import RecordingView

SECONDS = 320.0


def breaths_of(seconds: float, *, rate_per_min: float = 14.0, jitter: float = 0.1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    total = 60 / rate_per_min * (1 + jitter * rng.standard_normal(int(seconds * rate_per_min / 30) + 5))
    onset = np.concatenate([[0.3], 0.3 + np.cumsum(total)])
    breaths = np.column_stack([onset[:-1], onset[:-1] + 0.4 * np.diff(onset), onset[1:]])
    return breaths[breaths[:, 2] < seconds]


def breath_table(breaths: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(breaths, columns=["inhale_onset_s", "exhale_onset_s", "end_s"])
    return frame.assign(is_valid=True)


def simulate(
    *, rsa_ms: float = 60.0, heart_breaths: np.ndarray | None = None, seed: int = 0, **breathing: float
) -> RecordingView:
    """Breathing with flow sin(phase) and a heart whose intervals swing by `rsa_ms`, longest in mid-expiration."""
    rng = np.random.default_rng(seed + 1)
    breaths = breaths_of(SECONDS, seed=seed, **breathing)
    driver = breaths if heart_breaths is None else heart_breaths
    at, rr = 0.0, []
    while at < SECONDS:
        phase = breath_phase(driver, np.array([at + 0.42]))[0]
        swing = 0.0 if np.isnan(phase) else -rsa_ms / 2 * np.sin(phase)
        rr.append(850 + swing + rng.normal(0, 6))
        at += rr[-1] / 1000
    time_s = np.arange(int(SECONDS * 25)) / 25
    flow = np.nan_to_num(np.sin(breath_phase(breaths, time_s))) + 0.02 * rng.standard_normal(time_s.size)
    return build_view(
        respiration_kind="airflow",
        time_s=time_s,
        breathing=flow.astype(np.float32),
        is_valid=np.ones(time_s.size, dtype=bool),
        breaths=breath_table(breaths),
        cardiac_kind="rr",
        beats=beats_of_intervals(np.array(rr)),
    )


def features_of(view: RecordingView, window_s: float = 60.0) -> pd.DataFrame:
    starts = np.arange(0, SECONDS - window_s + 1, window_s)
    return compute(view, windows_of(*starts, window_s=window_s)).rename(columns=lambda n: n.removeprefix("coupling__"))


@pytest.fixture(scope="module")
def coupled() -> pd.DataFrame:
    return features_of(simulate())


@pytest.fixture(scope="module")
def strangers() -> pd.DataFrame:
    """The breathing of one, the heart of somebody else."""
    return features_of(simulate(heart_breaths=breaths_of(SECONDS, seed=77)))


def test_every_feature_is_described_once_and_every_name_is_its_own():
    assert len({feature.column for feature in FEATURES}) == len({feature.name for feature in FEATURES}) == len(FEATURES)
    table = dictionary_frame(FEATURES)
    assert table["amplitude_free"].all()
    assert (table["definition"] != "").all()
    assert compute_recording(simulate()) == {}


def test_a_coupled_pair_has_all_features_in_order(coupled):
    view = simulate()
    frame = compute(view, windows_of(0.0, 60.0, window_s=60.0))
    assert list(frame.columns) == [feature.column for feature in FEATURES]
    assert coupled.notna().all(axis=None)


@pytest.mark.parametrize("rsa_ms", [30.0, 60.0, 120.0])
def test_the_swing_that_was_put_in_is_measured(rsa_ms):
    found = features_of(simulate(rsa_ms=rsa_ms)).mean()
    assert found["rsa__harmonic_ms"] == pytest.approx(rsa_ms, rel=0.12)
    assert found["rsa__phase_averaged_ms"] == pytest.approx(rsa_ms, rel=0.25)
    assert 0.7 * rsa_ms < found["rsa__peak_valley_ms"] < rsa_ms + 25
    assert found["rsa__harmonic_sine"] < -0.9


def test_peak_valley_by_hand():
    breaths = np.array([[0.0, 2.0, 5.0], [5.0, 7.0, 10.0], [10.0, 10.1, 12.0]])
    beat_s = np.array([0.8, 1.6, 2.6, 3.7, 4.6, 5.5, 6.4, 7.3, 8.2, 9.1, 11.0, 11.9])
    rr_ms = np.array([800.0, 780.0, 900.0, 1000.0, 900.0, 900.0, 900.0, 900.0, 850.0, 850.0, 900.0, 900.0])
    found = rsa_per_breath(breaths, beat_s, rr_ms)
    assert found[0] == pytest.approx(1000 - 780)
    assert found[1] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found[2])


def test_rate_adjustment_follows_the_roll_off_and_spares_slow_breathing():
    slow, fast = (features_of(simulate(rate_per_min=rate)).mean() for rate in (6.0, 18.0))
    assert slow["rsa__log_rate_adjusted"] == pytest.approx(slow["rsa__log_peak_valley"], abs=0.02)
    raised = fast["rsa__log_rate_adjusted"] - fast["rsa__log_peak_valley"]
    assert raised == pytest.approx(1.05 * np.log(18.0 / 7.2), abs=0.06)


def test_strangers_are_not_coupled(coupled, strangers):
    for name in (
        "rsa__harmonic_share",
        "coherence__at_breathing",
        "synchrony__phase_locking",
        "directed__breathing_to_heart",
    ):
        assert coupled[name].min() > strangers[name].mean(), name
    assert coupled["rsa__harmonic_share"].mean() > 0.7
    assert strangers["rsa__harmonic_share"].mean() < 0.35
    assert coupled["coherence__at_breathing"].mean() > 0.8
    assert strangers["coherence__at_breathing"].mean() < 0.6
    assert abs(strangers["directed__breathing_to_heart"].mean()) < 0.1


def test_no_arrhythmia_no_coherence():
    found = features_of(simulate(rsa_ms=0.0)).mean()
    assert found["rsa__harmonic_ms"] < 6
    assert found["coherence__at_breathing"] < 0.5


def test_not_aligned_means_not_known():
    frame = features_of(dataclasses.replace(simulate(), is_aligned=False))
    assert frame.isna().all(axis=None)


@pytest.mark.parametrize("lack", ["beats", "breaths", "respiration", "kind"])
def test_one_signal_alone_has_no_coupling(lack):
    view = simulate()
    nothing = {
        "beats": {"beats": view.beats.iloc[:0]},
        "breaths": {"breaths": view.breaths.iloc[:0]},
        "respiration": {"time_s": np.empty(0), "breathing": np.empty(0, np.float32), "is_valid": np.empty(0, bool)},
        "kind": {"cardiac_kind": "heart_rate"},
    }[lack]
    assert features_of(dataclasses.replace(view, **nothing)).isna().all(axis=None)


def test_bad_respiration_spoils_its_own_window_only():
    view = simulate()
    valid = view.is_valid.copy()
    valid[60 * 25 : 100 * 25] = False
    frame = features_of(dataclasses.replace(view, is_valid=valid))
    assert list(frame["rsa__peak_valley_ms"].notna()) == [True, False, True, True, True]


def test_short_windows_have_breath_measures_only():
    frame = features_of(simulate(), window_s=40.0)
    assert frame.filter(like="rsa__").notna().all(axis=None)
    assert frame.drop(columns=frame.filter(like="rsa__").columns).isna().all(axis=None)


def test_gain_of_the_sensor_changes_nothing():
    view = simulate()
    louder = dataclasses.replace(view, breathing=view.breathing * np.float32(64.0))
    pd.testing.assert_frame_equal(features_of(view), features_of(louder), rtol=1e-6)


def test_a_later_clock_changes_nothing():
    view = simulate()
    moved = ["inhale_onset_s", "exhale_onset_s", "end_s"]
    later = dataclasses.replace(
        view,
        time_s=view.time_s + 1000.0,
        breaths=view.breaths.assign(**{name: view.breaths[name] + 1000.0 for name in moved}),
        beats=view.beats.assign(time_s=view.beats["time_s"] + 1000.0),
    )
    starts = np.arange(0.0, 241.0, 60.0)
    here = compute(view, windows_of(*starts, window_s=60.0))
    there = compute(later, windows_of(*(starts + 1000.0), window_s=60.0))
    pd.testing.assert_frame_equal(here, there, rtol=1e-6, atol=1e-8)


def test_coherence_is_scipys():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(240)
    y = np.roll(x, 2) + rng.standard_normal(240)
    frequency, power_x, power_y, cross = cross_spectra(x, y)
    expected_frequency, expected = signal.coherence(x, y, fs=4.0, window="hann", nperseg=80, noverlap=40)
    np.testing.assert_allclose(frequency, expected_frequency)
    np.testing.assert_allclose((np.abs(cross) ** 2 / (power_x * power_y))[1:], expected[1:], rtol=1e-9)


def test_the_lag_is_found():
    x = np.random.default_rng(0).standard_normal(400)
    correlation = lagged_correlation(x, np.roll(x, 7), 20)
    assert correlation.argmax() - 20 == 7
    assert correlation.max() == pytest.approx(1.0)


def test_phase_runs_from_zero_to_two_pi_in_every_breath():
    breaths = np.array([[1.0, 3.0, 6.0], [6.0, 7.0, 10.0]])
    found = breath_phase(breaths, np.array([0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 6.5, 8.5, 10.0]))
    expected = np.pi * np.array([np.nan, 0, 0.5, 1, 1.5, 2, 2.5, 3.5, np.nan])
    np.testing.assert_allclose(found, expected)


def test_beats_locked_to_breathing_are_seen_as_locked():
    locked = np.repeat(2 * np.pi * np.arange(15), 5) + np.tile(2 * np.pi * np.arange(5) / 5, 15)
    strengths = synchronisation_indices(locked, 6, 1)
    assert strengths[4] == pytest.approx(1.0)
    np.testing.assert_allclose(np.delete(strengths, 4), 0.0, atol=1e-9)
    drifting = np.random.default_rng(0).uniform(0, 2 * np.pi, 400)
    assert synchronisation_indices(drifting, 5, 1)[4] < 0.15
    plain = [abs(np.mean(np.exp(1j * drifting * beats / 2))) for beats in range(1, 24)]
    np.testing.assert_allclose(synchronisation_indices(drifting, 23, 2), plain, atol=1e-12)


def test_the_cause_is_told_from_the_effect_and_nothing_from_noise():
    rng = np.random.default_rng(2)
    forth, back, none = [], [], []
    for _ in range(40):
        cause, other = rng.standard_normal((2, 160))
        effect = np.zeros(160)
        for t in range(2, 160):
            effect[t] = 0.4 * effect[t - 1] + 0.6 * cause[t - 2] + 0.5 * rng.standard_normal()
        forth.append(granger(cause, effect, 6))
        back.append(granger(effect, cause, 6))
        none.append(granger(other, effect, 6))
    assert min(forth) > 0.3
    assert abs(np.mean(back)) < 0.03
    assert abs(np.mean(none)) < 0.03
    assert np.isnan(granger(np.zeros(160), effect, 6))


def test_a_real_pair_is_coupled_and_loses_it_when_shifted(shared_data):
    """Airflow and ECG of one recording; inspiration is negative in this file."""
    from beats.simulated import cardiac_row, cardiac_table

    from eupnea.beats import beats_of_chunk
    from eupnea.config.beats import BeatsConfig

    flow = -np.load(shared_data("airflow/resp2_airflow.npy")).astype(float)
    ecg = np.load(shared_data("airflow/ecg2.npy"))
    flow = signal.decimate(signal.decimate(flow, 8), 5)
    sections = signal.butter(2, (0.05, 1.0), btype="bandpass", fs=25, output="sos")
    flow = signal.sosfiltfilt(sections, flow)
    view = build_view(
        respiration_kind="airflow",
        time_s=np.arange(flow.size) / 25,
        breathing=flow.astype(np.float32),
        is_valid=np.ones(flow.size, dtype=bool),
        breaths=breath_table(_crossings(flow)),
        cardiac_kind="ecg",
        beats=beats_of_chunk(cardiac_table(cardiac_row(ecg, 1000.0)), BeatsConfig()),
    )
    shift_s = 37.0
    shifted = dataclasses.replace(
        view,
        breathing=np.roll(view.breathing, int(shift_s * 25)),
        breaths=view.breaths[["inhale_onset_s", "exhale_onset_s", "end_s"]].add(shift_s).assign(is_valid=True),
    )
    together, apart = (
        compute(v, windows_of(*np.arange(60.0, 560.0, 60.0), window_s=60.0)).mean() for v in (view, shifted)
    )
    for name in (
        "rsa__peak_valley_ms",
        "rsa__harmonic_share",
        "coherence__at_breathing",
        "directed__breathing_to_heart",
    ):
        assert together[f"coupling__{name}"] > 1.2 * apart[f"coupling__{name}"], name


def _crossings(flow: np.ndarray) -> np.ndarray:
    """Find breaths of a calm recording: upward zero crossings, the downward one between them."""
    level = 0.1 * flow.std()
    state = np.where(flow > level, 1, np.where(flow < -level, -1, 0))
    state = pd.Series(state).replace(0, np.nan).ffill().fillna(0).to_numpy()
    up, down = np.flatnonzero(np.diff(state) > 0) / 25, np.flatnonzero(np.diff(state) < 0) / 25
    turns = down[np.searchsorted(down, up[:-1])]
    return np.column_stack([up[:-1], turns, up[1:]])
