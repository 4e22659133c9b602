"""How reliable each feature is: within a condition, and across modes, tasks, sessions and runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.associations.icc import Icc, intraclass_correlations, median_icc
from eupnea.config.associations import AssociationsConfig
from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.metrics import MetricRow, metric_row, metrics_frame, missing_row
from eupnea.features.columns import feature_columns

FloatArray = NDArray[np.float64]

ACROSS = {"modes": "mode", "tasks": "task", "sessions": "session", "runs": "run"}
"""What changes between the measurements, and the column that tells."""

CONDITION = ["session", "mode", "task"]
"""What a condition is."""


def reliability(
    windows: pd.DataFrame, recording_features: pd.DataFrame, dictionary: pd.DataFrame, *, config: AssociationsConfig
) -> pd.DataFrame:
    """Give intraclass correlations, standard errors of measurement and detectable changes of every feature.

    Parameters
    ----------
    windows, recording_features
        Features of windows and of whole recordings.
    dictionary
        What features mean; the family of each is taken from its name.
    config
        The associations block.

    Returns
    -------
    pandas.DataFrame
        Rows with analysis ``reliability``. `term` says what is repeated: ``windows`` (of one condition, named in
        `subset`), or ``modes``, ``tasks``, ``sessions``, ``runs`` (means per person, what else there is averaged).
        Metrics ``icc_1_1``, ``icc_2_1``, ``icc_3_1``, ``sem``, ``mdc``, and ``icc_3_1_median`` over the features.
        What the dataset cannot tell has a reason.
    """
    del dictionary
    rows: list[MetricRow] = []
    kept = one_length(windows, config)
    for modality in config.modalities:
        features, empty = filled_features(kept, modality)
        if empty:
            reason = f"{len(empty)} features have no value in any window: {_shortened(empty)}"
            rows.append(missing_row("reliability", "icc_3_1", reason, status="not_supported", modality=modality))
        if features:
            base = {"modality": modality, "window_s": float(kept["window_s"].iloc[0]), "level": "window"}
            rows += _across(kept, features, base, config) + _within(kept, features, base, config)
        features, _ = filled_features(recording_features, modality)
        if features:
            rows += _across(recording_features, features, {"modality": modality, "level": "recording"}, config)
    table = metrics_frame(rows)
    for _, part in table.groupby(["term", "subset", "metric", "level"], sort=True):
        table.loc[part.index, "p_adjusted"] = benjamini_hochberg(part["p_value"])
    tested = table["p_adjusted"].notna()
    table["correction"] = table["correction"].where(~tested, "Benjamini-Hochberg over features")
    return table


def one_length(windows: pd.DataFrame, config: AssociationsConfig) -> pd.DataFrame:
    """Keep the windows of one length (that of the config, else the shortest), in order of recording and time."""
    length = config.window_s if config.window_s is not None else windows["window_s"].min()
    kept = windows if pd.isna(length) else windows[windows["window_s"] == length]
    return kept.sort_values(["recording", "start_s"], kind="stable")


def filled_features(frame: pd.DataFrame, modality: str) -> tuple[list[str], list[str]]:
    """Give the features of a modality that have a value somewhere, and those that have none."""
    columns = feature_columns(frame, modality)
    known = frame[columns].notna().any() if len(frame) else pd.Series(False, index=columns)
    return [name for name in columns if known[name]], [name for name in columns if not known[name]]


def _shortened(names: list[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (", …" if len(names) > shown else "")


def _within(
    windows: pd.DataFrame, features: list[str], keys: dict[str, Any], config: AssociationsConfig
) -> list[MetricRow]:
    rows = []
    for condition, part in windows.groupby(CONDITION, sort=True):
        subset = _subset(condition)
        spread = _evenly(part, config)
        base = {**keys, "term": "windows", "subset": subset}
        if spread is None:
            reason = f"fewer than {config.min_participants} participants with two windows in {subset or 'the dataset'}"
            rows.append(missing_row("reliability", "icc_3_1", reason, **base))
            continue
        rows += _table_rows(spread, features, base, config)
    return rows


def _evenly(part: pd.DataFrame, config: AssociationsConfig) -> pd.DataFrame | None:
    counts = part.groupby("participant", sort=True).size()
    enough = np.sort(counts.to_numpy())[::-1]
    if len(enough) < config.min_participants:
        return None
    k = int(min(np.quantile(enough, 0.25, method="lower"), config.max_windows))
    k = max(k, min(2, int(enough[config.min_participants - 1])))
    if k < 2:
        return None
    people = [rows for _, rows in part.groupby("participant", sort=True) if len(rows) >= k]
    chosen = [rows.iloc[np.linspace(0, len(rows) - 1, k).round().astype(int)].assign(turn=range(k)) for rows in people]
    return pd.concat(chosen, ignore_index=True)


def _across(
    frame: pd.DataFrame, features: list[str], keys: dict[str, Any], config: AssociationsConfig
) -> list[MetricRow]:
    rows = []
    for term, column in ACROSS.items():
        base = {**keys, "term": term}
        found = frame[frame[column] != ""]
        if found[column].nunique() < 2:
            if base["level"] == "window":
                reason = f"the dataset has one {column} only"
                rows.append(missing_row("reliability", "icc_3_1", reason, **base))
            continue
        others = [name for name in ("session", "mode", "task", "run") if name != column]
        cells = found.groupby(["participant", column, *others], sort=True)[features].mean().reset_index()
        means = _matched(cells, column, others, features)
        if not len(means):
            rows.append(missing_row("reliability", "icc_3_1", f"nobody has two {term}", **base))
            continue
        rows += _table_rows(means.rename(columns={column: "turn"}), features, base, config)
    return rows


def _matched(cells: pd.DataFrame, column: str, others: list[str], features: list[str]) -> pd.DataFrame:
    """Average over the other conditions, but only those that a person has at every value of `column`.

    Values that fewer than half of the people with two of them have (a fifth session) are left out.
    """
    values = cells[["participant", column]].drop_duplicates()
    repeated = values[values.groupby("participant")[column].transform("size") > 1]
    counts = repeated[column].value_counts()
    kept = sorted(str(value) for value in counts.index[counts >= repeated["participant"].nunique() / 2])
    cells = cells[cells[column].isin(kept)]
    have = cells.groupby(["participant", *others])[column].transform("nunique")
    if (have >= len(kept)).any():
        cells = cells[have >= len(kept)]
    return cells.groupby(["participant", column], sort=True)[features].mean().reset_index()


def _table_rows(
    frame: pd.DataFrame, features: list[str], base: dict[str, Any], config: AssociationsConfig
) -> list[MetricRow]:
    values = _cube(frame, features)
    full = np.asarray(np.isfinite(values).all(axis=1))
    rows: list[MetricRow] = []
    patterns: dict[bytes, list[int]] = {}
    for index in range(len(features)):
        patterns.setdefault(full[:, index].tobytes(), []).append(index)
    for indices in patterns.values():
        people = full[:, indices[0]]
        names = [features[index] for index in indices]
        if people.sum() < config.min_participants or values.shape[1] < 2:
            reason = f"{int(people.sum())} participants have the feature in every measurement"
            rows += [_missing(name, reason, base) for name in names]
            continue
        icc = intraclass_correlations(values[people][:, :, indices], level=config.level)
        for place, name in enumerate(names):
            rows += _feature_rows(icc, place, name, base)
    order = {name: rank for rank, name in enumerate(features)}
    rows.sort(key=lambda row: order[str(row["feature"])])
    known = [order[str(row["feature"])] for row in rows if row["metric"] == "icc_3_1" and row["status"] == "ok"]
    return rows + ([_median_row(values[:, :, known], base, config)] if known else [])


def _median_row(values: FloatArray, base: dict[str, Any], config: AssociationsConfig) -> MetricRow:
    """Return the median ICC(3,1) over features; its interval leaves out people, in turn."""
    median, low, high = median_icc(values, level=config.level)
    note = f"median over {values.shape[2]} features; interval by leaving out people"
    n_people = float(np.count_nonzero(np.any(np.all(np.isfinite(values), axis=1), axis=1)))
    columns = {**base, "n_participants": n_people, "reason": note}
    return metric_row("reliability", "icc_3_1_median", median, ci_low=low, ci_high=high, **columns)


def _feature_rows(icc: Icc, place: int, name: str, base: dict[str, Any]) -> list[MetricRow]:
    columns = {
        **base,
        "feature": name,
        "family": name.split("__")[1],
        "n_participants": icc.n,
        "n_observations": icc.n * icc.k,
    }
    if not np.isfinite(icc.icc_3_1[place]):
        return [_missing(name, "the feature does not vary", base)]
    rows = []
    for metric in ("icc_1_1", "icc_2_1", "icc_3_1"):
        low, high = (float(side[place]) for side in icc.intervals[metric])
        extra = {"p_value": float(icc.p_value[place])} if metric == "icc_3_1" else {}
        value = float(getattr(icc, metric)[place])
        rows.append(metric_row("reliability", metric, value, ci_low=low, ci_high=high, **columns, **extra))
    rows.append(metric_row("reliability", "sem", float(icc.sem[place]), **columns))
    rows.append(metric_row("reliability", "mdc", float(icc.mdc[place]), **columns))
    return rows


def _missing(name: str, reason: str, base: dict[str, Any]) -> MetricRow:
    columns = {**base, "feature": name, "family": name.split("__")[1]}
    return missing_row("reliability", "icc_3_1", reason, status="not_supported", **columns)


def _cube(frame: pd.DataFrame, features: list[str]) -> FloatArray:
    people, _ = pd.factorize(frame["participant"], sort=True)
    turns, labels = pd.factorize(frame["turn"], sort=True)
    cube = np.full((people.max() + 1, len(labels), len(features)), np.nan)
    cube[people, turns] = frame[features].to_numpy(dtype=float)
    return cube


def _subset(condition: tuple[str, str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in zip(CONDITION, condition, strict=True) if value)
