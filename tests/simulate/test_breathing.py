"""Simulated breathing has the statistics that were published for quiet breathing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.simulate import simulate_flow
from eupnea.simulate.breathing import draw_breaths, flow_of_breaths
from eupnea.simulate.examples import MEAN_STYLE
from eupnea.simulate.noise import band_noise, fractional_noise
from eupnea.simulate.schedule import Stretch

HOURS = 2
SEEDS = range(24)


def _breaths(seed: int, hours: float = HOURS, **style: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return draw_breaths(rng, MEAN_STYLE | style, [Stretch(0, hours * 3600, "rest", "rest")])


def _cv(values: pd.Series) -> float:
    return float(values.std() / values.mean())


def _lag1(values: pd.Series) -> float:
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


def _dfa(values: np.ndarray) -> float:
    """Detrended fluctuation analysis as in Peng et al. 1995, written out plainly."""
    profile = np.cumsum(values - values.mean())
    sizes = np.unique(np.logspace(np.log10(6), np.log10(values.size // 4), 12).astype(int))
    fluctuation = []
    for size in sizes:
        boxes = profile[: profile.size // size * size].reshape(-1, size)
        x = np.arange(size)
        residual = [box - np.polyval(np.polyfit(x, box, 1), x) for box in boxes]
        fluctuation.append(np.sqrt(np.mean(np.square(residual))))
    return float(np.polyfit(np.log(sizes), np.log(fluctuation), 1)[0])


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """Statistics of many two-hour recordings of the reference person."""
    rows = []
    for seed in SEEDS:
        b = _breaths(seed)
        inhale, total = b["exhale_onset_s"] - b["inhale_onset_s"], b["end_s"] - b["inhale_onset_s"]
        quiet = ~b["is_sigh"]
        volume = b["inhale_volume_l"]
        rows.append(
            {
                "rate": 60 / total.mean(),
                "cv_rate": _cv(60 / total),
                "cv_volume": _cv(volume),
                "cv_duty": _cv(inhale / total),
                "cv_drive": _cv(volume / inhale),
                "lag1_volume": _lag1(volume[quiet]),
                "lag1_exhale": _lag1((total - inhale)[quiet]),
                "lag1_inhale": _lag1(inhale[quiet]),
                "dfa": _dfa(total[quiet].to_numpy()),
                "sighs": b["is_sigh"].sum() / HOURS,
                "duty": (inhale / total).mean(),
                "volume": volume[quiet].mean(),
            }
        )
    return pd.DataFrame(rows).mean()


@pytest.mark.parametrize(
    ("quantity", "value", "tolerance"),
    [
        ("rate", 15.2, 0.4),
        ("cv_rate", 0.21, 0.02),
        ("cv_volume", 0.33, 0.03),
        ("cv_duty", 0.18, 0.02),
        ("cv_drive", 0.32, 0.03),
        ("lag1_volume", 0.30, 0.05),
        ("lag1_exhale", 0.26, 0.05),
        ("lag1_inhale", 0.20, 0.05),
        ("dfa", 0.69, 0.03),
        ("sighs", 10.5, 1.5),
        ("duty", 0.37, 0.01),
        ("volume", 0.53, 0.02),
    ],
)
def test_breath_to_breath_statistics_are_the_published_ones(
    published: pd.Series, quantity: str, value: float, tolerance: float
) -> None:
    assert published[quantity] == pytest.approx(value, abs=tolerance)


def test_breaths_follow_each_other_without_gaps_and_phases_are_in_order() -> None:
    b = _breaths(3)
    edges = b[["inhale_onset_s", "inhale_end_s", "exhale_onset_s", "exhale_end_s", "end_s"]].to_numpy()
    assert (np.diff(edges, axis=1) >= -1e-9).all()
    np.testing.assert_allclose(edges[1:, 0], edges[:-1, -1], atol=1e-9)
    assert edges[0, 0] <= 0
    assert edges[-1, -1] >= HOURS * 3600


def test_flow_integrates_to_the_volumes_and_stops_in_pauses() -> None:
    b = _breaths(5, hours=0.1)
    rate = 2000.0
    time = np.arange(int(300 * rate)) / rate
    flow = flow_of_breaths(b, time)
    whole = b[(b["inhale_onset_s"] > 0) & (b["end_s"] < 300)]
    for row in whole.itertuples():
        inhale = (time >= row.inhale_onset_s) & (time < row.exhale_onset_s)
        exhale = (time >= row.exhale_onset_s) & (time < row.end_s)
        assert flow[inhale].sum() / rate == pytest.approx(row.inhale_volume_l, rel=0.01)
        assert -flow[exhale].sum() / rate == pytest.approx(row.exhale_volume_l, rel=0.01)
        assert flow[inhale].min() >= 0
        assert flow[exhale].max() <= 0
        pause = (time > row.exhale_end_s) & (time < row.end_s)
        assert not flow[pause].any()


def test_sighs_are_two_to_five_times_larger_and_a_pause_follows() -> None:
    b = pd.concat([_breaths(seed) for seed in range(8)])
    usual = b.loc[~b["is_sigh"], "inhale_volume_l"].median()
    ratio = b.loc[b["is_sigh"], "inhale_volume_l"] / usual
    assert 2 < ratio.median() < 5
    assert b.loc[b["is_sigh"], "exhale_pause_s"].mean() > 3 * b.loc[~b["is_sigh"], "exhale_pause_s"].mean()


def test_sigh_rate_is_what_the_style_says() -> None:
    found = np.mean([_breaths(seed, sighs_per_hour=40.0)["is_sigh"].sum() / HOURS for seed in range(8)])
    assert found == pytest.approx(40, rel=0.15)


def test_end_expiratory_level_does_not_drift_away() -> None:
    b = _breaths(1)
    level = np.cumsum(b["inhale_volume_l"] - b["exhale_volume_l"])
    assert np.abs(level).max() < 0.45 * b["inhale_volume_l"].median()


def test_speech_is_short_in_and_long_out_and_only_where_it_belongs() -> None:
    stretches = [
        Stretch(0, 60, "block1", "task"),
        Stretch(60, 120, "speech", "speech"),
        Stretch(120, 180, "block2", "task"),
    ]
    b = draw_breaths(np.random.default_rng(0), MEAN_STYLE, stretches)
    spoken = b[b["condition"] == "speech"]
    assert spoken["inhale_onset_s"].between(60, 120).all()
    duty = (spoken["exhale_onset_s"] - spoken["inhale_onset_s"]) / (spoken["end_s"] - spoken["inhale_onset_s"])
    assert duty.mean() < 0.2
    assert not spoken["is_sigh"].any()


def test_a_style_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="rate_bmp"):
        simulate_flow(rate_bmp=12.0)


@pytest.mark.parametrize("hurst", [0.5, 0.69, 0.9])
def test_fractional_noise_has_its_covariance(hurst: float) -> None:
    rng = np.random.default_rng(0)
    draws = np.stack([fractional_noise(rng, 256, hurst) for _ in range(2000)])
    lag = np.arange(1, 6)
    expected = (np.abs(lag - 1) ** (2 * hurst) - 2 * lag ** (2 * hurst) + (lag + 1) ** (2 * hurst)) / 2
    found = [np.mean(draws[:, :-k] * draws[:, k:]) for k in lag]
    assert draws.var() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_band_noise_has_unit_variance_inside_its_band_only() -> None:
    rng = np.random.default_rng(0)
    draws = np.stack([band_noise(rng, 4096, 4.0, 0.08, 0.12) for _ in range(50)])
    power = np.abs(np.fft.rfft(draws, axis=1)) ** 2
    frequency = np.fft.rfftfreq(4096, 0.25)
    assert draws.var() == pytest.approx(1, abs=0.05)
    assert power[:, (frequency < 0.079) | (frequency > 0.121)].sum() < 1e-12 * power.sum()
