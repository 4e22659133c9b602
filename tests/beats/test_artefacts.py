from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eupnea.beats.artefacts import judge_intervals


def sinus(n: int = 150, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    beats = np.arange(n)
    return 850 + 25 * np.sin(2 * np.pi * beats / 5) + 20 * np.sin(2 * np.pi * beats / 40) + rng.normal(0, 8, n)


def judge(rr, **options):
    rr = np.asarray(rr, dtype=float)
    return judge_intervals(rr, np.isfinite(rr), **options)


@pytest.mark.parametrize("seed", range(5))
def test_a_sinus_rhythm_has_hardly_any_artefact_and_keeps_its_intervals(seed):
    rr = sinus(seed=seed)
    found = judge(rr)
    normal = found.artefact == "normal"
    assert normal.mean() > 0.98
    np.testing.assert_array_equal(found.corrected_ms[normal], rr[normal])


def test_a_metronome_is_all_normal():
    assert (judge(np.full(60, 800.0)).artefact == "normal").all()


@pytest.mark.parametrize("early_ms", [200, 300, 400])
def test_a_premature_beat_marks_both_its_intervals_and_is_smoothed(early_ms):
    true = sinus()
    rr = true.copy()
    rr[70] -= early_ms
    rr[71] += early_ms
    found = judge(rr)
    assert list(found.artefact[70:72]) == ["ectopic", "ectopic"]
    assert np.abs(found.corrected_ms[70:72] - true[70:72]).max() < 80
    assert np.nanstd(found.corrected_ms) < 1.1 * true.std()


@pytest.mark.parametrize("n_missed", [1, 2])
def test_a_missed_beat_is_divided_out(n_missed):
    true = sinus()
    rr = np.concatenate([true[:70], [true[70 : 71 + n_missed].sum()], true[71 + n_missed :]])
    found = judge(rr, limits_ms=(270, 4000))
    assert found.artefact[70] == "missed"
    assert found.corrected_ms[70] == pytest.approx(rr[70] / (n_missed + 1))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_an_extra_beat_is_taken_out_and_its_halves_joined(share):
    true = sinus()
    rr = np.concatenate([true[:70], [share * true[70], (1 - share) * true[70]], true[71:]])
    found = judge(rr)
    assert found.artefact[70] == "extra"
    assert np.isnan(found.corrected_ms[70])
    assert found.corrected_ms[71] == pytest.approx(true[70])


def test_a_long_run_of_nonsense_stays_missing_and_a_short_one_is_filled():
    true = sinus(200)
    rr = true.copy()
    rr[60:70] = 240.0
    rr[120:123] = 240.0
    found = judge(rr, longest_run=5)
    assert (found.artefact[[*range(60, 70), *range(120, 123)]] == "long_short").all()
    assert np.isnan(found.corrected_ms[60:70]).all()
    assert np.abs(found.corrected_ms[120:123] - true[120:123]).max() < 100


def test_an_interval_over_a_gap_is_not_known():
    rr = sinus()
    known = np.ones(rr.size, dtype=bool)
    known[40] = False
    found = judge_intervals(rr, known)
    assert found.artefact[40] == "missed"
    assert np.isnan(found.corrected_ms[40])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(200, 3000), min_size=0, max_size=60))
def test_whatever_comes_the_answer_has_its_length_and_no_impossible_interval_stays_normal(values):
    rr = np.array([np.nan, *values])
    found = judge(rr)
    assert found.artefact.size == found.corrected_ms.size == rr.size
    assert set(found.artefact) <= {"normal", "ectopic", "missed", "extra", "long_short"}
    assert np.isnan(found.corrected_ms[0])


def test_annotated_ectopic_beats_are_found_and_few_others(shared_data):
    import wfdb

    base = str(shared_data("mitdb") / "100")
    annotation = wfdb.rdann(base, "atr")
    symbol = np.array(annotation.symbol)
    times = annotation.sample[symbol != "+"] / 360
    is_ectopic = (symbol[symbol != "+"] == "A") | (symbol[symbol != "+"] == "V")
    found = judge(np.diff(times, prepend=np.nan) * 1000)
    marked = found.artefact != "normal"
    assert is_ectopic.sum() == 34
    assert marked[is_ectopic].mean() > 0.95
    elsewhere = ~is_ectopic & ~np.roll(is_ectopic, 1)
    assert marked[elsewhere].mean() < 0.02
