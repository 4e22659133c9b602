"""Windows put together: what odd windows may do, what is chosen, and how scores of others calibrate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from identification.worlds import make_world

from eupnea.config.identification import ModelsConfig, default_protocols
from eupnea.errors import LeakError
from eupnea.identification.closed_form import ABSENT
from eupnea.identification.engine import Engine, real_labels
from eupnea.identification.error_rates import equal_error_rate, equal_error_rates
from eupnea.identification.evaluation import calibrated_on_others, run_folds, split_scores
from eupnea.identification.fusion import RECORDING, choose_separations, fused, support
from eupnea.identification.normalise import cllr, cohort_normalised
from eupnea.identification.numbers import comparisons
from eupnea.identification.protocols import split_samples
from eupnea.identification.samples import make_samples


def recordings_with_odd_windows(odd: float, *, seed: int, people: int = 30, windows: int = 8):
    """Scores (1, C, N) of one recording per person: own windows lie 3 higher, odd ones far lower than anybody's."""
    rng = np.random.default_rng(seed)
    recording = np.repeat(np.arange(people), windows)
    scores = rng.normal(size=(people, people * windows))
    is_odd = rng.uniform(size=recording.size) < odd
    scores[recording, np.arange(recording.size)] += np.where(is_odd, -4.0, 3.0)
    return scores[None], recording


def error_rate(scores, recording, separation):
    whole, first = fused(scores, recording, RECORDING, separation)
    return equal_error_rate(*split_scores(whole[0], recording[first]))


def test_support_is_the_log_of_the_mixture_likelihood():
    from scipy.stats import norm

    s = np.linspace(-3, 5, 9)
    ratio = 0.5 + 0.5 * norm.pdf(s, 2, 1) / norm.pdf(s)
    np.testing.assert_allclose(support(s, 2.0) - np.log(2), np.log(ratio), atol=1e-12)
    assert support(np.array([ABSENT]), 2.0)[0] == ABSENT


def test_odd_windows_hurt_the_average_more_than_the_support():
    odd = [error_rate(*recordings_with_odd_windows(0.35, seed=seed), d) for seed in range(10) for d in (0.0, 3.0)]
    average, robust = np.mean(odd[::2]), np.mean(odd[1::2])
    assert robust < 0.5 * average
    # without odd windows nothing is lost
    assert error_rate(*recordings_with_odd_windows(0.0, seed=1), 3.0) <= 0.01


def test_without_separation_fusion_is_the_mean():
    scores, recording = recordings_with_odd_windows(0.2, seed=3)
    mean = np.array([scores[0][:, recording == r].mean(axis=1) for r in np.unique(recording)]).T
    np.testing.assert_allclose(fused(scores, recording, RECORDING, 0.0)[0][0], cohort_normalised(mean[None])[0])


def test_supported_scores_have_no_long_tail():
    scores, recording = recordings_with_odd_windows(0.2, seed=5)
    whole, first = fused(scores, recording, RECORDING, 4.0)
    own, others = split_scores(whole[0], recording[first])
    assert own.max() < 12
    assert own.mean() > others.max()


def test_error_rates_of_many_sets_are_those_of_each():
    rng = np.random.default_rng(0)
    scores, genuine = rng.normal(size=(20, 300)), rng.uniform(size=(20, 300)) < 0.1
    scores[genuine] += 1.5
    scores[:, :7] = ABSENT
    each = [equal_error_rate(s[7:][g[7:]], s[7:][~g[7:]]) for s, g in zip(scores, genuine, strict=True)]
    np.testing.assert_allclose(equal_error_rates(scores, genuine), each)
    assert np.isnan(equal_error_rates(scores, np.zeros_like(genuine))).all()


@pytest.fixture(scope="module")
def engine():
    world = make_world(people=12, modes=("nasal",), runs=("1", "2", "3"), tasks=("rest",), windows=5, seed=4)
    samples = make_samples(world[0], "respiration", 60.0, max_missing_share=0.5)[0]
    return Engine(samples, ModelsConfig(shrinkages=(0.2,)), max_missing_share=0.5)


def test_the_choice_sees_the_enrolment_only(engine):
    split = split_samples(default_protocols()["leave_one_run_out"], engine.samples, min_people=5)
    fold = split.folds[0]
    engine.record.allow(fold.enrol, "fold")
    first = choose_separations(engine, fold.enrol, real_labels(engine.samples), engine.candidates[0])
    assert set(first) <= set(engine.config.separations)
    with pytest.raises(LeakError):
        choose_separations(engine, np.arange(len(engine.samples.X)), real_labels(engine.samples), engine.candidates[0])


def test_one_window_per_recording_has_nothing_to_choose(engine):
    samples = engine.samples
    first = np.flatnonzero(np.diff(samples.recording, prepend=-1))
    chosen = choose_separations(engine, first, real_labels(samples), engine.candidates[0])
    assert list(chosen) == [engine.config.separations[0]]


def calibrated_cost(samples, results):
    table = comparisons(samples, results, calibrated=True)
    own = (table["owner"] == table["claimed"]).to_numpy()
    return cllr(table["score"].to_numpy()[own], table["score"].to_numpy()[~own])


def test_an_enrolment_of_one_recording_is_calibrated_on_other_people():
    # recordings of a person differ more than the halves of one: calibrated in halves, the cost is about 3 bits
    for seed in range(2):
        runs = ("1", "2")
        one_mode = {"modes": ("nasal",), "tasks": ("rest",), "runs": runs}
        world = make_world(people=20, windows=8, recording_sd=1.5, seed=seed, **one_mode)
        samples = make_samples(world[0], "respiration", 60.0, max_missing_share=0.5)[0]
        engine = Engine(samples, ModelsConfig(shrinkages=(0.2,)), max_missing_share=0.5)
        split = split_samples(default_protocols()["within_nasal"], samples, min_people=5)
        assert calibrated_cost(samples, run_folds(engine, split.folds, guard_s=0.0, where="test")["selected"]) < 1.0


def test_the_calibration_of_a_person_does_not_depend_on_that_person(engine):
    samples = engine.samples
    split = split_samples(default_protocols()["leave_one_run_out"], samples, min_people=5)
    results = run_folds(engine, split.folds, guard_s=0.0, where="test", models=("selected",))["selected"]
    before = calibrated_on_others(samples, results)[0].calibration
    shift = np.random.default_rng(0).normal(0, 50, (len(samples.people), 1))
    others = [
        replace(result, scores=result.scores + shift * (samples.person[result.fold.probe] == 0)) for result in results
    ]
    after = calibrated_on_others(samples, others)[0].calibration
    assert after.slope[0] == before.slope[0]
    assert after.slope[1] != before.slope[1]
