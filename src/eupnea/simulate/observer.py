"""What a perfect observer of the simulated people could tell, from the generator's parameters alone.

The observer sees every style parameter with nothing but the error that one window of breathing has by nature, knows
all variances, and combines parameters as a Gaussian should. No signal is made and no pipeline is run: the report shows
these numbers beside those of the pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.io.seeds import seed_for
from eupnea.simulate.cohort import cohort_size
from eupnea.simulate.constants import CONSTANTS, STYLE
from eupnea.simulate.people import (
    DAY_SD,
    MODE_SD,
    NAMES,
    ORAL,
    PERSON_SD,
    RECORDING_SD,
    draw_traits,
    mean_kept_nasal,
    oral_effect,
    trait_shift,
)
from eupnea.simulate.sensors import sensor_variation

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig

Array = NDArray[np.float64]

SAMPLING_SD = np.array([one.sampling_sd for one in STYLE])
"""Error of every parameter from one window; none of it lasts beyond the window."""
_CONTROLS = ("cardiogenic_l_s",)
"""Style parameters that no modality may use."""
COLUMNS = ["quantity", "modality", "feature", "protocol", "target", "window_s", "gallery_size", "n_people", "value"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two recordings of everybody: what they share, and what each has of its own, shape (people, parameters)."""

    shared: Array
    enrolled_own: Array
    probe_own: Array


def oracle(config: SimulateConfig, seed: int) -> pd.DataFrame:
    """Compute what can be told about the simulated people at best.

    Parameters
    ----------
    config
        Strengths and size of the cohort.
    seed
        Seed of the study.

    Returns
    -------
    DataFrame
        One row per number; columns that do not apply are empty. ``explained_variance`` and ``d_prime`` per style
        parameter from one window, ``rank1`` and ``eer`` per modality (one window against an enrolled recording),
        within a mode (rest → task), across modes and across days; ``r2`` (age, BMI) and ``auc`` (sex) from the mean of
        one recording.
    """
    rng = np.random.default_rng(seed_for(seed, "simulate", "oracle"))
    count = int(CONSTANTS["oracle_people"])
    traits = draw_traits(rng, count)
    pairs, noise_sd = _pairs(config, rng, traits), SAMPLING_SD
    window = {"window_s": CONSTANTS["oracle_window_s"], "n_people": count}
    rows: list[dict[str, object]] = []
    for protocol, pair in pairs.items():
        rows += [window | {"protocol": protocol} | row for row in _per_parameter(rng, pair, noise_sd)]
        for modality, used in _modalities().items():
            found = _identification(config, rng, pair, noise_sd, used)
            rows += [window | {"protocol": protocol, "modality": modality} | row for row in found]
    seen = _seen(rng, pairs["within_mode"], noise_sd)
    for modality, used in _modalities().items():
        rows += [{"n_people": count, "modality": modality} | row for row in _traits(seen[:, used], traits)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    texts = ["quantity", "modality", "feature", "protocol", "target"]
    return table.assign(**{name: table[name].fillna("").astype("str") for name in texts})


def _modalities() -> dict[str, Array]:
    """Return the positions of the style parameters that each modality sees."""
    of = {name: [k for k, one in enumerate(STYLE) if one.modality == name] for name in ("respiration", "cardiac")}
    of["respiration"] = [k for k in of["respiration"] if NAMES[k] not in _CONTROLS]
    return {name: np.array(found) for name, found in (of | {"all": of["respiration"] + of["cardiac"]}).items()}


def _pairs(config: SimulateConfig, rng: np.random.Generator, traits: pd.DataFrame) -> dict[str, _Pair]:
    """Draw the recordings of everybody that the protocols compare."""
    count, width, s = len(traits), len(NAMES), config.signature

    def draw(sd: Array) -> Array:
        return np.asarray(s * sd * rng.standard_normal((count, width)), dtype=float)

    own = draw(PERSON_SD) + s * config.trait_effects * trait_shift(traits)
    nasal, oral, day, other_day = draw(MODE_SD), draw(MODE_SD) + _oral(config, rng, count), draw(DAY_SD), draw(DAY_SD)
    own = own + _sensor(config.sensor_signature * CONSTANTS["sensor_gain_sd"], rng, count)
    now, then, later = (
        draw(RECORDING_SD) + _sensor(sensor_variation(config) * CONSTANTS["flow_gain_sd"], rng, count) for _ in range(3)
    )
    return {
        "within_mode": _Pair(own + nasal + day, now, then),
        "across_modes": _Pair(own + day, nasal + now, oral + later),
        "across_days": _Pair(own + nasal, day + now, other_day + later),
    }


def _sensor(sd: float, rng: np.random.Generator, count: int) -> Array:
    """Return the gain of the respiration device, which only tidal volume and its like can feel."""
    gain = np.zeros((count, len(NAMES)))
    gain[:, NAMES.index("tidal_volume_l")] = sd * rng.standard_normal(count)
    return gain


def _oral(config: SimulateConfig, rng: np.random.Generator, count: int) -> Array:
    """Return how far the effect of oral breathing differs from the average: some keep breathing through the nose."""
    c = CONSTANTS
    keeps = rng.random(count) < c["keeps_nasal_share"]
    kept = np.where(keeps, rng.uniform(c["kept_nasal_low"], c["kept_nasal_high"], count), c["leak_share"])
    share = 1 - mean_kept_nasal() + min(config.signature, 1) * (mean_kept_nasal() - kept)
    return np.asarray(np.outer(oral_effect(share) - 1, ORAL), dtype=float)


def _per_parameter(rng: np.random.Generator, pair: _Pair, noise_sd: Array) -> list[dict[str, object]]:
    """Return explained variance and d′ of every parameter, from one window on either side."""
    noise = noise_sd * rng.standard_normal((2, *pair.shared.shape))
    one, two = pair.shared + pair.enrolled_own + noise[0], pair.shared + pair.probe_own + noise[1]
    between = pair.shared.var(axis=0)
    total = (one.var(axis=0) + two.var(axis=0)) / 2
    genuine, impostor = np.abs(one - two), np.abs(one - np.roll(two, 1, axis=0))
    spread = np.sqrt((genuine.var(axis=0) + impostor.var(axis=0)) / 2)
    d_prime = (impostor.mean(axis=0) - genuine.mean(axis=0)) / spread
    rows: list[dict[str, object]] = []
    for k, parameter in enumerate(STYLE):
        about = {"feature": parameter.name, "modality": parameter.modality}
        rows.append({"quantity": "explained_variance", **about, "value": float(between[k] / total[k])})
        rows.append({"quantity": "d_prime", **about, "value": float(d_prime[k])})
    return rows


def _seen(rng: np.random.Generator, pair: _Pair, noise_sd: Array) -> Array:
    """Return the mean over the enrolment windows of one recording of everybody."""
    error = noise_sd / np.sqrt(CONSTANTS["oracle_enrolment_windows"])
    return np.asarray(pair.shared + pair.enrolled_own + error * rng.standard_normal(pair.shared.shape), dtype=float)


def _identification(
    config: SimulateConfig, rng: np.random.Generator, pair: _Pair, noise_sd: Array, used: Array
) -> list[dict[str, object]]:
    """Identify one probe window of everybody among galleries of the cohort's size."""
    size = min(cohort_size(config).participants, len(pair.shared))
    enrolled = _seen(rng, pair, noise_sd)[:, used]
    probe = (pair.shared + pair.probe_own + noise_sd * rng.standard_normal(pair.shared.shape))[:, used]
    enrolled, probe, between, within = _standardised(pair, noise_sd, used, enrolled, probe)
    hits, genuine, impostor = [], [], []
    galleries = max(1, min(len(probe) // size, int(CONSTANTS["oracle_max_galleries"])))
    for gallery in range(galleries):
        members = slice(gallery * size, (gallery + 1) * size)
        scores = _log_likelihood_ratio(enrolled[members], probe[members], between, within)
        order = np.argmax(scores, axis=1)
        hits += (order == np.arange(size)).tolist()
        genuine.append(np.diag(scores))
        impostor.append(scores[~np.eye(size, dtype=bool)])
    return [
        {"quantity": "rank1", "gallery_size": size, "value": float(np.mean(hits))},
        {"quantity": "eer", "gallery_size": size, "value": _eer(np.concatenate(genuine), np.concatenate(impostor))},
    ]


def _standardised(
    pair: _Pair, noise_sd: Array, used: Array, enrolled: Array, probe: Array
) -> tuple[Array, Array, Array, tuple[Array, Array]]:
    """Centre both sides; return them with the variances between people, and within on either side."""
    between = pair.shared[:, used].var(axis=0)
    error = noise_sd[used] ** 2
    within_enrolled = pair.enrolled_own[:, used].var(axis=0) + error / CONSTANTS["oracle_enrolment_windows"]
    within_probe = pair.probe_own[:, used].var(axis=0) + error
    return enrolled - enrolled.mean(axis=0), probe - probe.mean(axis=0), between, (within_enrolled, within_probe)


def _log_likelihood_ratio(enrolled: Array, probe: Array, between: Array, within: tuple[Array, Array]) -> Array:
    """Return log p(probe | same person) - log p(probe), shape (probes, enrolled), for independent Gaussians."""
    gain = between / (between + within[0])
    variance = between * within[0] / (between + within[0]) + within[1]
    marginal = between + within[1]
    distance = ((probe[:, None, :] - gain * enrolled[None, :, :]) ** 2 / variance).sum(axis=2)
    unconditional = (probe**2 / marginal).sum(axis=1)[:, None]
    return np.asarray((unconditional - distance + np.log(marginal / variance).sum()) / 2, dtype=float)


def _eer(genuine: Array, impostor: Array) -> float:
    """Return the equal error rate; half where scores tell nothing."""
    if np.ptp(np.r_[genuine, impostor]) == 0:
        return 0.5
    thresholds = np.sort(genuine)
    missed = np.arange(thresholds.size) / thresholds.size
    false = 1 - np.searchsorted(np.sort(impostor), thresholds, side="left") / impostor.size
    at = int(np.argmin(np.abs(missed - false)))
    return float((missed[at] + false[at]) / 2)


def _traits(seen: Array, traits: pd.DataFrame) -> list[dict[str, object]]:
    """Predict age, BMI and sex by linear combination, each half of the people from the other."""
    bmi = (traits["weight_kg"] / (traits["height_cm"] / 100) ** 2).to_numpy()
    rows: list[dict[str, object]] = []
    for name, target in (("age", traits["age"].to_numpy(float)), ("bmi", bmi)):
        fitted = _crossed(seen, target)
        r2 = 1 - float(((target - fitted) ** 2).sum() / ((target - target.mean()) ** 2).sum())
        rows.append({"quantity": "r2", "target": name, "value": r2})
    woman = (traits["sex"] == "female").to_numpy()
    rows.append({"quantity": "auc", "target": "sex", "value": _auc(_crossed(seen, woman.astype(float)), woman)})
    return rows


def _crossed(seen: Array, target: Array) -> Array:
    """Return the linear prediction of every person from the other half of the people."""
    design = np.column_stack([np.ones(len(seen)), seen])
    fold = np.arange(len(seen)) % 2
    fitted = np.empty(len(seen))
    for half in (0, 1):
        weights = np.linalg.lstsq(design[fold != half], target[fold != half], rcond=None)[0]
        fitted[fold == half] = design[fold == half] @ weights
    return fitted


def _auc(score: Array, positive: NDArray[np.bool_]) -> float:
    from scipy.stats import rankdata

    ranks, count = rankdata(score), int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (positive.size - count)))
