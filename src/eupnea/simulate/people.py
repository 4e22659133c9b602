"""Draw people: their traits, their style, and what becomes of it on a day, in a mode, in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.io.seeds import seed_for
from eupnea.simulate.constants import (
    AGE_KNOTS_YEARS,
    BETWEEN_SD,
    CONSTANTS,
    RMSSD_OF_AGE_MS,
    SDNN_OF_AGE_MS,
    STYLE,
    TRAIT_EFFECTS,
)

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig

Array = NDArray[np.float64]

NAMES = tuple(one.name for one in STYLE)
_LINKS = np.array([one.link for one in STYLE])


def _on_link(value: float, link: str) -> float:
    if link == "linear":
        return value
    return float(np.log(value) if link == "log" else np.log(value / (1 - value)))


MEAN = np.array([_on_link(one.mean, one.link) for one in STYLE])
"""Population mean of every style parameter on its link scale, in the order of `NAMES`."""
PERSON_SD = np.array([one.person_sd for one in STYLE])
MODE_SD = np.array([one.mode_sd for one in STYLE])
DAY_SD = np.array([one.day_sd for one in STYLE])
RECORDING_SD = np.array([one.recording_sd for one in STYLE])
ORAL = np.array([one.oral for one in STYLE])
TASK = np.array([one.task for one in STYLE])


def style_seed(seed: int, participant: str, *labels: object) -> np.random.Generator:
    """Return the generator of one piece of one participant: nobody else's numbers depend on it."""
    return np.random.default_rng(seed_for(seed, "simulate", participant, *labels))


def draw_traits(rng: np.random.Generator, count: int = 1) -> pd.DataFrame:
    """Draw age, sex, height and weight.

    Returns
    -------
    DataFrame
        One row per person: age (years), sex (``female``, ``male``), height_cm, weight_kg.
    """
    constant = CONSTANTS
    age = np.floor(rng.uniform(constant["age_min"], constant["age_max"] + 1, count))
    woman = rng.random(count) < constant["share_women"]
    mean = np.where(woman, constant["height_women"], constant["height_men"])
    height = mean + rng.standard_normal(count) * np.where(woman, BETWEEN_SD["height_women"], BETWEEN_SD["height_men"])
    slope = constant["bmi_age_slope"] * (age - constant["age_reference"]) / 10
    bmi = constant["bmi"] * np.exp(slope + BETWEEN_SD["bmi"] * rng.standard_normal(count))
    bmi = np.clip(bmi, constant["bmi_low"], constant["bmi_high"])
    height = np.round(height)
    return pd.DataFrame(
        {
            "age": age.astype(int),
            "sex": np.where(woman, "female", "male"),
            "height_cm": height.astype(int),
            "weight_kg": np.round(bmi * (height / 100) ** 2, 1),
        }
    )


def trait_terms(traits: pd.DataFrame) -> dict[str, Array]:
    """Return what the effects of `TRAIT_EFFECTS` are multiplied with, shape (n,) each, 0 for the reference person."""
    age = traits["age"].to_numpy(float)
    woman = (traits["sex"] == "female").to_numpy(float)
    bmi = (traits["weight_kg"] / (traits["height_cm"] / 100) ** 2).to_numpy(float)
    decades = (age - CONSTANTS["age_reference"]) / 10
    tens = (bmi - CONSTANTS["bmi_reference"]) / 10
    centred = woman - CONSTANTS["share_women"]
    return {
        "age_decades": decades,
        "woman": centred,
        "woman_below_50": centred * (age < 50),
        "woman_below_55": centred * (age < 55),
        "above_60": (age > 60).astype(float),
        "man_above_60": (1 - woman) * (age > 60),
        "bmi_tens": tens,
        "bmi_squared": tens**2,
        "rmssd_of_age": _curve(age, RMSSD_OF_AGE_MS),
        "sdnn_of_age": _curve(age, SDNN_OF_AGE_MS),
    }


def _curve(age: Array, values_ms: tuple[float, ...]) -> Array:
    """Interpolate the logarithm of a published curve, relative to the reference age."""
    logs = np.log(values_ms)
    reference = np.interp(CONSTANTS["age_reference"], AGE_KNOTS_YEARS, logs)
    return np.asarray(np.interp(age, AGE_KNOTS_YEARS, logs) - reference, dtype=float)


def trait_shift(traits: pd.DataFrame) -> Array:
    """Return what age, sex and BMI add to every style parameter, shape (n, parameters), link scale."""
    terms = trait_terms(traits)
    shift = np.zeros((len(traits), len(NAMES)))
    for effect in TRAIT_EFFECTS:
        shift[:, NAMES.index(effect.parameter)] += effect.value * terms[effect.term]
    return shift


@dataclass(frozen=True, slots=True)
class Person:
    """Everything about a person that does not change from recording to recording.

    Attributes
    ----------
    participant
        Label.
    traits
        One row: age, sex, height_cm, weight_kg.
    own
        Shape (parameters,): deviation from the population on the link scale, traits included.
    of_mode
        Per mode, the further deviation in that mode.
    oral_share
        Share of ventilation that goes through the mouth when told to breathe orally.
    sensor
        Standard normal numbers of the person's own sensor: respiration gain, noise, offset, ECG gain, noise, offset.
    """

    participant: str
    traits: pd.DataFrame
    own: Array
    of_mode: dict[str, Array]
    oral_share: float
    sensor: Array


def draw_person(config: SimulateConfig, seed: int, participant: str) -> Person:
    """Draw one person; depends on the seed, the label and the strengths in the config only."""
    traits = draw_traits(style_seed(seed, participant, "traits"))
    z = style_seed(seed, participant, "style").standard_normal(len(NAMES))
    shift = trait_shift(traits)[0] * config.trait_effects
    modes = {
        mode: config.signature * MODE_SD * style_seed(seed, participant, "style", mode).standard_normal(len(NAMES))
        for mode in ("nasal", "oral")
    }
    return Person(
        participant,
        traits,
        config.signature * (PERSON_SD * z + shift),
        modes,
        _oral_share(config, style_seed(seed, participant, "oral share")),
        style_seed(seed, participant, "sensor").standard_normal(6),
    )


def _oral_share(config: SimulateConfig, rng: np.random.Generator) -> float:
    low, high = CONSTANTS["kept_nasal_low"], CONSTANTS["kept_nasal_high"]
    keeps, kept = rng.random() < CONSTANTS["keeps_nasal_share"], rng.uniform(low, high)
    own = 1 - kept if keeps else 1 - CONSTANTS["leak_share"]
    average = 1 - mean_kept_nasal()
    return float(np.clip(average + min(config.signature, 1) * (own - average), 0, 1))


def mean_kept_nasal() -> float:
    """Return the share of ventilation that stays nasal on average when people are told to breathe orally."""
    share = CONSTANTS["keeps_nasal_share"]
    kept = (CONSTANTS["kept_nasal_low"] + CONSTANTS["kept_nasal_high"]) / 2
    return share * kept + (1 - share) * CONSTANTS["leak_share"]


@dataclass(frozen=True, slots=True)
class State:
    """A person's style in one recording.

    Attributes
    ----------
    style
        Every style parameter in its own unit.
    oral_share
        Share of ventilation through the mouth.
    mood
        Mood score of the recording, points.
    """

    style: dict[str, float]
    oral_share: float
    mood: float


def draw_state(config: SimulateConfig, seed: int, person: Person, *, session: str, mode: str, task: str) -> State:
    """Draw what a person's style becomes in one recording, and the mood that goes with it."""
    label = person.participant
    day = style_seed(seed, label, "day", session).standard_normal(len(NAMES))
    now = style_seed(seed, label, "recording", session, mode, task)
    recording, mood_noise = now.standard_normal(len(NAMES)), float(now.standard_normal())
    oral_share = person.oral_share if mode == "oral" else CONSTANTS["leak_share"]
    deviation = config.signature * (DAY_SD * day + RECORDING_SD * recording)
    average = ORAL * oral_effect(oral_share) + TASK * (task != "rest")
    link = MEAN + average + person.own + person.of_mode[mode] + deviation
    mood = _mood(config, deviation, mood_noise)
    return State(dict(zip(NAMES, natural(link).tolist(), strict=True)), oral_share, mood)


def oral_effect(oral_share: float | Array) -> float | Array:
    """Scale the effect of oral breathing by its share, so that the average over people is the published one."""
    leak = CONSTANTS["leak_share"]
    return (oral_share - leak) / (1 - mean_kept_nasal() - leak)


def _mood(config: SimulateConfig, deviation: Array, noise: float) -> float:
    """Slow and even breathing goes with a better mood: correlation `mood_r` with the state of the recording."""
    spread = np.hypot(DAY_SD, RECORDING_SD)
    rate, variability = NAMES.index("rate_bpm"), NAMES.index("variability")
    state = -(deviation[rate] / spread[rate] + deviation[variability] / spread[variability]) / np.sqrt(2)
    r = min(CONSTANTS["mood_r"] * config.mood_effect, 1.0)
    score = CONSTANTS["mood"] + BETWEEN_SD["mood"] * (r * state + np.sqrt(1 - r**2) * noise)
    return float(np.round(np.clip(score, 0, 100), 1))


def natural(link: Array) -> Array:
    """Turn style parameters from their link scale, shape (…, parameters), into their own units."""
    with np.errstate(over="ignore"):
        return np.where(_LINKS == "log", np.exp(link), np.where(_LINKS == "logit", 1 / (1 + np.exp(-link)), link))
