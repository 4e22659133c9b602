"""People differ as published, each strength can be switched off, and nobody's numbers depend on the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.config.simulate import SimulateConfig
from eupnea.simulate.constants import CONSTANTS, STYLE, constants_table
from eupnea.simulate.people import (
    DAY_SD,
    MEAN,
    NAMES,
    PERSON_SD,
    RECORDING_SD,
    draw_person,
    draw_state,
    draw_traits,
    natural,
    trait_shift,
)

SEED = 11


def _population(count: int = 6000) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    traits = draw_traits(rng, count)
    link = MEAN + PERSON_SD * rng.standard_normal((count, MEAN.size)) + trait_shift(traits)
    return traits, pd.DataFrame(natural(link), columns=NAMES)


def _styles(config: SimulateConfig, people: int = 40, **labels: str) -> pd.DataFrame:
    labels = {"session": "", "mode": "nasal", "task": "rest"} | labels
    rows = []
    for number in range(people):
        person = draw_person(config, SEED, f"sub-{number:03d}")
        rows.append(draw_state(config, SEED, person, **labels).style)
    return pd.DataFrame(rows)


def test_traits_are_plausible_people() -> None:
    traits, _ = _population()
    bmi = traits["weight_kg"] / (traits["height_cm"] / 100) ** 2
    assert traits["age"].min() == 18
    assert traits["age"].max() == 75
    share = np.histogram(traits["age"], bins=[18, 38, 57, 76])[0] / len(traits)
    np.testing.assert_allclose(share, [20 / 58, 19 / 58, 19 / 58], atol=0.03)
    assert (traits["sex"] == "female").mean() == pytest.approx(0.5, abs=0.03)
    assert bmi.mean() == pytest.approx(25, abs=0.5)
    assert bmi.std() == pytest.approx(3.8, abs=0.5)
    assert bmi.between(16.5, 42.5).all()


def test_breathing_rate_differs_between_people_as_published() -> None:
    traits, style = _population()
    rate = style["rate_bpm"]
    assert rate.mean() == pytest.approx(15.4, abs=0.3)
    assert rate.std() == pytest.approx(2.3, abs=0.2)
    young, woman = traits["age"] < 50, traits["sex"] == "female"
    assert rate[young & woman].mean() > rate[young & ~woman].mean() + 0.4
    old = np.abs(rate[~young & woman].mean() - rate[~young & ~woman].mean())
    assert old < 0.4
    assert np.corrcoef(rate, traits["age"])[0, 1] < 0
    bmi = traits["weight_kg"] / (traits["height_cm"] / 100) ** 2
    lowest = -np.polyfit(bmi, rate, 2)[1] / (2 * np.polyfit(bmi, rate, 2)[0])
    assert 21 < lowest < 29


def test_oral_breathing_is_deeper_and_has_a_longer_inspiration() -> None:
    config = SimulateConfig()
    nasal, oral = _styles(config, 300), _styles(config, 300, mode="oral")
    assert oral["tidal_volume_l"].mean() / nasal["tidal_volume_l"].mean() == pytest.approx(700 / 530, rel=0.05)
    assert nasal["duty_cycle"].mean() == pytest.approx(0.37, abs=0.01)
    assert oral["duty_cycle"].mean() == pytest.approx(0.41, abs=0.01)
    assert oral["rate_bpm"].mean() / nasal["rate_bpm"].mean() == pytest.approx(13.6 / 14.9, rel=0.04)


def test_half_of_the_people_keep_nasal_flow_when_told_to_breathe_orally() -> None:
    shares = np.array([draw_person(SimulateConfig(), SEED, f"sub-{k:03d}").oral_share for k in range(400)])
    assert (shares < 0.9).mean() == pytest.approx(0.5, abs=0.08)
    assert shares.min() >= 1 - CONSTANTS["kept_nasal_high"]


def test_task_makes_breathing_faster_and_more_even_with_more_sighs() -> None:
    config = SimulateConfig()
    rest, task = _styles(config, 300), _styles(config, 300, task="nback")
    assert task["rate_bpm"].mean() > 1.05 * rest["rate_bpm"].mean()
    assert task["variability"].mean() < 0.9 * rest["variability"].mean()
    assert task["sighs_per_hour"].mean() > 1.1 * rest["sighs_per_hour"].mean()
    assert task["tidal_volume_l"].mean() == pytest.approx(rest["tidal_volume_l"].mean(), rel=0.06)


def test_day_to_day_variation_is_the_published_one() -> None:
    spread = dict(zip(NAMES, np.hypot(DAY_SD, RECORDING_SD), strict=True))
    duty = next(one.mean for one in STYLE if one.name == "duty_cycle")
    duty_cv = spread["duty_cycle"] * (1 - duty)
    drive_cv = np.sqrt(spread["tidal_volume_l"] ** 2 + spread["rate_bpm"] ** 2 + duty_cv**2)
    assert spread["rate_bpm"] == pytest.approx(0.07, abs=0.005)
    assert duty_cv == pytest.approx(0.031, abs=0.003)
    assert drive_cv == pytest.approx(0.085, abs=0.005)


def test_without_signature_everybody_shares_one_style() -> None:
    config = SimulateConfig(signature=0.0)
    for labels in ({"mode": "nasal"}, {"mode": "oral"}, {"task": "nback"}):
        styles = _styles(config, 10, **labels)
        np.testing.assert_allclose(styles.to_numpy(), np.tile(styles.iloc[0], (10, 1)), rtol=1e-12)
    shares = {draw_person(config, SEED, f"sub-{k:03d}").oral_share for k in range(10)}
    assert max(shares) - min(shares) < 1e-12


def test_without_trait_effects_age_is_unrelated_but_people_differ() -> None:
    people = 300
    ages = [int(draw_person(SimulateConfig(), SEED, f"sub-{k:03d}").traits["age"].iloc[0]) for k in range(people)]
    with_effects = _styles(SimulateConfig(), people)["rsa_bpm"]
    without = _styles(SimulateConfig(trait_effects=0.0), people)["rsa_bpm"]
    assert np.corrcoef(np.log(with_effects), ages)[0, 1] < -0.25
    assert abs(np.corrcoef(np.log(without), ages)[0, 1]) < 0.2
    assert without.std() > 0.2 * without.mean()


def test_a_person_does_not_depend_on_the_cohort_or_on_other_people() -> None:
    small, large = SimulateConfig(participants=3), SimulateConfig(participants=300)
    one, two = draw_person(small, SEED, "sub-002"), draw_person(large, SEED, "sub-002")
    pd.testing.assert_frame_equal(one.traits, two.traits)
    np.testing.assert_array_equal(one.own, two.own)
    assert not np.allclose(one.own, draw_person(small, SEED, "sub-003").own)


def test_mood_depends_weakly_on_how_the_recording_was_breathed() -> None:
    rates, moods, nulls = [], [], []
    for number in range(500):
        for config, mood in ((SimulateConfig(), moods), (SimulateConfig(mood_effect=0.0), nulls)):
            person = draw_person(config, SEED, f"sub-{number:03d}")
            state = draw_state(config, SEED, person, session="", mode="nasal", task="rest")
            mood.append(state.mood)
            if mood is moods:
                rates.append(np.log(state.style["rate_bpm"]) - (person.own + person.of_mode["nasal"])[0])
    assert -0.4 < np.corrcoef(rates, moods)[0, 1] < -0.12
    assert abs(np.corrcoef(rates, nulls)[0, 1]) < 0.12


def test_every_constant_has_a_unit_and_a_source() -> None:
    table = constants_table()
    assert table["name"].is_unique
    assert (table[["unit", "source"]].apply(lambda column: column.str.strip().str.len()) > 0).all().all()
    assert np.isfinite(table["value"]).all()
