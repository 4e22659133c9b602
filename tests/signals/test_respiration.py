"""Cleaning changes what it should and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.config.signals import QualityConfig
from eupnea.errors import InputError, RecordingError
from eupnea.recordings.signal import RawSignal
from eupnea.signals.filters import baseline
from eupnea.signals.quality import quality_of_signal
from eupnea.signals.respiration import clean_respiration


def belt(seconds: float = 240.0, hz: float = 50.0, seed: int = 0) -> np.ndarray:
    """Make a belt: fast rise, slower fall, rest at the bottom; volumes vary at the top."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * hz)) / hz
    volume, start = np.zeros(time_s.size), 0.0
    while start < seconds:
        total = 4 * np.exp(0.1 * rng.normal())
        u = (time_s - start) / total
        rise, fall = (u >= 0) & (u < 0.35), (u >= 0.35) & (u < 0.85)
        size = np.exp(0.25 * rng.normal())
        volume[rise] = size * (1 - np.cos(np.pi * u[rise] / 0.35)) / 2
        volume[fall] = size * (1 + np.cos(np.pi * (u[fall] - 0.35) / 0.5)) / 2
        start += total
    return volume


def test_breathing_keeps_its_shape_and_loses_its_drift():
    signal = belt()
    drift = 4 * np.sin(2 * np.pi * np.arange(signal.size) / 50 / 240)
    plain, drifting = (clean_respiration(x, 50.0, preset="belt") for x in (signal, signal + drift))
    assert np.corrcoef(plain.breathing, drifting.breathing)[0, 1] > 0.995
    assert np.corrcoef(plain.detection, signal[::2][: plain.detection.size])[0, 1] > 0.99


def test_what_lies_above_the_breathing_band_is_kept_out():
    signal = belt()
    pulse = 0.3 * np.sin(2 * np.pi * 1.2 * np.arange(signal.size) / 50)
    plain, pulsed = (clean_respiration(x, 50.0, preset="belt") for x in (signal, signal + pulse))
    assert np.std(pulsed.breathing - plain.breathing) < 0.01
    assert np.std(pulsed.above - plain.above) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)
    wide = clean_respiration(signal + pulse, 50.0, preset="belt", breathing_max_hz=3.0)
    assert np.std(wide.breathing - plain.breathing) > 0.15


@pytest.mark.parametrize("declared", ["auto", "down"])
def test_an_inverted_belt_is_put_right(declared):
    signal = belt()
    right = clean_respiration(signal, 50.0, preset="belt")
    turned = clean_respiration(-signal, 50.0, preset="belt", polarity=declared)
    assert right.polarity.sign == 1
    assert turned.polarity.sign == -1
    assert np.allclose(right.detection, turned.detection, atol=1e-5)


def test_a_contradicted_polarity_is_kept_and_told():
    told = clean_respiration(belt(), 50.0, preset="belt", polarity="down")
    assert told.polarity.sign == -1
    assert any("contradicts" in note for note in told.notes)
    assert clean_respiration(belt(), 50.0, preset="belt", polarity="up").notes == ()


def test_short_gaps_are_bridged_and_long_ones_stay():
    signal = belt()
    spoilt = signal.copy()
    spoilt[1000:1050], spoilt[5000:5500] = np.nan, np.nan
    whole, clean = (clean_respiration(x, 50.0, preset="belt") for x in (signal, spoilt))
    assert np.isfinite(clean.detection[500:525]).all()
    assert not clean.is_valid[501:524].any()
    assert np.isnan(clean.detection[2502:2748]).all()
    far = np.r_[0:400, 700:2300, 3000 : clean.detection.size]
    assert np.nanmax(np.abs(clean.breathing[far] - whole.breathing[far])) < 0.1


def test_the_grid_is_that_of_the_recording():
    clean = clean_respiration(belt(), 50.0, preset="belt", start_s=3.013, offset_s=-1.0)
    assert np.allclose(np.round(clean.time_s * 25), clean.time_s * 25)
    assert clean.time_s[0] == pytest.approx(2.04)


def test_a_fast_clock_is_slowed_down():
    hz, drift = 50.0, 400.0
    own = np.arange(int(hz * 1000)) / hz
    true_s = own / (1 + drift * 1e-6)
    signal = np.sin(2 * np.pi * 0.25 * true_s)
    clean = clean_respiration(signal, hz, preset="belt", polarity="up", drift_ppm=drift)
    inner = slice(2000, -2000)
    expected = np.sin(2 * np.pi * 0.25 * clean.time_s)
    assert np.corrcoef(clean.detection[inner], expected[inner])[0, 1] > 0.9999
    wrong = clean_respiration(signal, hz, preset="belt", polarity="up")
    n = min(wrong.time_s.size, expected.size)
    late = slice(n - 4000, n - 2000)
    assert np.corrcoef(wrong.detection[late], np.sin(2 * np.pi * 0.25 * wrong.time_s[late]))[0, 1] < 0.9


@pytest.mark.parametrize("hz", [25.0, 62.5, 250.0, 1000.0])
def test_the_sampling_rate_does_not_matter(hz):
    base = belt(hz=1000.0, seconds=120)
    at = np.arange(int(120 * hz)) / hz
    signal = np.interp(at, np.arange(base.size) / 1000, base)
    reference, other = clean_respiration(base, 1000.0, preset="belt"), clean_respiration(signal, hz, preset="belt")
    n = min(reference.time_s.size, other.time_s.size) - 50
    assert np.abs(reference.breathing[50:n] - other.breathing[50:n]).max() < 0.02


@pytest.mark.parametrize(("size", "is_breath"), [(5.0, True), (15.0, False)])
def test_a_sigh_of_five_breaths_is_no_motion(size, is_breath):
    time_s = np.arange(12000) / 50
    volume = (1 - np.cos(2 * np.pi * time_s / 4)) / 2 + 0.005 * np.random.default_rng(0).standard_normal(time_s.size)
    volume[(time_s >= 120) & (time_s < 124)] *= size
    assert clean_respiration(volume, 50.0, preset="belt").is_valid.all() == is_breath
    quality = quality_of_signal(RawSignal(volume, 50.0), kind="belt", config=QualityConfig())
    assert (quality["motion_share"] == 0).all() == is_breath


def test_nasal_pressure_becomes_flow():
    time_s = np.arange(6000) / 50
    flow = np.sin(2 * np.pi * 0.25 * time_s)
    clean = clean_respiration(np.sign(flow) * flow**2, 50.0, preset="nasal_pressure", polarity="up")
    assert np.corrcoef(clean.detection[100:-100], flow[::2][100:-100])[0, 1] > 0.9995


@pytest.mark.parametrize("offset", [0.0, -3.0, 100.0])
def test_nasal_pressure_becomes_flow_where_expiration_is_the_longer_half(offset):
    phase = np.arange(6000) / 200 % 1
    flow = np.where(phase < 0.35, np.sin(np.pi * phase / 0.35), -(0.35 / 0.65) * np.sin(np.pi * (phase - 0.35) / 0.65))
    clean = clean_respiration(np.sign(flow) * flow**2 + offset, 50.0, preset="nasal_pressure", polarity="up")
    assert np.corrcoef(clean.detection[100:-100], flow[::2][100:-100])[0, 1] > 0.999


@pytest.mark.parametrize("values", [np.full(500, np.nan), np.ones(500), np.empty(0)])
def test_a_signal_that_cannot_be_used_says_so(values):
    with pytest.raises(RecordingError):
        clean_respiration(values, 50.0, preset="belt")


def test_unknown_words_are_told():
    with pytest.raises(InputError, match="Unknown kind"):
        clean_respiration(belt(), 50.0, preset="sock")
    with pytest.raises(InputError, match="Unknown polarity"):
        clean_respiration(belt(), 50.0, preset="belt", polarity="left")


def test_real_airflow_goes_down_with_inspiration_and_co2_too(shared_data):
    folder = shared_data("airflow")
    for name, hz, kind in (
        ("resp1_airflow", 1000, "airflow"),
        ("resp2_airflow", 1000, "airflow"),
        ("resp4_CO2", 62.5, "co2"),
    ):
        clean = clean_respiration(np.load(folder / f"{name}.npy"), hz, preset=kind)
        assert clean.polarity.sign == -1, name
    assert clean_respiration(np.load(folder / "resp3_belt.npy"), 1000, preset="belt").polarity.sign == 1


@pytest.mark.parametrize("robust", [False, True])
def test_a_signal_that_is_there_for_a_second_only_has_a_baseline(robust):
    values, is_valid = np.full(500, 3.0), np.zeros(500, dtype=bool)
    is_valid[205:215] = True
    np.testing.assert_array_equal(baseline(values, 25.0, is_valid=is_valid, robust=robust), values)
