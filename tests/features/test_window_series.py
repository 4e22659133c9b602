"""tsfresh's features of windows: of breathing alone, free of gain, in the order of the dictionary."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from features.scenes import belt, no_intervals, tables_of
from scipy.io import loadmat

from eupnea.config.features import FeaturesConfig, TimeseriesConfig
from eupnea.features import window_series
from eupnea.features.assemble import features_of_chunk, window_columns
from eupnea.features.columns import feature_columns
from eupnea.features.dictionary import amplitude_free_columns, dictionary
from eupnea.features.recording_views import ChunkTables, recording_views
from eupnea.features.timeseries import extract
from eupnea.features.views import RecordingView
from eupnea.io.contract import BEATS

EFFICIENT = TimeseriesConfig(settings="efficient")
WINDOWS = pd.DataFrame({"start_s": [0.0, 60.0, 120.0, 0.0], "window_s": [60.0, 60.0, 60.0, 120.0]})


def view_of(signal: np.ndarray) -> RecordingView:
    tables = tables_of({("sub-01_task-rest", "chest"): signal}, {"chest": "belt"})
    return next(iter(recording_views(tables)))[1]


def beats_every(rr_ms: np.ndarray) -> pd.DataFrame:
    time_s = np.cumsum(rr_ms) / 1000
    return BEATS.conform(
        pd.DataFrame(
            {
                "recording": "sub-01_task-rest",
                "signal": "heart",
                "beat": np.arange(rr_ms.size),
                "time_s": time_s,
                "rr_ms": rr_ms,
                "rr_corrected_ms": rr_ms,
                "artefact": "normal",
                "is_valid": True,
            }
        )
    )


def compute(view: RecordingView, config: TimeseriesConfig = EFFICIENT) -> pd.DataFrame:
    return window_series.compute(view, WINDOWS, config, min_valid_share=0.5)


@pytest.fixture(scope="module")
def view() -> RecordingView:
    return view_of(belt(190, seed=3, skew=0.2))


def test_no_study_has_them_unasked() -> None:
    assert not any("__timeseries__" in name for name in window_columns(FeaturesConfig()))
    assert window_series.features(TimeseriesConfig()) == ()


def test_columns_are_those_of_the_dictionary_and_belong_to_their_modality() -> None:
    config = FeaturesConfig(window_s=(60.0,), timeseries=EFFICIENT)
    tables = tables_of({("sub-01_task-rest", "chest"): belt(130, seed=1)}, {"chest": "belt"})
    frames = {field.name: getattr(tables, field.name) for field in dataclasses.fields(ChunkTables)}
    windows = features_of_chunk(**frames, intervals=no_intervals(), config=config).windows
    words = dictionary(EFFICIENT)
    named = words.loc[words["level"] == "window", "name"].tolist()
    assert words["name"].is_unique
    assert windows.columns.tolist()[-len(named) :] == named
    for modality, n_least in (("respiration", 700), ("cardiac", 700)):
        of_family = [name for name in feature_columns(windows, modality) if "__timeseries__" in name]
        assert len(of_family) > n_least
        assert set(of_family) <= set(amplitude_free_columns(words))
        assert windows[of_family].notna().any(axis=None) == (modality == "respiration")


def test_the_rate_is_as_low_as_the_band_allows_or_what_the_config_says() -> None:
    assert window_series.sampling_step("belt", EFFICIENT) == 16
    assert window_series.sampling_step("airflow", EFFICIENT) == 3
    assert window_series.sampling_step("belt", TimeseriesConfig(settings="minimal", respiration_hz=12.5)) == 2


def test_gain_and_offset_of_the_belt_change_nothing() -> None:
    signal = belt(190, seed=5)
    small, large = compute(view_of(signal)), compute(view_of(300.0 * signal + 40.0))
    known = [name for name in small if small[name].notna().any()]
    assert len(known) > 500
    same = np.isclose(small[known], large[known], rtol=1e-3, atol=1e-3, equal_nan=True).all(axis=0)
    assert same.mean() > 0.99


def test_what_lies_above_the_breathing_band_is_never_read(view: RecordingView) -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(view.time_s.size).astype(np.float32)
    other = dataclasses.replace(view, above=noise, detection=view.detection + noise)
    pd.testing.assert_frame_equal(compute(view), compute(other), check_exact=True)
    moved = dataclasses.replace(view, breathing=view.breathing + 0.1 * noise)
    assert not compute(view).equals(compute(moved))


def test_values_are_those_of_extract_and_no_column_is_rounding_alone(view: RecordingView) -> None:
    found = compute(view)
    series = window_series.breathing_series(view, WINDOWS.iloc[:3], step=16)
    assert series.shape == (3, 94)
    np.testing.assert_allclose(series.std(axis=1), 1.0)
    expected = extract(series, {"number_peaks": [{"n": 3}], "skewness": None, "autocorrelation": [{"lag": 9}]})
    for name in expected:
        np.testing.assert_allclose(found[f"respiration__timeseries__{name}"][:3], expected[name], rtol=1e-12)
    respiration = found[[name for name in found if name.startswith("respiration")]]
    size = respiration.abs().mean()
    rounding = respiration.std() / size
    assert not ((rounding > 0) & (rounding < 1e-12)).any()
    assert not ((size > 0) & (size < 1e-12)).any()


def test_a_window_knows_nothing_of_what_lies_outside_it(view: RecordingView) -> None:
    changed = view.breathing.copy()
    changed[view.time_s >= 60.0] *= -2.0
    other = compute(dataclasses.replace(view, breathing=changed))
    pd.testing.assert_frame_equal(compute(view).iloc[:1], other.iloc[:1], check_exact=True)


def test_bad_signal_and_fast_breathing_are_missing(view: RecordingView) -> None:
    bad = dataclasses.replace(view, is_valid=view.is_valid & (view.time_s >= 60.0))
    assert compute(bad).notna().any(axis=1).tolist() == [False, True, True, True]
    fast = view_of(belt(190, seed=2, rate_bpm=32.0, jitter=0.02))
    assert compute(fast).isna().all(axis=None)


def test_intervals_become_an_even_series(view: RecordingView) -> None:
    rr_ms = 900 + 60 * np.sin(2 * np.pi * 0.1 * np.arange(220) * 0.9)
    found = compute(dataclasses.replace(view, cardiac_kind="ecg", beats=beats_every(rr_ms)))
    mean = found["cardiac__timeseries__mean"]
    np.testing.assert_allclose(mean, 900, atol=8)
    peak = [found[f'cardiac__timeseries__fft_coefficient__attr_"abs"__coeff_{k}'][0] for k in range(1, 12)]
    assert int(np.argmax(peak)) + 1 == 6
    alone = compute(view)
    assert alone[[name for name in alone if name.startswith("cardiac")]].isna().all(axis=None)


def test_real_breathing_and_its_heart(shared_data: Callable[[str], Path]) -> None:
    """Five minutes of an old woman at rest: every window has its features, and they differ from window to window."""
    base = shared_data("fantasia")
    found = loadmat(next(base.glob("*.mat")))["val"].astype(float)
    respiration = found[0, : 250 * 300 : 5]
    real = view_of(respiration)
    columns = compute(real)
    known = columns[[name for name in columns if name.startswith("respiration")]]
    # Coefficients of frequencies above the band do not exist.
    assert known.notna().any(axis=1).all()
    assert known.notna().mean(axis=None) > 0.75
    assert (known.iloc[:3].std() > 0).sum() > 450
