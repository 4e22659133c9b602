"""The breaths of a window: the classic parameters of airflow, medians, dispersion, and what no gain can change."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import (
    WindowBreaths,
    log_of,
    ratio,
    row_mean,
    row_median,
    row_quantile,
    row_sd,
    row_spread,
    sorted_rows,
)
from eupnea.features.define import CLASSIC, OWN, breathing, in_columns
from eupnea.features.registry import Feature

Floats = NDArray[np.float64]

FAMILY = "breath"
MIN_BREATHS, MIN_SPREAD, MIN_QUANTILE = 3, 5, 5
"""Breaths that means, dispersion and quantiles need (assumed)."""
QUANTILES = (10, 25, 75, 90)
TOBIN = "Tobin et al. (1988), J Appl Physiol 65:309"

_TIMES = {
    "inhale": ("inspiration without pause", "inhale_active_s"),
    "exhale": ("expiration without pause", "exhale_active_s"),
    "inhale_pause": ("pause after inspiration, 0 counted", "inhale_pause_s"),
    "exhale_pause": ("pause after expiration, 0 counted", "exhale_pause_s"),
}
_DISTRIBUTED = {
    "ti": ("inspiratory time Ti (with its pause)", "s", "inhale_s"),
    "te": ("expiratory time Te (with its pause)", "s", "exhale_s"),
    "ttot": ("breath duration Ttot", "s", "total_s"),
    "duty": ("Ti / Ttot", "1", "duty_cycle"),
}
_AMPLITUDES = {
    "inhale_volume": ("inspired volume", "au", "inhale_volume_au"),
    "exhale_volume": ("expired volume", "au", "exhale_volume_au"),
    "inhale_peak": ("peak inspiratory flow", "au/s", "inhale_peak_au"),
    "exhale_peak": ("peak expiratory flow", "au/s", "exhale_peak_au"),
    "drive": ("inspired volume over Ti", "au/s", "drive"),
}


def _features() -> tuple[Feature, ...]:
    def feature(name: str, unit: str, definition: str, source: str = OWN, breaths: float = MIN_BREATHS) -> Feature:
        return breathing(FAMILY, name, unit, definition, source, breaths=breaths)

    found = [
        feature("rate_bpm", "1/min", "60 over the mean breath duration", CLASSIC),
        feature("interval_s", "s", "mean time between inhale onsets of successive breaths", CLASSIC),
        feature("cv_rate", "1", "SD over mean of the breath duration", CLASSIC, MIN_SPREAD),
        feature("tidal_volume", "au", "mean of inspired and expired volume", CLASSIC),
        feature("minute_ventilation", "au/min", "mean inspired volume times rate", CLASSIC),
        feature("cv_tidal_volume", "1", "SD over mean of the tidal volume", CLASSIC, MIN_SPREAD),
    ]
    for name, (words, _) in _TIMES.items():
        found += [
            feature(f"{name}_duration_s", "s", f"mean {words}", CLASSIC),
            feature(f"{name}_duty", "1", f"mean {words} over mean breath duration", CLASSIC),
            feature(f"cv_{name}_duty", "1", f"SD over mean of the share of the breath: {words}", CLASSIC, MIN_SPREAD),
        ]
    found += [
        feature(f"{side}_pause_share", "1", f"share of breaths with a pause after {words}", CLASSIC)
        for side, words in (("inhale", "inspiration"), ("exhale", "expiration"))
    ]
    for name, (words, unit, _) in _DISTRIBUTED.items():
        found += [
            feature(f"{name}_median", unit, f"median {words}"),
            feature(f"{name}_spread", unit, f"median absolute deviation (as SD) of {words}", OWN, MIN_SPREAD),
            *[feature(f"{name}_q{q}", unit, f"quantile {q} % of {words}", OWN, MIN_QUANTILE) for q in QUANTILES],
        ]
    found += [
        feature(f"{name}_cv", "1", f"SD over mean of {_DISTRIBUTED[name][0]}", TOBIN, MIN_SPREAD)
        for name in ("ti", "te", "duty")
    ]
    for name, (words, unit, _) in _AMPLITUDES.items():
        found += [
            feature(f"{name}_mean", unit, f"mean {words}", CLASSIC),
            feature(f"{name}_median", unit, f"median {words}"),
            feature(f"{name}_mean_relative", "1", f"mean over median {words} of the window"),
            feature(f"{name}_cv", "1", f"SD over mean of {words}", TOBIN, MIN_SPREAD),
            feature(f"{name}_spread_relative", "1", f"MAD (as SD) over median of {words}", OWN, MIN_SPREAD),
        ]
    found += [
        feature("minute_ventilation_relative", "1/min", "ventilation per minute over the window's median tidal volume"),
        feature("tidal_volume_relative", "1", "mean over median tidal volume of the window"),
        feature("inhale_peak_shape", "1", "median of peak inspiratory flow times Ti over inspired volume"),
        feature("exhale_peak_shape", "1", "median of peak expiratory flow times Te over expired volume"),
        feature("peak_ratio_log", "1", "median log of peak inspiratory over peak expiratory flow"),
        feature("volume_ratio_log", "1", "median log of inspired over expired volume"),
        feature("inhale_peak_time", "1", "median place of the inspiratory flow peak in Ti"),
        feature("exhale_peak_time", "1", "median place of the expiratory flow peak in Te"),
        feature("inhale_peak_time_spread", "1", "MAD (as SD) of the place of the inspiratory peak", OWN, MIN_SPREAD),
        feature("exhale_peak_time_spread", "1", "MAD (as SD) of the place of the expiratory peak", OWN, MIN_SPREAD),
        feature("te_ti_log", "1", "median log of Te over Ti"),
        feature("sigh_share", "1", "share of breaths that are sighs"),
    ]
    return tuple(found)


FEATURES = _features()


def compute(inside: WindowBreaths, windows: pd.DataFrame) -> pd.DataFrame:
    """Compute the features of the breaths of every window.

    Parameters
    ----------
    inside
        The valid breaths of each window.
    windows
        Column ``window_s``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        values = _classic(inside) | _distributions(inside) | _amplitudes(inside) | _shapes(inside)
    return in_columns(FEATURES, values, window_s=windows["window_s"].to_numpy(dtype=float), n_breaths=inside.count)


def _columns(inside: WindowBreaths) -> dict[str, Floats]:
    breaths = inside.breaths
    inhale, exhale = breaths["inhale_s"].to_numpy(dtype=float), breaths["exhale_s"].to_numpy(dtype=float)
    volume = breaths["inhale_volume_au"].to_numpy(dtype=float)
    columns = {
        "inhale_active_s": inhale - breaths["inhale_pause_s"].to_numpy(dtype=float),
        "exhale_active_s": exhale - breaths["exhale_pause_s"].to_numpy(dtype=float),
        "drive": volume / inhale,
        "tidal": (volume + breaths["exhale_volume_au"].to_numpy(dtype=float)) / 2,
    }
    return {name: inside.matrix(value) for name, value in columns.items()}


def _column(inside: WindowBreaths, made: dict[str, Floats], name: str) -> Floats:
    return made[name] if name in made else inside.matrix(name)


def _classic(inside: WindowBreaths) -> dict[str, Floats]:
    made = _columns(inside)
    total, tidal = inside.matrix("total_s"), made["tidal"]
    onset = inside.matrix("inhale_onset_s")
    between = np.where(inside.is_next, np.diff(onset, axis=1, prepend=np.nan), np.nan)
    rate = 60.0 / row_mean(total)
    values = {
        "rate_bpm": rate,
        "interval_s": row_mean(between),
        "cv_rate": row_sd(total) / row_mean(total),
        "tidal_volume": row_mean(tidal),
        "minute_ventilation": row_mean(inside.matrix("inhale_volume_au")) * rate,
        "cv_tidal_volume": row_sd(tidal) / row_mean(tidal),
        "tidal_volume_relative": ratio(row_mean(tidal), row_median(tidal)),
        "minute_ventilation_relative": ratio(row_mean(inside.matrix("inhale_volume_au")) * rate, row_median(tidal)),
        "sigh_share": row_mean(inside.matrix(inside.breaths["is_sigh"].to_numpy(dtype=float))),
    }
    for name, (_, column) in _TIMES.items():
        duration = _column(inside, made, column)
        share = duration / total
        values[f"{name}_duration_s"] = row_mean(duration)
        values[f"{name}_duty"] = row_mean(duration) / row_mean(total)
        values[f"cv_{name}_duty"] = ratio(row_sd(share), row_mean(share))
    for side in ("inhale", "exhale"):
        pause = inside.matrix(f"{side}_pause_s")
        values[f"{side}_pause_share"] = row_mean(np.where(np.isfinite(pause), pause > 0, np.nan))
    return values


def _distributions(inside: WindowBreaths) -> dict[str, Floats]:
    values = {}
    for name, (_, _, column) in _DISTRIBUTED.items():
        matrix = inside.matrix(column)
        ordered, count = sorted_rows(matrix)
        values[f"{name}_median"] = row_quantile(ordered, count, 0.5)
        values[f"{name}_spread"] = row_spread(matrix)
        values[f"{name}_cv"] = row_sd(matrix) / row_mean(matrix)
        values |= {f"{name}_q{q}": row_quantile(ordered, count, q / 100) for q in QUANTILES}
    return values


def _amplitudes(inside: WindowBreaths) -> dict[str, Floats]:
    made, values = _columns(inside), {}
    for name, (_, _, column) in _AMPLITUDES.items():
        matrix = _column(inside, made, column)
        mean, median = row_mean(matrix), row_median(matrix)
        values[f"{name}_mean"], values[f"{name}_median"] = mean, median
        values[f"{name}_mean_relative"] = ratio(mean, median)
        values[f"{name}_cv"] = ratio(row_sd(matrix), mean)
        values[f"{name}_spread_relative"] = ratio(row_spread(matrix), median)
    return values


def _shapes(inside: WindowBreaths) -> dict[str, Floats]:
    column = {name: inside.matrix(name) for name in _SHAPE_COLUMNS}
    inhale_at = (column["inhale_peak_time_s"] - column["inhale_onset_s"]) / column["inhale_s"]
    exhale_at = (column["exhale_peak_time_s"] - column["exhale_onset_s"]) / column["exhale_s"]
    inhale_peak, exhale_peak = column["inhale_peak_au"], column["exhale_peak_au"]
    return {
        "inhale_peak_shape": row_median(inhale_peak * column["inhale_s"] / column["inhale_volume_au"]),
        "exhale_peak_shape": row_median(exhale_peak * column["exhale_s"] / column["exhale_volume_au"]),
        "peak_ratio_log": row_median(log_of(inhale_peak) - log_of(exhale_peak)),
        "volume_ratio_log": row_median(log_of(column["inhale_volume_au"]) - log_of(column["exhale_volume_au"])),
        "inhale_peak_time": row_median(inhale_at),
        "exhale_peak_time": row_median(exhale_at),
        "inhale_peak_time_spread": row_spread(inhale_at),
        "exhale_peak_time_spread": row_spread(exhale_at),
        "te_ti_log": row_median(log_of(column["exhale_s"]) - log_of(column["inhale_s"])),
    }


_SHAPE_COLUMNS = (
    "inhale_onset_s",
    "exhale_onset_s",
    "inhale_s",
    "exhale_s",
    "inhale_peak_au",
    "exhale_peak_au",
    "inhale_peak_time_s",
    "exhale_peak_time_s",
    "inhale_volume_au",
    "exhale_volume_au",
)
