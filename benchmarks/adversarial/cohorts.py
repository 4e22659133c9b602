"""Age under attack on simulated cohorts with known truth, and on a study's features.

Run `python cohorts.py simulated OUT` or `python cohorts.py FOLDER MODALITY OUT` (the folder of a finished study) in
eupnea's environment: OUT.tsv and OUT.md are written. See README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from eupnea.adversarial import age_models
from eupnea.config.adversarial import AdversarialConfig
from eupnea.evidence.intervals import bca_interval
from eupnea.simulate.observer import SAMPLING_SD
from eupnea.simulate.people import NAMES, PERSON_SD, RECORDING_SD, draw_traits, trait_shift

SEEDS, PEOPLE, FEATURES, WINDOWS = range(1, 7), 100, 120, 5
"""Cohorts, people in each, features of each person, and windows that a feature is the mean of."""

EPSILON = 0.1
CONFIG = AdversarialConfig(epsilons_inf=[0.0, 0.05, EPSILON, 0.2], epsilons_2=[0.0])
CHOSEN = ("adversarial_inf", "adversarial_inf_robust")
"""The adversarial linear models that are compared with all others: the radius without tuning, and tuned."""


def simulated(seed: int, *, effects: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw people as the simulator does, and features that are noisy mixtures of what their recordings show.

    Parameters
    ----------
    seed
        Of the cohort.
    effects
        Strength of the effects of age, sex and BMI; 0: none.

    Returns
    -------
    windows, participants
        One row per person.
    """
    rng = np.random.default_rng([seed, PEOPLE, FEATURES])
    traits = draw_traits(rng, PEOPLE)
    spread = np.sqrt(PERSON_SD**2 + RECORDING_SD**2 + SAMPLING_SD**2 / WINDOWS)
    shown = (effects * trait_shift(traits) + spread * rng.standard_normal((PEOPLE, len(NAMES)))) / spread
    mixing = np.where(rng.random((len(NAMES), FEATURES)) < 0.15, rng.standard_normal((len(NAMES), FEATURES)), 0.0)
    values = shown @ mixing + 0.5 * rng.standard_normal((PEOPLE, FEATURES))
    names = [f"respiration__mixed__f{number:03d}" for number in range(FEATURES)]
    people = [f"sub-{number:03d}" for number in range(PEOPLE)]
    keys = {"recording": people, "participant": people, "session": "", "mode": "", "task": "", "run": "", "block": ""}
    windows = pd.DataFrame({**keys, "start_s": 0.0, "window_s": 60.0, "time_on_task_s": 0.0, "quality": 1.0})
    windows = pd.concat([windows, pd.DataFrame(values, columns=names)], axis=1)
    return windows, pd.DataFrame({"participant": people, "age": traits["age"].to_numpy()})


def errors(windows: pd.DataFrame, participants: pd.DataFrame, modality: str, seed: int) -> pd.DataFrame:
    """Return the absolute error of each person (rows) by model and ε (columns), and the attack's name in `attrs`."""
    nothing = pd.DataFrame()
    found = age_models(windows, nothing, participants, nothing, modality=modality, config=CONFIG, seed=seed)
    rows = found.predictions[found.predictions["norm"] == "inf"]
    rows = rows.assign(error=(rows["y_true"] - rows["y_pred"]).abs())
    table = rows.pivot_table(index="participant", columns=["model", "epsilon"], values="error", sort=False)
    exact = rows[rows["epsilon"] > 0].groupby("model")["attack_is_exact"].all()
    table.attrs = {"linear": [str(name) for name in exact.index[exact] if name not in ("median", "selected")]}
    verdicts = found.metrics[found.metrics["metric"] == "n_models_better_than_median"]
    table.attrs["verdict"] = dict(zip(verdicts["epsilon"], verdicts["reason"], strict=True))
    return table


def interval(values: np.ndarray) -> str:
    """Write a mean with its 95 % interval over people."""
    found = bca_interval(values, n_boot=2000, seed=[1])
    return f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"


def is_worse(one: pd.Series, other: pd.Series) -> bool:
    """Say whether the first loses by more than the interval of the paired difference."""
    return bca_interval((one - other).to_numpy(), n_boot=1000, seed=[1]).low > 0


def tables(cohorts: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the errors of every model, and the comparisons of the adversarial ones with all others under attack."""
    pooled = pd.concat(cohorts)
    models = list(dict.fromkeys(pooled.columns.get_level_values("model")))
    sizes = sorted(set(pooled.columns.get_level_values("epsilon")))
    shown = [
        {"model": name, **{f"ε = {size:g}": interval(pooled[name, size].to_numpy()) for size in sizes}}
        for name in models
    ]
    compared = []
    linear = cohorts[0].attrs["linear"]
    for chosen in CHOSEN:
        for rival in models:
            if rival in (chosen, "selected"):
                continue
            lost = sum(is_worse(one[chosen, EPSILON], one[rival, EPSILON]) for one in cohorts)
            difference = (pooled[chosen, EPSILON] - pooled[rival, EPSILON]).to_numpy()
            row = {"model": chosen, "minus": rival, "rival is linear": "yes" if rival in linear else ""}
            row |= {"difference at ε = 0.1": interval(difference), "cohorts lost": f"{lost} of {len(cohorts)}"}
            compared.append(row)
    return pd.DataFrame(shown), pd.DataFrame(compared)


def markdown(table: pd.DataFrame) -> str:
    """Write a table as Markdown."""
    lines = [table.columns, ["---"] * table.shape[1], *table.to_numpy(dtype=str)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def main(arguments: list[str]) -> None:
    """Run what the arguments ask for and write the tables."""
    target = Path(arguments[-1])
    if arguments[0] == "simulated":
        cohorts = [errors(*simulated(seed), "respiration", seed) for seed in SEEDS]
        silent = errors(*simulated(1, effects=0.0), "respiration", 1).attrs["verdict"]
        words = [f"Cohort {seed}: {one.attrs['verdict']}." for seed, one in zip(SEEDS, cohorts, strict=True)]
        words.append(f"Without any effect of age: {silent}.")
    else:
        folder = Path(arguments[0])
        windows = pd.read_parquet(folder / "features" / "windows.parquet")
        participants = pd.read_csv(folder / "recordings" / "participants.tsv", sep="\t", dtype={"participant": str})
        cohorts = [errors(windows, participants, arguments[1], 1)]
        words = [f"{cohorts[0].attrs['verdict']}"]
    shown, compared = tables(cohorts)
    shown.merge(compared, how="outer", on="model").to_csv(target.with_suffix(".tsv"), sep="\t", index=False)
    text = [f"{sum(len(one) for one in cohorts)} people.", markdown(shown), markdown(compared), "\n".join(words)]
    target.with_suffix(".md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
