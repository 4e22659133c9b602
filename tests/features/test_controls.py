"""The controls see the sensor and the heart; the way of the air is told where it was recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from features.scenes import HZ, belt, tables_of

from eupnea.features import cardiogenic, device, route
from eupnea.features.heartbeat import locked_share, measured, without_heartbeat
from eupnea.features.recording_views import recording_views
from eupnea.features.views import RecordingView
from eupnea.io.contract import BEATS

WINDOW = pd.DataFrame({"start_s": [60.0], "window_s": [120.0]})


def view_of(values: np.ndarray, beats_s: np.ndarray | None = None) -> RecordingView:
    view = next(recording_views(tables_of({("sub-01", "chest"): values}, {"chest": "belt"})))[1]
    if beats_s is None:
        return view
    rows = pd.DataFrame({"time_s": beats_s, "beat": np.arange(beats_s.size), "is_valid": True})
    return replace(view, cardiac_kind="ecg", beats=BEATS.conform(rows.assign(recording="sub-01", signal="ecg")))


def with_heart(size: float, *, seconds: float = 240.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    beats = np.cumsum(0.8 + 0.03 * rng.standard_normal(int(seconds / 0.8) + 20))
    time = np.arange(int(seconds * HZ)) / HZ
    phase = np.interp(time, beats, np.arange(beats.size))
    return belt(seconds, seed=4) + size * np.sin(2 * np.pi * phase), beats[beats < seconds]


def test_a_heartbeat_in_the_belt_is_found_with_its_size() -> None:
    found = cardiogenic.compute(view_of(*with_heart(0.2)), WINDOW).iloc[0]
    size = np.exp(found["cardiogenic__beat_locked__amplitude_log"])
    np.testing.assert_allclose(size, 0.2 / np.sqrt(2), rtol=0.15)
    assert found["cardiogenic__beat_locked__explained_share"] > 0.7
    assert found["cardiogenic__band__share_1p2_1p4_hz_log"] > -1


def test_power_above_the_breathing_band_is_in_squares_of_the_signals_unit() -> None:
    time = np.arange(int(240 * HZ)) / HZ
    found = cardiogenic.compute(view_of(belt(240, seed=4) + 0.2 * np.sin(2 * np.pi * 1.3 * time)), WINDOW).iloc[0]
    power = np.exp(found["cardiogenic__band__power_1p2_1p4_hz_log"])
    np.testing.assert_allclose(power, 0.2**2 / 2, rtol=0.1)


def test_beats_of_somebody_else_explain_nothing() -> None:
    values, beats = with_heart(0.2)
    strange = np.cumsum(np.random.default_rng(7).uniform(0.6, 1.1, beats.size + 100))
    found = cardiogenic.compute(view_of(values, strange[strange < 240]), WINDOW).iloc[0]
    assert found["cardiogenic__beat_locked__explained_share"] < 0.1


def test_without_a_shared_clock_nothing_is_locked_to_the_beats() -> None:
    found = cardiogenic.compute(replace(view_of(*with_heart(0.2)), is_aligned=False), WINDOW)
    locked = [name for name in found if "beat_locked" in name]
    assert found[locked].isna().all(axis=None)
    assert found["cardiogenic__band__above_breathing_log"].notna().all()


def test_gain_offset_and_steps_of_the_sensor_are_told() -> None:
    plain = belt(240, seed=4)
    coarse = np.round(plain, 1)
    one, ten, stepped = (device.compute(view_of(values), WINDOW).iloc[0] for values in (plain, 10 * plain + 50, coarse))
    scale = "device__respiration__scale_log"
    np.testing.assert_allclose(ten[scale] - one[scale], np.log(10), atol=1e-6)
    np.testing.assert_allclose(ten["device__respiration__offset"], 50 + 10 * one["device__respiration__offset"])
    np.testing.assert_allclose(np.exp(stepped["device__respiration__quantisation_log"]), 0.1, rtol=1e-6)
    free = [feature.column for feature in device.FEATURES if feature.amplitude_free and feature.family == "respiration"]
    np.testing.assert_allclose(one[free].to_numpy(float), ten[free].to_numpy(float), atol=1e-3)
    cardiac = [feature.column for feature in device.FEATURES if feature.family == "cardiac"]
    assert one[cardiac].isna().all()


def test_the_oral_share_and_a_mode_that_was_not_kept() -> None:
    flow = np.gradient(belt(240, seed=6)) * HZ
    signals = {("sub-01", "nose"): flow, ("sub-01", "mouth"): 3 * flow}
    kinds = {"nose": ("airflow", "nasal"), "mouth": ("airflow", "oral")}
    for mode, contradicted in (("oral", 0.0), ("nasal", 1.0)):
        view = next(recording_views(tables_of(signals, kinds, mode=mode)))[1]
        assert view.respiration_signal == {"oral": "mouth", "nasal": "nose"}[mode]
        share = route.compute(view, WINDOW)["respiration__route__oral_share"]
        np.testing.assert_allclose(share, 0.75, atol=0.01)
        assert route.compute_recording(view)["respiration__route__mode_contradicted"] == contradicted


@pytest.mark.parametrize("is_left_open", [True, False])
def test_breaths_are_those_of_the_more_open_nostril(is_left_open: bool) -> None:
    flow = np.gradient(belt(240, seed=6)) * HZ
    closed = 0.03 * np.random.default_rng(0).standard_normal(flow.size)
    sides = {"left": (flow, closed)[not is_left_open], "right": (flow, closed)[is_left_open]}
    kinds = {"left": ("airflow", "nasal_left"), "right": ("airflow", "nasal_right")}
    tables = tables_of({("sub-01", name): values for name, values in sides.items()}, kinds, mode="nasal")
    view = next(recording_views(tables))[1]
    assert view.respiration_signal == ("left" if is_left_open else "right")
    side = route.compute(view, WINDOW)["respiration__route__laterality"].iloc[0]
    assert (side > 0.9) if is_left_open else (side < -0.9)


def test_a_heartbeat_in_airflow_goes_from_breathing_to_the_control() -> None:
    values, beats = with_heart(0.0)
    phase = np.interp(np.arange(values.size) / HZ, beats, np.arange(beats.size))
    heart = 0.15 * np.sin(2 * np.pi * phase)
    tables = [tables_of({("sub-01", "n"): one}, {"n": "airflow"}) for one in (values, values + heart)]
    rows = BEATS.conform(pd.DataFrame({"time_s": beats, "beat": np.arange(beats.size), "is_valid": True}))
    clean, mixed = (replace(next(recording_views(one))[1], cardiac_kind="ecg", beats=rows) for one in tables)
    freed = without_heartbeat(mixed, measured(mixed))
    middle = slice(40 * 25, -40 * 25)
    before, after = (float(np.std((one.breathing - clean.breathing)[middle])) for one in (mixed, freed))
    assert after < 0.25 * before
    found = cardiogenic.compute(freed, WINDOW).iloc[0]
    np.testing.assert_allclose(np.exp(found["cardiogenic__beat_locked__amplitude_log"]), 0.15 / np.sqrt(2), rtol=0.2)
    apart = replace(mixed, is_aligned=False)
    np.testing.assert_array_equal(without_heartbeat(apart, measured(apart)).breathing, mixed.breathing)


def test_the_share_of_airflow_locked_to_the_beats_is_the_one_put_in() -> None:
    values, beats = with_heart(0.0)
    phase = np.interp(np.arange(values.size) / HZ, beats, np.arange(beats.size))
    values = values / values.std() + 0.3 * np.sqrt(2) * np.sin(2 * np.pi * phase)
    rows = BEATS.conform(pd.DataFrame({"time_s": beats, "beat": np.arange(beats.size), "is_valid": True}))
    strange = np.cumsum(np.random.default_rng(7).uniform(0.6, 1.1, beats.size))
    name = "cardiogenic__locked__share"
    flow, chest = (
        replace(next(recording_views(tables_of({("sub-01", "n"): values}, {"n": kind})))[1], cardiac_kind="ecg")
        for kind in ("airflow", "belt")
    )
    mine = replace(flow, beats=rows)

    def share(view: RecordingView) -> float:
        return locked_share(view, measured(view))[name]

    np.testing.assert_allclose(share(mine), 0.09 / 1.09, rtol=0.15)
    np.testing.assert_allclose(share(without_heartbeat(mine, measured(mine))), 0.0, atol=0.002)
    others = rows.assign(time_s=np.where(strange < beats[-1], strange, np.nan))
    assert share(replace(flow, beats=others.dropna(subset="time_s"))) < 0.02
    assert np.isnan(share(replace(mine, is_aligned=False)))
    assert np.isnan(share(replace(chest, beats=rows)))
