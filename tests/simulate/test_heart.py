"""Simulated hearts beat at published rates and variabilities, and follow the breathing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.simulate import simulate_ecg
from eupnea.simulate.breathing import draw_breaths
from eupnea.simulate.examples import MEAN_STYLE
from eupnea.simulate.heart import cardiogenic_flow, draw_beats, sinus_arrhythmia
from eupnea.simulate.people import MEAN, NAMES, PERSON_SD, natural, trait_shift
from eupnea.simulate.schedule import Stretch


def _hrv(age: float, people: int = 200) -> tuple[float, float]:
    """Mean SDNN and RMSSD of five minutes of people of one age."""
    rng = np.random.default_rng(int(age * 10))
    traits = pd.DataFrame(
        {"age": [age] * people, "sex": ["male", "female"] * (people // 2), "height_cm": 172, "weight_kg": 73.9}
    )
    styles = natural(MEAN + PERSON_SD * rng.standard_normal((people, MEAN.size)) + trait_shift(traits))
    found = []
    for style in styles:
        named = dict(zip(NAMES, style.tolist(), strict=True)) | {"ectopic_per_hour": 0.0}
        breaths = draw_breaths(rng, named, [Stretch(-10, 310, "rest", "rest")])
        rr = np.diff(draw_beats(rng, named, breaths, start_s=0, end_s=300)["time_s"]) * 1000
        found.append((rr.std(), np.sqrt(np.mean(np.diff(rr) ** 2))))
    sdnn, rmssd = np.mean(found, axis=0)
    return float(sdnn), float(rmssd)


@pytest.mark.parametrize(("age", "sdnn", "rmssd"), [(39.5, 49, 32), (49.5, 37, 24), (60, 37, 22)])
def test_variability_at_each_age_is_the_published_one(age: float, sdnn: float, rmssd: float) -> None:
    found_sdnn, found_rmssd = _hrv(age)
    assert found_sdnn == pytest.approx(sdnn, rel=0.15)
    assert found_rmssd == pytest.approx(rmssd, rel=0.20)


def _swing(**style: float) -> float:
    """Peak-to-trough sinus arrhythmia of perfectly regular breathing, bpm."""
    regular = MEAN_STYLE | {"variability": 1e-6, "sighs_per_hour": 1e-9, "exhale_pause_share": 0.0} | style
    breaths = draw_breaths(np.random.default_rng(0), regular, [Stretch(0, 300, "rest", "rest")])
    time = np.arange(30, 270, 0.05)
    return float(np.ptp(sinus_arrhythmia(regular, breaths, time)))


def test_sinus_arrhythmia_rolls_off_above_the_corner_by_21_db_per_decade() -> None:
    decibel = 20 * np.log10(_swing(rate_bpm=30.0) / _swing(rate_bpm=10.0))
    assert decibel == pytest.approx(-21 * np.log10(3), abs=0.3)
    assert _swing(rate_bpm=6.9) == pytest.approx(_swing(rate_bpm=4.0), rel=0.01)


def test_sinus_arrhythmia_is_linear_in_usual_volumes_and_limited_in_sighs() -> None:
    assert _swing(tidal_volume_l=0.4) == pytest.approx(2 * _swing(tidal_volume_l=0.2), rel=0.05)
    assert _swing(tidal_volume_l=2.0) < 3 * _swing(tidal_volume_l=0.5)


def test_slow_deep_breathing_swings_the_heart_by_about_20_bpm() -> None:
    assert _swing(rate_bpm=5.0, tidal_volume_l=1.6) == pytest.approx(18, abs=4)


def test_the_heart_is_faster_in_inspiration() -> None:
    rng = np.random.default_rng(2)
    quiet = MEAN_STYLE | {"slow_bpm": 0.01, "mayer_bpm": 0.01}
    breaths = draw_breaths(rng, quiet, [Stretch(-10, 910, "rest", "rest")])
    beats = draw_beats(rng, quiet, breaths, start_s=0, end_s=900, ectopic_factor=0)
    middle = (beats["time_s"] - beats["rr_s"] / 2).to_numpy()
    ends = breaths["exhale_onset_s"].to_numpy()
    distance = np.abs(middle[:, None] - ends[None, :] - 0.3).min(axis=1)
    at_end_of_inspiration = distance < 0.6
    rr = beats["rr_s"].to_numpy()
    assert rr[at_end_of_inspiration].mean() < rr[~at_end_of_inspiration].mean() - 0.02


def test_r_peaks_lie_where_the_truth_says() -> None:
    ecg, beats = simulate_ecg(duration_s=120, seed=3, ectopic_per_hour=0.0)
    for time in beats["time_s"][2:-2]:
        around = slice(int(time * 250) - 20, int(time * 250) + 21)
        assert (around.start + np.argmax(ecg[around])) / 250 == pytest.approx(time, abs=0.003)
    assert 60 / beats["rr_s"].mean() == pytest.approx(65, abs=3)


def test_ectopic_beats_come_early_and_are_wide() -> None:
    ecg, beats = simulate_ecg(duration_s=600, seed=3, ectopic_per_hour=120.0)
    usual = beats["rr_s"].median()
    ectopic = beats["is_ectopic"].to_numpy()
    assert 8 <= ectopic.sum() <= 35
    assert (beats.loc[ectopic, "rr_s"] < 0.8 * usual).mean() > 0.9
    after = np.flatnonzero(ectopic[:-1]) + 1
    assert beats["rr_s"].to_numpy()[after].mean() > 1.2 * usual

    def width(time: float) -> float:
        around = np.abs(ecg[int(time * 250) - 15 : int(time * 250) + 16])
        return float((around > 0.5 * around.max()).sum())

    inner = beats[(beats["time_s"] > 1) & (beats["time_s"] < 599)]
    wide = [width(t) for t in inner.loc[inner["is_ectopic"], "time_s"]]
    narrow = [width(t) for t in inner.loc[~inner["is_ectopic"], "time_s"]]
    assert np.median(wide) > 1.5 * np.median(narrow)


def test_cardiogenic_flow_is_locked_to_the_beats_and_moves_no_volume() -> None:
    beats = pd.DataFrame({"time_s": np.arange(1, 59, 0.9)})
    time = np.arange(0, 60, 0.02)
    flow = cardiogenic_flow(beats, MEAN_STYLE, time)
    assert np.abs(flow).max() == pytest.approx(MEAN_STYLE["cardiogenic_l_s"], rel=0.2)
    assert abs(flow.sum()) < 1e-3 * np.abs(flow).sum()
