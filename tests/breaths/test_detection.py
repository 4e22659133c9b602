"""Breaths are where they were put."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.breaths.table import detect_breaths
from eupnea.breaths.typical import HORIZON_S
from eupnea.io.contract import BREATHS


def share_found(truth: np.ndarray, found: np.ndarray, tolerance_s: float) -> float:
    """F1 of onsets, each true one matched to its nearest found one."""
    hits = sum(np.abs(found - one).min(initial=np.inf) <= tolerance_s for one in truth)
    return 2 * hits / (truth.size + found.size)


def onsets(breaths) -> np.ndarray:
    return np.unique(np.append(breaths["inhale_onset_s"], breaths["end_s"]))


@pytest.mark.parametrize("rate", [4, 8, 15, 25, 40])
@pytest.mark.parametrize("kind", ["airflow", "belt"])
def test_every_breath_is_found_at_all_rates(make_breathing, kind, rate):
    truth = make_breathing(total_s=60 / rate, n=30)
    signal = truth.flow if kind == "airflow" else truth.volume
    found = onsets(detect_breaths(signal, 25.0, preset=kind))
    assert (
        share_found(
            truth.inhale_s[1:-1], found[(found > truth.inhale_s[0] + 0.6) & (found < truth.inhale_s[-1] - 0.6)], 0.25
        )
        > 0.98
    )


def test_clean_airflow_onsets_are_exact(make_breathing):
    truth = make_breathing(jitter=0.15, n=40)
    breaths = detect_breaths(truth.flow, 25.0, preset="airflow")
    error = np.abs(onsets(breaths)[:, None] - truth.inhale_s).min(axis=1)
    assert np.mean(error) < 0.025
    turn = np.abs(breaths["exhale_onset_s"].to_numpy()[:, None] - truth.exhale_s).min(axis=1)
    assert np.mean(turn) < 0.03


def test_pauses_volumes_and_duty_cycle_are_recovered(make_breathing):
    truth = make_breathing(total_s=5.0, duty=0.35, rest=0.25)
    breaths = detect_breaths(truth.flow, 25.0, preset="airflow").iloc[1:-1]
    assert np.allclose(breaths["exhale_pause_s"], 1.25, atol=0.15)
    assert np.allclose(breaths["duty_cycle"], 0.35, atol=0.01)
    assert np.allclose(breaths["inhale_volume_au"], 1.0, atol=0.03)
    assert np.allclose(breaths["exhale_volume_au"], 1.0, atol=0.03)
    assert np.allclose(breaths["inhale_peak_au"], np.pi / 2 / 1.75, rtol=0.03)
    assert (breaths["inhale_pause_s"] == 0).all()


def test_without_a_pause_none_is_reported(make_breathing):
    truth = make_breathing(rest=0.0, duty=0.5)
    for kind, signal in (("airflow", truth.flow), ("belt", truth.volume)):
        breaths = detect_breaths(signal, 25.0, preset=kind)
        assert (breaths["exhale_pause_s"] == 0).mean() > 0.95
        assert np.median(breaths["duty_cycle"]) == pytest.approx(0.5, abs=0.02)


def test_breaths_follow_each_other_without_overlap(make_breathing):
    truth = make_breathing(jitter=0.25, n=60)
    noise = np.random.default_rng(3).normal(scale=0.2, size=truth.volume.size)
    breaths = detect_breaths(truth.volume + noise, 25.0, preset="belt")
    order = ["inhale_onset_s", "inhale_end_s", "exhale_onset_s", "exhale_end_s", "end_s"]
    assert (np.diff(breaths[order].to_numpy(), axis=1) >= 0).all()
    assert np.allclose(breaths["end_s"].iloc[:-1], breaths["inhale_onset_s"].iloc[1:])
    assert np.allclose(breaths["inhale_s"] + breaths["exhale_s"], breaths["total_s"])


def test_sighs_are_the_large_breaths_and_no_others(make_breathing):
    truth = make_breathing(n=60, jitter=0.1, sighs=(20, 41))
    for kind, signal in (("airflow", truth.flow), ("belt", truth.volume)):
        breaths = detect_breaths(signal, 25.0, preset=kind)
        sighs = breaths.loc[breaths["is_sigh"], "inhale_onset_s"].to_numpy()
        assert np.abs(sighs - truth.inhale_s[[20, 41]]).max() < 0.3
        assert breaths["post_sigh_pause_s"].notna().sum() == 2


@pytest.mark.parametrize("kind", ["airflow", "belt"])
def test_gain_and_offset_change_no_time(make_breathing, kind):
    truth = make_breathing(jitter=0.2)
    signal = truth.flow if kind == "airflow" else truth.volume
    plain = detect_breaths(signal, 25.0, preset=kind)
    other = detect_breaths(1e-3 * signal + 5.0, 25.0, preset=kind)
    assert np.allclose(plain["inhale_onset_s"], other["inhale_onset_s"], atol=1e-4)
    assert np.allclose(plain["inhale_volume_au"] * 1e-3, other["inhale_volume_au"], rtol=1e-3)


@pytest.mark.parametrize(("kind", "noise", "bar"), [("belt", 0.316, 0.98), ("belt", 1.0, 0.92), ("airflow", 1.0, 0.92)])
def test_white_noise_is_borne(make_breathing, kind, noise, bar):
    truth = make_breathing(jitter=0.15, n=60)
    signal = truth.flow if kind == "airflow" else truth.volume
    shares = []
    for seed in range(8):  # one draw alone scatters by two breaths; the bar of .95 at 0 dB is that of the benchmark
        noisy = signal / signal.std() + np.random.default_rng(seed).normal(scale=noise, size=signal.size)
        shares.append(share_found(truth.inhale_s, onsets(detect_breaths(noisy, 25.0, preset=kind)), 0.5))
    assert np.mean(shares) >= bar


@pytest.mark.parametrize(
    ("kind", "in_quiet", "in_noise"),
    [("airflow", "first_flow", "later_flow"), ("belt", "typical_breath", "typical_breath")],
)
def test_each_breath_tells_what_its_onset_was_read_from(make_breathing, kind, in_quiet, in_noise):
    truth = make_breathing(jitter=0.15, n=60)
    signal = truth.flow if kind == "airflow" else truth.volume
    noise = np.random.default_rng(5).normal(scale=signal.std(), size=signal.size)
    clean, noisy = (detect_breaths(values, 25.0, preset=kind) for values in (signal, signal + noise))
    assert set(clean["onset_rule"]) == {in_quiet}
    assert set(noisy["onset_rule"]) == {in_noise}


@pytest.mark.parametrize(("kind", "allowed_s"), [("belt", 0.05), ("airflow", 0.07)])
@pytest.mark.parametrize("rest", [0.0, 0.25])
@pytest.mark.parametrize("spoilt_by", ["noise", "heartbeat"])
def test_noise_and_heartbeat_move_neither_onsets_nor_duty_cycles_nor_pauses(
    make_breathing, kind, allowed_s, rest, spoilt_by
):
    shifts = []
    for seed in range(6):
        truth = make_breathing(jitter=0.15, n=75, rest=rest, duty=0.42, seed=seed)
        signal = truth.flow if kind == "airflow" else truth.volume
        signal = signal / signal.std()
        rng = np.random.default_rng(seed)
        if spoilt_by == "noise":
            added = rng.normal(scale=0.2, size=signal.size)
        else:
            added = 0.14 * np.sin(np.cumsum(2 * np.pi / 25 * (1.2 + 0.1 * rng.normal(size=signal.size))))
        clean, spoilt = (detect_breaths(values, 25.0, preset=kind) for values in (signal, signal + added))
        row = [np.median(_moves(clean[name], spoilt[name])) for name in ("inhale_onset_s", "exhale_onset_s")]
        row += [spoilt["duty_cycle"].median() - clean["duty_cycle"].median()]
        row += [np.subtract(*((one["exhale_pause_s"] / one["total_s"]).mean() for one in (spoilt, clean)))]
        shifts.append(row)
    onset, turn, duty, pause = np.mean(shifts, axis=0)
    assert max(abs(onset), abs(turn)) < allowed_s
    assert abs(duty) < 0.015
    assert abs(pause) < 0.02


def _moves(clean, spoilt) -> np.ndarray:
    """Return how far each clean time is from the nearest spoilt one."""
    distance = spoilt.to_numpy()[:, None] - clean.to_numpy()
    nearest = distance[np.abs(distance).argmin(axis=0), np.arange(len(clean))]
    return nearest[np.abs(nearest) < 1.0]


@pytest.mark.parametrize("duty", [0.35, 0.5])
def test_round_troughs_and_rests_of_belts_are_told_apart(make_breathing, duty):
    for rest in (0.0, 0.2):
        truth = make_breathing(jitter=0.15, n=60, rest=rest, duty=duty)
        breaths = detect_breaths(truth.volume, 25.0, preset="belt")
        error = _moves(breaths["inhale_onset_s"], pd.Series(truth.inhale_s))
        assert abs(np.median(error)) < 0.06


def test_regular_breathing_with_a_short_expiration_is_found():
    # breaths alike and equally far apart: the typical breath must not reach into the one before
    times = np.arange(0, 240, 1 / 25)
    phase = 2 * np.pi * times / 6
    breaths = detect_breaths(-np.cos(phase) + 0.3 * np.sin(2 * phase), 25.0, preset="belt")
    assert 38 <= len(breaths) <= 40
    assert np.allclose(breaths["total_s"], 6.0, atol=0.05)
    assert (breaths["inhale_s"] > breaths["exhale_s"] + 0.5).all()


def test_beats_are_not_taken_for_the_breaths_of_someone_who_breathes_slowly(make_breathing):
    found = []
    for seed in range(3):
        truth = make_breathing(total_s=11.0, duty=0.35, rest=0.1, jitter=0.5, n=27, seed=seed)
        beats = np.cumsum(2 * np.pi / 25 * (0.92 + 0.04 * np.random.default_rng(seed).normal(size=truth.flow.size)))
        pulse = np.sin(beats) + 0.5 * np.sin(2 * beats + 0.8)
        breaths = detect_breaths(truth.flow / truth.flow.std() + 0.5 * pulse, 25.0, preset="airflow")
        found.append(len(breaths) / 27)
    assert np.mean(found) < 1.1


@pytest.mark.parametrize("from_s", [150.0, 200.0])
def test_a_breath_knows_nothing_beyond_the_horizon(make_breathing, from_s):
    one, other = (
        make_breathing(jitter=0.15, n=100, duty=duty, seed=seed).volume for seed, duty in ((1, 0.4), (9, 0.5))
    )
    changed = np.where(np.arange(8750) < from_s * 25, one[:8750], other[:8750])
    plain, moved = (detect_breaths(volume, 25.0, preset="belt") for volume in (one[:8750], changed))
    for name in ("inhale_onset_s", "inhale_end_s", "exhale_onset_s", "exhale_end_s"):
        for reach_s, allowed_s in ((HORIZON_S, 5e-3), (2.0, 0.25)):
            known = plain.loc[plain["end_s"] < from_s - reach_s, name]
            assert np.abs(_moves(known, moved[name])).max() < allowed_s


def test_noise_without_breaths_makes_no_confident_signal_of_equal_breaths():
    noise = np.random.default_rng(1).normal(size=25 * 120)
    breaths = detect_breaths(noise, 25.0, preset="belt")
    assert breaths["total_s"].std() / breaths["total_s"].mean() > 0.3


def test_a_breath_with_a_long_gap_is_not_valid(make_breathing):
    truth = make_breathing()
    signal = truth.flow.copy()
    lost = slice(int(truth.inhale_s[10] * 25) + 10, int(truth.inhale_s[11] * 25) - 5)
    signal[lost] = np.nan
    breaths = detect_breaths(signal, 25.0, preset="airflow")
    hit = breaths[
        (breaths["inhale_onset_s"] < truth.inhale_s[11] - 0.5) & (breaths["end_s"] > truth.inhale_s[10] + 0.5)
    ]
    assert not hit["is_valid"].any()
    assert set(hit["reason"]) == {"gap"}
    assert breaths["is_valid"].sum() > 24


@pytest.mark.parametrize(
    "signal", [np.full(500, np.nan), np.zeros(500), np.arange(30.0), np.empty(0), np.arange(3000.0)]
)
def test_signals_without_breaths_give_none(signal):
    assert len(detect_breaths(signal, 25.0, preset="belt")) == 0


def test_the_table_has_the_columns_of_the_contract(make_breathing):
    names = [column.name for column in BREATHS.columns if column.name not in ("recording", "signal")]
    for signal in (make_breathing().volume, np.zeros(500)):
        breaths = detect_breaths(signal, 25.0, preset="belt")
        assert list(breaths.columns) == names
        BREATHS.conform(breaths.assign(recording="sub-01", signal="belt"))


def test_times_shift_with_the_start(make_breathing):
    truth = make_breathing()
    plain = detect_breaths(truth.flow, 25.0, preset="airflow")
    later = detect_breaths(truth.flow, 25.0, preset="airflow", start_s=100.0)
    for name in ("inhale_onset_s", "exhale_onset_s", "inhale_peak_time_s", "end_s"):
        assert np.allclose(plain[name] + 100, later[name])


@pytest.mark.parametrize(("hz", "kind"), [(50.0, "airflow"), (100.0, "belt")])
def test_the_sampling_rate_changes_little(make_breathing, hz, kind):
    truth = make_breathing(jitter=0.15)
    signal = truth.flow if kind == "airflow" else truth.volume
    fine = np.interp(np.arange(int(signal.size * hz / 25)) / hz, np.arange(signal.size) / 25, signal)
    plain, other = (detect_breaths(x, rate, preset=kind) for x, rate in ((signal, 25.0), (fine, hz)))
    assert len(plain) == len(other)
    assert np.abs(plain["inhale_onset_s"].to_numpy() - other["inhale_onset_s"].to_numpy()).max() < 0.06


def with_rests(rest_at: float) -> np.ndarray:
    """A belt at 25 Hz of smooth breaths of 4 s; every fourth falls in 2 s to a level, rests 3 s, falls again fast."""
    ordinary = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(0, 4, 0.04) / 4)
    knots = {0.0: 0.0, 1.5: 1.0, 3.5: rest_at, 6.5: rest_at, 7.0: 0.0, 7.5: 0.0}
    resting = np.interp(np.arange(0, 7.5, 0.04), list(knots), list(knots.values()))
    resting = np.convolve(np.pad(resting, 10, mode="edge"), np.ones(21) / 21, mode="valid")
    return np.concatenate([resting if i % 4 == 2 else ordinary for i in range(20)])


def test_expiration_in_two_pushes_is_no_pause_after_inspiration() -> None:
    """Even where the second push is the steeper one; a level that hardly falls is a pause."""
    for rest_at, is_pause in ((0.5, False), (0.95, True)):
        breaths = detect_breaths(with_rests(rest_at), 25.0, preset="belt").iloc[1:-1]
        long = breaths[breaths["total_s"] > 6]
        assert len(long) == 4
        assert ((long["inhale_pause_s"] > 3) == is_pause).all()
        assert ((long["inhale_s"] < 2.0) != is_pause).all()
