from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from features.timeseries.peer import breathing, by_tsfresh, deviating
from tsfresh.feature_extraction.settings import (
    ComprehensiveFCParameters,
    EfficientFCParameters,
    MinimalFCParameters,
)

from eupnea.features.timeseries import extract

TIES = {f"permutation_entropy__dimension_{dimension}__tau_1" for dimension in range(3, 8)}
"""Differ where samples tie within a pattern: tsfresh orders ties as the processor's unstable sort leaves them."""

COLLINEAR = {f"ar_coefficient__coeff_{lag}__k_10" for lag in range(11)} | {
    f'augmented_dickey_fuller__attr_"{attr}"__autolag_"AIC"' for attr in ("teststat", "pvalue", "usedlag")
}
"""Differ where a smooth signal's lags are nearly collinear: statsmodels loses digits that test_exact_oracle.py has."""


@pytest.mark.parametrize(("n_windows", "n_samples"), [(4, 1500), (12, 240), (6, 101)])
def test_simulated_breathing(n_windows: int, n_samples: int) -> None:
    windows = breathing(n_windows, n_samples, seed=n_samples)
    settings = EfficientFCParameters()
    assert deviating(extract(windows), by_tsfresh(windows, settings)) == {}


def test_the_comprehensive_set_and_the_minimal_one() -> None:
    windows = breathing(4, 200, seed=3)
    for settings in (ComprehensiveFCParameters(), MinimalFCParameters()):
        assert deviating(extract(windows, settings), by_tsfresh(windows, settings)) == {}


def test_other_worlds() -> None:
    rng = np.random.default_rng(5)
    white = rng.standard_normal((3, 240))
    for windows in (white, np.cumsum(white, axis=1), 1e-5 * white, 1e9 * white, np.exp(2 * white), 1000 + white):
        assert deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters())) == {}


def belts(shared_data, *, seconds: int, step: int) -> np.ndarray:
    """Take the middle of each run of ten people; 50 Hz, every `step`-th sample."""
    files = sorted(shared_data("ds000210").glob("sub-*/func/*_physio.tsv.gz"))[::8]
    belt = [pd.read_csv(path, sep="\t", header=None)[1].to_numpy(dtype=np.float64) for path in files]
    return np.stack([x[10_000 : 10_000 + 50 * seconds : step] for x in belt])


def test_real_breathing_with_ties(shared_data) -> None:
    for windows in (belts(shared_data, seconds=60, step=2)[:4], belts(shared_data, seconds=60, step=12)[:, :240]):
        found = deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters()))
        assert set(found) <= TIES | COLLINEAR
        assert max((found[name] for name in TIES & set(found)), default=0.0) < 0.2
        assert max((found[name] for name in COLLINEAR & set(found)), default=0.0) < 1e-7


def smooth_belts(shared_data, *, step: int) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    low_pass = butter(4, 0.7, fs=50, output="sos")
    return sosfiltfilt(low_pass, belts(shared_data, seconds=60, step=1), axis=1)[:, ::step]


def test_real_breathing_in_its_band(shared_data) -> None:
    """Only what statsmodels cannot hold deviates: little at 4 Hz, all digits at 25 Hz."""
    slow, fast = smooth_belts(shared_data, step=12)[:, :240], smooth_belts(shared_data, step=2)[:4]
    found = deviating(extract(slow), by_tsfresh(slow, EfficientFCParameters()))
    assert set(found) <= COLLINEAR
    assert max(found.values(), default=0.0) < 1e-5
    assert set(deviating(extract(fast), by_tsfresh(fast, EfficientFCParameters()))) <= COLLINEAR


def test_real_heartbeats(shared_data) -> None:
    from eupnea.beats.ppg import detect_pulses

    path = min(shared_data("ds000210").glob("sub-*/func/*_physio.tsv.gz"))
    pulse = pd.read_csv(path, sep="\t", header=None)[0].to_numpy(dtype=np.float64)
    intervals = np.diff(detect_pulses(pulse, 50.0).time_s)
    windows = intervals[: intervals.size // 80 * 80].reshape(-1, 80)
    found = deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters()))
    assert set(found) <= TIES
