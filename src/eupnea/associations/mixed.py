"""What mode, task, time on task, age, sex and BMI do to each feature: mixed models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.associations.random_intercept import RandomIntercept, fit_random_intercept
from eupnea.associations.reliability import filled_features, one_length
from eupnea.associations.terms import Terms, build_terms
from eupnea.config.associations import AssociationsConfig
from eupnea.evidence.correction import benjamini_hochberg
from eupnea.evidence.metrics import MetricRow, metric_row, metrics_frame, missing_row

FloatArray = NDArray[np.float64]

ANALYSIS = "mixed_model"

MODEL = "random_intercept"

SKEW_LIMIT, KURTOSIS_LIMIT = 1.0, 3.0
"""Skewness and excess kurtosis of residuals beyond which they are flagged as not normal."""

SPREAD_LIMIT = 0.3
"""Rank correlation of the size of residuals with the fitted values beyond which the spread is flagged as uneven."""

MIN_ROWS_PER_TERM = 3
"""Rows that a feature needs per column of the model."""


def mixed_models(
    windows: pd.DataFrame, participants: pd.DataFrame, dictionary: pd.DataFrame, *, config: AssociationsConfig
) -> pd.DataFrame:
    """Model each feature on mode × task + time on task + age + sex + BMI with a random intercept per participant.

    Windows of one recording are more alike than a random intercept can tell, so standard errors come from leaving out
    one participant at a time, with Student's t on the number of participants (less the effects between them).

    Parameters
    ----------
    windows
        Features of windows; one length of windows is used.
    participants
        Demographics.
    dictionary
        What features mean; the family of each is taken from its name.
    config
        The associations block.

    Returns
    -------
    pandas.DataFrame
        Rows with analysis ``mixed_model``, `term` and `feature`: ``beta`` (unit of the feature, per unit of the term),
        ``effect_size`` (standard deviations of the feature: for a category, or per SD of a number), ``person_share``
        (share of the variance that is between people), ``residual_check`` (1 where residuals are skewed, heavy-tailed
        or unevenly spread; the reason says which). An effect that the dataset cannot tell has a row with its reason.
    """
    del dictionary
    rows: list[MetricRow] = []
    kept = one_length(windows, config).reset_index(drop=True)
    for modality in config.modalities:
        features, _ = filled_features(kept, modality)
        if not features:
            reason = f"no window has {modality} features"
            rows.append(missing_row(ANALYSIS, "beta", reason, modality=modality, model=MODEL))
            continue
        rows += _modality_rows(kept, participants, modality, features, config)
    table = metrics_frame(rows)
    for _, part in table.groupby(["term", "metric"], sort=True):
        table.loc[part.index, "p_adjusted"] = benjamini_hochberg(part["p_value"])
    table["correction"] = table["correction"].where(table["p_adjusted"].isna(), "Benjamini-Hochberg over features")
    return table


def _modality_rows(
    windows: pd.DataFrame, participants: pd.DataFrame, modality: str, features: list[str], config: AssociationsConfig
) -> list[MetricRow]:
    values = windows[features].to_numpy(dtype=float)
    known = np.isfinite(values)
    base: dict[str, Any] = {"modality": modality, "model": MODEL, "window_s": float(windows["window_s"].iloc[0])}
    patterns: dict[bytes, list[int]] = {}
    for index in range(len(features)):
        patterns.setdefault(np.packbits(known[:, index]).tobytes(), []).append(index)
    rows: list[MetricRow] = []
    complete = known.any(axis=1)
    for effect, reason in build_terms(windows[complete], participants, config).missing.items():
        rows.append(missing_row(ANALYSIS, "beta", reason, term=effect, **base))
    fitted: list[MetricRow] = []
    for indices in patterns.values():
        names = [features[index] for index in indices]
        used = known[:, indices[0]]
        fitted += _pattern_rows(windows[used], values[used][:, indices], names, participants, base, config)
    order = {name: rank for rank, name in enumerate(features)}
    return rows + sorted(fitted, key=lambda row: order[str(row["feature"])])


def _pattern_rows(
    windows: pd.DataFrame,
    values: FloatArray,
    names: list[str],
    participants: pd.DataFrame,
    base: dict[str, Any],
    config: AssociationsConfig,
) -> list[MetricRow]:
    people, labels = pd.factorize(windows["participant"], sort=True)
    if len(labels) < config.min_participants or len(windows) <= len(labels):
        reason = f"{len(labels)} participants with {len(windows)} windows have the feature"
        return [_not_supported(name, reason, base) for name in names]
    terms = build_terms(windows, participants, config)
    x = np.column_stack([np.ones(len(windows)), *terms.columns.values()])
    if len(windows) < MIN_ROWS_PER_TERM * x.shape[1]:
        return [_not_supported(name, f"{len(windows)} windows have the feature", base) for name in names]
    varying = values.std(axis=0) > 1e-12 * np.maximum(np.abs(values).max(axis=0), 1e-300)
    rows = [_not_supported(names[i], "the feature does not vary", base) for i in np.flatnonzero(~varying)]
    if not varying.any():
        return rows
    fit = fit_random_intercept(x, values[:, varying], people)
    flags = _residual_flags(fit, values[:, varying])
    counts = {"n_participants": len(labels), "n_observations": len(windows)}
    for place, index in enumerate(np.flatnonzero(varying)):
        columns = {**base, **counts, "feature": names[index], "family": names[index].split("__")[1]}
        rows += _feature_rows(fit, place, terms, x, len(labels), columns, config)
        flagged = "; ".join(flags[place])
        rows.append(metric_row(ANALYSIS, "residual_check", float(bool(flagged)), **columns, reason=flagged))
    return rows


def _feature_rows(
    fit: RandomIntercept,
    place: int,
    terms: Terms,
    x: FloatArray,
    n_people: int,
    columns: dict[str, Any],
    config: AssociationsConfig,
) -> list[MetricRow]:
    from scipy.stats import t

    total = float(fit.residual_variance[place] + fit.person_variance[place])
    rows = [metric_row(ANALYSIS, "person_share", float(fit.person_variance[place]) / total, **columns)]
    for number, name in enumerate(terms.columns, start=1):
        beta, se = float(fit.beta[place, number]), float(fit.se_robust[place, number])
        free = n_people - 1 - (len(terms.between) if name in terms.between else 0)
        reach = se * float(t.ppf(0.5 + config.level / 2, free))
        p_value = float(2 * t.sf(abs(beta) / se, free)) if se > 0 else float("nan")
        unit = 1.0 if "[" in name else float(x[:, number].std())
        for metric, scale in (("beta", 1.0), ("effect_size", unit / np.sqrt(total))):
            interval = {"se": se * scale, "ci_low": (beta - reach) * scale, "ci_high": (beta + reach) * scale}
            rows.append(metric_row(ANALYSIS, metric, beta * scale, term=name, **columns, **interval, p_value=p_value))
    return rows


def _residual_flags(fit: RandomIntercept, values: FloatArray) -> list[list[str]]:
    from scipy.stats import kurtosis, rankdata, skew

    residuals = fit.residuals
    fitted = values - residuals
    skewness, tails = skew(residuals, axis=0), kurtosis(residuals, axis=0)
    sizes, places = rankdata(np.abs(residuals), axis=0), rankdata(fitted, axis=0)
    sizes, places = sizes - sizes.mean(axis=0), places - places.mean(axis=0)
    scale = np.sqrt((sizes**2).sum(axis=0) * (places**2).sum(axis=0))
    uneven = (sizes * places).sum(axis=0) / np.where(scale > 0, scale, 1.0)
    flags: list[list[str]] = []
    for index in range(residuals.shape[1]):
        found = []
        if abs(skewness[index]) > SKEW_LIMIT:
            found.append(f"residuals are skewed ({skewness[index]:.1f})")
        if tails[index] > KURTOSIS_LIMIT:
            found.append(f"residuals have heavy tails (excess kurtosis {tails[index]:.1f})")
        if abs(uneven[index]) > SPREAD_LIMIT:
            found.append(f"the spread of residuals follows the fitted values (rank correlation {uneven[index]:.2f})")
        flags.append(found)
    return flags


def _not_supported(name: str, reason: str, base: dict[str, Any]) -> MetricRow:
    columns = {**base, "feature": name, "family": name.split("__")[1]}
    return missing_row(ANALYSIS, "beta", reason, status="not_supported", **columns)
