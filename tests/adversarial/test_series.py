"""Series of respiration and RR intervals are cut as they are, and networks on them are attacked on new people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.config.adversarial import AdversarialConfig

series = pytest.importorskip("eupnea.adversarial.series")

WINDOWS = pd.DataFrame({"recording": "one", "participant": "sub-01", "start_s": [10.0, 70.0], "window_s": 60.0})


def breathing(rate_hz=0.25, seconds=140.0):
    times = np.arange(int(25 * seconds)) / 25
    values = 3 + 2 * np.sin(2 * np.pi * rate_hz * times)
    return pd.DataFrame(
        {"recording": "one", "signal": "airflow", "time_s": times, "breathing": values, "is_valid": True}
    )


def beats(interval_ms=800.0, seconds=140.0):
    times = np.arange(0.0, seconds, interval_ms / 1000)
    return pd.DataFrame({"recording": "one", "signal": "ecg", "time_s": times, "rr_corrected_ms": interval_ms})


def test_respiration_keeps_its_rate_and_has_no_gain_or_offset():
    cut = series.cut_series(WINDOWS, breathing(), beats())["respiration"]
    assert cut.shape == (2, round(60 * series.SERIES_HZ))
    np.testing.assert_allclose(cut.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(cut.std(axis=1), 1, atol=1e-9)
    power = np.abs(np.fft.rfft(cut[0]))
    assert np.fft.rfftfreq(cut.shape[1], 1 / series.SERIES_HZ)[power.argmax()] == pytest.approx(0.25, abs=1 / 60)


def test_intervals_stay_in_milliseconds():
    cut = series.cut_series(WINDOWS, breathing(), beats(700.0))["rr"]
    np.testing.assert_allclose(cut, 700.0)


def test_windows_with_too_little_signal_are_unknown():
    table = breathing()
    table.loc[(table["time_s"] > 75) & (table["time_s"] < 120), "is_valid"] = False
    few = beats()
    cut = series.cut_series(WINDOWS, table, few[few["time_s"] < 90])
    for values in cut.values():
        assert np.isfinite(values[0]).all()
        assert np.isnan(values[1]).all()
    nothing = series.cut_series(WINDOWS, table.head(0), few.head(0))
    assert all(np.isnan(values).all() for values in nothing.values())


def test_windows_are_chosen_evenly_and_no_more_than_wanted():
    starts = 60.0 * np.arange(20)
    table = pd.DataFrame({"recording": "one", "participant": "sub-01", "start_s": starts, "window_s": 60.0})
    chosen = series.choose_windows(table, config=AdversarialConfig(series_windows=4))
    assert list(chosen["start_s"]) == [0.0, 300.0, 600.0, 900.0]
    assert len(series.choose_windows(table.head(3), config=AdversarialConfig(series_windows=4))) == 3


def test_windows_of_a_person_are_led_in_one_direction():
    predicted, codes = np.array([50.0, 30.0, 44.0]), np.array([0, 0, 1])
    aim = series._aim(predicted, np.array([41.0, 41.0, 44.0]), codes)
    np.testing.assert_allclose(aim - predicted, [1.0, 1.0, 0.0])


@pytest.mark.slow
def test_age_that_sets_the_breathing_rate_is_read_and_attacks_hurt():
    rng = np.random.default_rng(0)
    ages = np.repeat(rng.uniform(20, 70, 30), 2)
    times = np.arange(150) / series.SERIES_HZ
    rate_hz = 0.15 + 0.005 * (ages - 20)
    values = np.sqrt(2) * np.sin(2 * np.pi * rate_hz[:, None] * times + rng.uniform(0, 6, (60, 1)))
    names = [f"sub-{number // 2:02d}" for number in range(60)]
    chosen = pd.DataFrame({"recording": names, "participant": names, "start_s": 0.0, "window_s": 30.0})
    people = pd.DataFrame({"participant": names[::2], "age": ages[::2]})
    config = AdversarialConfig(folds=3, bootstraps=100, epsilons_inf=[0.0, 0.3], epsilons_2=[0.0], time_budget_s=60)
    unknown = np.full_like(values, np.nan)
    result = series.series_models(chosen, {"respiration": values, "rr": unknown}, people, config=config, seed=1)
    rows = result.metrics[result.metrics["family"] == "respiration"]
    table = rows.pivot_table(index="model", columns="epsilon", values="value")
    networks = ["cnn", "cnn_attacked_2", "cnn_attacked_inf"]
    assert set(table.index) == {"median", *networks}
    assert table.loc["cnn", 0.0] < 0.8 * table.loc["median", 0.0]
    assert table.loc["median", 0.3] == table.loc["median", 0.0]
    assert (table.loc[networks, 0.3] > table.loc[networks, 0.0]).all()
    searched = rows["model"].isin(networks) & (rows["epsilon"] > 0)
    assert rows.loc[searched, "reason"].str.contains("lower bound: projected gradient, 20 steps from 3 starts").all()
    assert not rows.loc[~searched, "reason"].str.contains("lower bound").any()
    missing = result.metrics[result.metrics["family"] == "rr"]
    assert list(missing["status"]) == ["not_answerable"]
    again = series.series_models(chosen, {"respiration": values}, people, config=config, seed=1)
    assert again.metrics["value"].tolist() == rows["value"].tolist()
