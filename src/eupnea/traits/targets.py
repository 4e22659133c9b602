"""Turn the long table of targets into arrays that can be predicted, or into the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.traits import TargetConfig, TraitsConfig

LEVEL_KEYS = {
    "participant": ["participant"],
    "session": ["participant", "session"],
    "recording": ["participant", "recording"],
}
"""Columns that name an observation at each level."""

ORDINAL_UP_TO = 7
"""Different whole numbers up to which `auto` takes a target as ordinal."""

LONG_TAIL = 1.0
"""Skewness above which `auto` models a positive target on the log scale. It is known without any feature, and the same
for every relabelling, so that it gives nothing away."""

CENSORED = re.compile(r"[<>]?\s*(\d+(?:\.\d+)?)\s*\+?")
"""Numbers written as ``89+`` or ``> 89``: read as their bound, and counted."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target that can be predicted.

    Attributes
    ----------
    name, level, kind
        What it is; kind is ``numeric``, ``ordinal`` (worked on as numbers), ``binary`` or ``classes``.
    observations
        One row per observation: participant, session, recording (empty where the level has none).
    values
        Shape (n,): the number, or the index into `classes`.
    classes
        Names of the classes, empty for numbers.
    note
        What the reader should know: people left out, censored values.
    scale
        ``linear`` or ``log``: what models work on; predictions and errors are in the target's own unit.
    """

    name: str
    level: str
    kind: str
    observations: pd.DataFrame
    values: NDArray[np.float64]
    classes: tuple[str, ...] = ()
    note: str = ""
    scale: str = "linear"

    @property
    def is_class(self) -> bool:
        """Whether classes are predicted, not numbers."""
        return self.kind in ("binary", "classes")

    def forward(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring values to the scale that models work on."""
        return np.log(values) if self.scale == "log" else values

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring what models give back to the target's unit."""
        return np.exp(values) if self.scale == "log" else values


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A target that the dataset cannot answer, with the reason."""

    name: str
    level: str
    reason: str


@dataclass(slots=True)
class _Notes:
    parts: list[str] = field(default_factory=list)

    def add(self, count: int, what: str) -> None:
        if count:
            self.parts.append(f"{count} {what}")

    def text(self) -> str:
        return "; ".join(self.parts)


def build_target(
    targets: pd.DataFrame, spec: TargetConfig, config: TraitsConfig, available: set[str]
) -> Target | Unanswerable:
    """Read one target from the long table.

    Parameters
    ----------
    targets
        Columns participant, session, recording, name, level, value.
    spec
        Which target, and how it is to be read.
    config
        Limits for people and classes.
    available
        Participants that have features.

    Returns
    -------
    Target or Unanswerable
        The second when the column is missing or constant, or too few people have it.
    """
    if not len(targets):
        return Unanswerable(spec.name, spec.level, f"the column '{spec.name}' is not in the dataset")
    rows = targets[(targets["name"] == spec.name) & (targets["level"] == spec.level)]
    if not len(rows):
        return Unanswerable(
            spec.name, spec.level, f"the column '{spec.name}' is not in the dataset ({spec.level} level)"
        )
    rows = rows[rows["participant"].isin(available)].sort_values(LEVEL_KEYS[spec.level], kind="stable")
    rows = rows.drop_duplicates(LEVEL_KEYS[spec.level])
    text = rows["value"].map(_text)
    rows, text, notes = rows[text != ""], text[text != ""], _Notes()
    numbers = text.map(_number)
    kind = _kind(text, numbers, spec)
    if kind in ("numeric", "ordinal"):
        values = _ordered(text, spec) if spec.order else numbers
        notes.add(int(text.str.contains(r"[+<>]", regex=True).sum()), "values given as a bound are taken at the bound")
        notes.add(int(values.isna().sum()), "values are not numbers and are left out")
        return _checked(spec, kind, rows[values.notna()], values[values.notna()].to_numpy(float), (), notes, config)
    people = text.groupby(text).apply(lambda part: rows.loc[part.index, "participant"].nunique())
    classes = tuple(sorted(str(name) for name, count in people.items() if count >= config.min_class_participants))
    kept = text.isin(classes)
    notes.add(int((~kept).sum()), "observations belong to classes with too few people and are left out")
    kind = "binary" if len(classes) == 2 else "classes"
    if spec.kind == "binary" and len(classes) > 2:
        notes.parts.append(f"asked for as binary, but {len(classes)} classes have enough people ({', '.join(classes)})")
    codes = text[kept].map({name: code for code, name in enumerate(classes)}).to_numpy(float)
    return _checked(spec, kind, rows[kept], codes, classes, notes, config)


def _checked(
    spec: TargetConfig,
    kind: str,
    rows: pd.DataFrame,
    values: NDArray[np.float64],
    classes: tuple[str, ...],
    notes: _Notes,
    config: TraitsConfig,
) -> Target | Unanswerable:
    people = rows["participant"].nunique()
    if people < config.min_participants:
        reason = f"{people} participants have features and '{spec.name}'; {config.min_participants} are needed"
        return Unanswerable(spec.name, spec.level, "; ".join(filter(None, [reason, notes.text()])))
    if np.unique(values).size < 2:
        return Unanswerable(spec.name, spec.level, f"'{spec.name}' is the same for everybody")
    if spec.name == "age" and not classes and np.std(values, ddof=1) < config.narrow_age_sd:
        notes.parts.append(
            f"narrow range of age ({values.min():g} to {values.max():g}, SD {np.std(values, ddof=1):.1f}): "
            "little can be expected"
        )
    scale = _scale(spec, kind, values)
    if scale == "log":
        notes.parts.append("modelled on the log scale")
    keys = ["participant", "session", "recording"]
    observations = rows.reindex(columns=keys).fillna("").astype("str").reset_index(drop=True)
    for key in set(keys) - set(LEVEL_KEYS[spec.level]):
        observations[key] = ""
    return Target(spec.name, spec.level, kind, observations, values, classes, notes.text(), scale)


def _scale(spec: TargetConfig, kind: str, values: NDArray[np.float64]) -> str:
    if kind != "numeric" or values.min() <= 0 or spec.scale == "linear":
        return "linear"
    deviation = values - values.mean()
    skewness = float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
    return "log" if spec.scale == "log" or skewness > LONG_TAIL else "linear"


def _kind(text: pd.Series, numbers: pd.Series, spec: TargetConfig) -> str:
    if spec.kind != "auto":
        return spec.kind
    if spec.order:
        return "ordinal"
    if not len(text) or numbers.isna().mean() > 0.5:
        return "classes"
    different = np.unique(numbers.dropna())
    if different.size == 2:
        return "binary"
    few_whole = different.size <= ORDINAL_UP_TO and bool(np.all(different == np.round(different)))
    return "ordinal" if few_whole and len(text) > 2 * ORDINAL_UP_TO else "numeric"


def _ordered(text: pd.Series, spec: TargetConfig) -> pd.Series:
    return text.map({name: float(rank) for rank, name in enumerate(spec.order)})


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.17g}"
    text = str(value).strip()
    return "" if text.lower() in ("n/a", "nan", "na", "none") else text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        found = CENSORED.fullmatch(text.strip())
        return float(found.group(1)) if found else float("nan")
