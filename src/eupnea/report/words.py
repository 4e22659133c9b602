"""Numbers in words: an estimate with its interval, p-value, people and chance."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

METRIC_WORDS = {
    "mae": "mean absolute error",
    "rmse": "root mean square error",
    "r2": "R²",
    "pearson_r": "correlation",
    "auc": "area under the ROC curve",
    "balanced_accuracy": "balanced accuracy",
}

MODALITY_WORDS = {
    "respiration": "breathing",
    "cardiac": "the heart",
    "coupling": "the coupling of breathing and heart",
    "all": "breathing, heart and coupling together",
    "device": "the sensor alone (control)",
    "cardiogenic": "what the heart leaves in the breathing channel (control)",
    "demographics": "age, sex and BMI alone (control)",
}
TARGET_WORDS = {"bmi": "BMI", "height_cm": "height", "weight_kg": "weight"}
TARGET_UNITS = {"age": "years", "bmi": "kg/m²", "height_cm": "cm", "weight_kg": "kg"}
TRAIT_MODEL_WORDS = {
    "selected": "selected",
    "ridge": "ridge",
    "ridge_windows": "ridge on windows",
    "kernel_ridge": "kernel ridge",
    "kernel_families": "kernel, families balanced",
    "stacked": "stack",
    "elastic_net": "elastic net",
    "xgboost": "boosted trees",
    "svm": "support vectors",
    "random_forest": "random forest",
    "demographics": "demographics alone",
    "baseline": "median or majority",
}
SHORT_MODALITY_WORDS = {
    "respiration": "breathing",
    "cardiac": "heart",
    "coupling": "coupling",
    "all": "all signals",
    "device": "sensor alone",
    "demographics": "demographics alone",
}

ALPHA = 0.05
"""Level at which a p-value counts as clear."""


CONTROL_WARNINGS = {
    "device": "The sensor alone names",
    "cardiogenic": "The heartbeat in the channel names",
    "demographics": "Age, sex and BMI alone, known exactly, name",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer: in short, then in sentences with numbers, and the figure behind it."""

    number: str
    question: str
    short: str
    sentences: list[str]
    figure: str
    is_answered: bool


def rows_of(metrics: pd.DataFrame, **keys: object) -> pd.DataFrame:
    """Return the rows whose columns have these values and whose value is known."""
    chosen = pd.Series(data=True, index=metrics.index)
    for name, value in keys.items():
        chosen &= metrics[name] == value
    return metrics[chosen & (metrics["status"] == "ok")]


def clause(row: pd.Series, *, chance: bool = True) -> str:
    """Write a row as ``0.62 [0.55, 0.70], p = 0.001, n = 40, chance 0.03``; what is missing is left out."""
    text = number(row["value"])
    if pd.notna(row["ci_low"]) and pd.notna(row["ci_high"]):
        text += f" [{number(row['ci_low'])}, {number(row['ci_high'])}]"
    if pd.notna(row["p_value"]):
        text += f", {p_value(row['p_value'], row['n_permutations'])}"
    if pd.notna(row["p_adjusted"]):
        text += f" (corrected {p_value(row['p_adjusted'], float('nan'))})"
    if pd.notna(row["n_participants"]):
        text += f", n = {row['n_participants']:.0f}"
    if chance and pd.notna(row["chance"]):
        text += f", chance {number(row['chance'])}"
    return text


def brief(row: pd.Series) -> str:
    """Write a row as ``0.62 [0.55, 0.70], p = 0.003, n = 40``: the corrected p-value where there is one."""
    decisive = row.copy()
    if pd.notna(row["p_adjusted"]):
        decisive[["p_value", "p_adjusted", "n_permutations"]] = row["p_adjusted"], float("nan"), float("nan")
    return clause(decisive, chance=False)


def verdict(row: pd.Series) -> str:
    """Say whether a row is told apart from chance, after correction where there is one; empty without a p-value."""
    p, corrected = _decisive(row)
    if pd.isna(p):
        return ""
    return f"{'better than chance' if p < ALPHA else 'not told apart from chance'}{corrected}"


def difference_verdict(row: pd.Series) -> str:
    """Say whether a difference is told apart from zero; empty without a p-value."""
    p, corrected = _decisive(row)
    if pd.isna(p):
        return ""
    return f"{'a clear difference' if p < ALPHA else 'no clear difference'}{corrected}"


def _decisive(row: pd.Series) -> tuple[float, str]:
    if pd.notna(row["p_adjusted"]):
        return float(row["p_adjusted"]), " after correction"
    return float(row["p_value"]), ""


def is_clear(row: pd.Series) -> bool:
    """Say whether a row is told apart from chance, after correction where there is one."""
    return bool(_decisive(row)[0] < ALPHA)


def note(text: str) -> str:
    """Put a remark in brackets after a number; nothing when there is none."""
    return f" ({text})" if text else ""


def grouped(groups: dict[str, list[str]]) -> str:
    """Write ``Better than chance: age, sex. Not answerable: BMI.``; empty groups are left out."""
    return " ".join(f"{name}: {', '.join(members)}." for name, members in groups.items() if members)


def term_words(term: str) -> str:
    """Write a term of a mixed model for a reader: ``mode[oral]:task[nback]`` gives ``mode (oral) × task (nback)``."""
    return (
        term.replace(":", " × ")
        .replace("[", " (")
        .replace("]", ")")
        .replace("_min", ", per minute")
        .replace("_", " ")
        .replace("bmi", "BMI")
    )


def feature_words(name: str) -> str:
    """Write ``cardiac__hrv_time__p20_ms`` as ``cardiac, hrv time: p20 ms``."""
    *group, last = str(name).split("__")
    return (", ".join(group) + ": " if group else "").replace("_", " ") + last.replace("_", " ")


def target_words(target: str, *, unit: bool = False) -> str:
    """Write the name of a target for a reader, with its unit where that is known: ``age, years``."""
    words = TARGET_WORDS.get(target, target.replace("_", " "))
    return f"{words}, {TARGET_UNITS[target]}" if unit and target in TARGET_UNITS else words


def number(value: float) -> str:
    """Write a number with as many digits as a reader needs."""
    if pd.isna(value):
        return "unknown"
    size = abs(value)
    return f"{value:.3f}" if size < 1 else f"{value:.2f}" if size < 100 else f"{value:.0f}"


def p_value(value: float, permutations: float) -> str:
    """Write a p-value; one at the resolution of its permutations is written as a bound."""
    if pd.notna(permutations) and value <= 1 / (1 + permutations) * 1.0001:
        return f"p ≤ {value:.2g}"
    return f"p = {value:.2g}" if value >= 0.0001 else "p < 0.0001"


def percent(value: float) -> str:
    """Write a share as a percentage."""
    return "unknown" if pd.isna(value) else f"{100 * value:.0f} %"


def sentence_of_metric(row: pd.Series) -> str:
    """Return the name of a metric in words."""
    return METRIC_WORDS.get(row["metric"], str(row["metric"]).replace("_", " "))


def reason_of(metrics: pd.DataFrame, **keys: object) -> str:
    """Return why rows with these values have no number; a general reason when none was noted."""
    chosen = (metrics["status"] != "ok") & (metrics["reason"] != "")
    for name, value in keys.items():
        chosen &= metrics[name] == value
    reasons = list(dict.fromkeys(metrics.loc[chosen, "reason"].str.rstrip(".")))
    return reasons[0] if reasons else "it was not asked for, or there is no such recording"
