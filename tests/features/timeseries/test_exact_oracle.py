"""Where tsfresh loses digits, ours are checked in rational arithmetic, which has no rounding at all."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from eupnea.features.timeseries import extract
from eupnea.features.timeseries.autoregression import _levinson_durbin
from eupnea.features.timeseries.unit_root import largest_lag

AR = {"ar_coefficient": [{"coeff": lag, "k": 10} for lag in range(11)]}
ADF = {"augmented_dickey_fuller": [{"attr": "teststat"}, {"attr": "usedlag"}, {"attr": "pvalue"}]}


def smooth(n_windows: int, n_samples: int, *, level: float = 0.0) -> np.ndarray:
    """Simulate breathing limited to 0.7 Hz at 25 Hz: its lags are collinear to the precision of a double."""
    from scipy.signal import butter, sosfiltfilt

    noise = np.random.default_rng(8).standard_normal((n_windows, n_samples + 600))
    return level + sosfiltfilt(butter(4, 0.7, fs=25, output="sos"), noise, axis=1)[:, 300:-300]


def eliminated(columns: list[list[Fraction]]) -> list[list[Fraction]]:
    """Eliminate the inner products of the columns exactly."""
    gram = [[sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0)) for b in columns] for a in columns]
    for pivot in range(len(gram)):
        for row in range(pivot + 1, len(gram)):
            ratio = gram[pivot][row] / gram[pivot][pivot]
            for column in range(row, len(gram)):
                gram[row][column] -= ratio * gram[pivot][column]
    return gram


def exact_coefficients(window: np.ndarray, order: int) -> list[float]:
    x = [Fraction(float(value)) for value in window]
    n = len(x)
    lags = [[Fraction(1)] * (n - order), *([x[t - lag] for t in range(order, n)] for lag in range(1, order + 1))]
    gram = eliminated([*lags, x[order:]])
    solution = [Fraction(0)] * (order + 1)
    for row in range(order, -1, -1):
        rest = gram[row][order + 1] - sum(
            (gram[row][later] * solution[later] for later in range(row + 1, order + 1)), Fraction(0)
        )
        solution[row] = rest / gram[row][row]
    return [float(value) for value in solution]


def exact_dickey_fuller(window: np.ndarray) -> tuple[float, int]:
    x = [Fraction(float(value)) for value in window]
    change = [Fraction(float(value)) for value in np.diff(window)]
    n, largest = len(x), largest_lag(len(x))

    def columns(order: int, start: int) -> tuple[list[list[Fraction]], list[Fraction], list[Fraction]]:
        times = range(start, n - 1)
        lags = [[change[t - lag] for t in times] for lag in range(1, order + 1)]
        return [[Fraction(1)] * len(times), *lags], [x[t] for t in times], [change[t] for t in times]

    (constant, *lags), level, target = columns(largest, largest)
    gram = eliminated([constant, level, *lags, target])
    residual, criteria = gram[-1][-1], {}
    for order in range(largest, -1, -1):
        criteria[order] = len(target) * math.log(residual / len(target)) + 2 * (order + 2)
        residual += gram[order + 1][-1] ** 2 / gram[order + 1][order + 1]
    order = min(criteria, key=lambda candidate: (criteria[candidate], candidate))
    regressors, level, target = columns(order, order)
    gram = eliminated([*regressors, level, target])
    variance = gram[-1][-1] / (len(target) - order - 2)
    square = gram[-2][-1] ** 2 / gram[-2][-2] / variance
    return math.copysign(math.sqrt(square), gram[-2][-1]), order


@pytest.mark.parametrize("level", [0.0, -30.0])
def test_autoregression_of_smooth_signals_is_exact(level: float) -> None:
    windows = smooth(2, 150, level=level)
    for window, found in zip(windows, extract(windows, AR).to_numpy(), strict=True):
        np.testing.assert_allclose(found, exact_coefficients(window, 10), rtol=1e-9)


def test_the_peer_loses_digits_there() -> None:
    from features.timeseries.peer import by_tsfresh

    windows = smooth(1, 150, level=-30.0)
    exact = np.array(exact_coefficients(windows[0], 10))
    lost = np.abs(by_tsfresh(windows, AR).to_numpy()[0] / exact - 1).max()
    assert lost > 1e-7


def test_dickey_fuller_of_smooth_signals_is_exact() -> None:
    window = smooth(1, 120)
    found = extract(window, ADF).to_numpy()[0]
    statistic, order = exact_dickey_fuller(window[0])
    assert found[1] == order
    assert found[0] == pytest.approx(statistic, rel=1e-9)


def test_both_are_exact_on_real_breathing(shared_data) -> None:
    from features.timeseries.test_against_tsfresh import smooth_belts

    window = smooth_belts(shared_data, step=12)[0, :140]
    np.testing.assert_allclose(extract(window[None], AR).to_numpy()[0], exact_coefficients(window, 10), rtol=1e-9)
    statistic, order = exact_dickey_fuller(window)
    assert extract(window[None], ADF).to_numpy()[0, :2] == pytest.approx([statistic, order], rel=1e-9)


def test_partial_autocorrelation_is_that_of_statsmodels_to_the_last_bit() -> None:
    """Its recursion loses digits on smooth signals; the same operations in the same order lose the same ones."""
    from statsmodels.tsa.stattools import pacf

    windows = smooth(3, 300)
    found = extract(windows, {"partial_autocorrelation": [{"lag": lag} for lag in range(10)]}).to_numpy()
    for window, ours in zip(windows, found, strict=True):
        np.testing.assert_array_equal(ours, pacf(window, method="ld", nlags=9))


def test_levinson_durbin_finds_the_order_of_an_autoregression() -> None:
    covariance = 0.8 ** np.arange(6.0)[None]
    np.testing.assert_allclose(_levinson_durbin(covariance), [[1, 0.8, 0, 0, 0, 0]], atol=1e-15)


def brute_force_matches(x: np.ndarray, length: int, tolerance: float) -> np.ndarray:
    templates = np.lib.stride_tricks.sliding_window_view(x, length)
    return (np.abs(templates[:, None] - templates[None]).max(axis=2) <= tolerance).sum(axis=1)


@pytest.mark.parametrize("n_samples", [127, 128, 129, 200])
def test_entropies_count_every_match(n_samples: int) -> None:
    """Window lengths around the size of a word, and ties at the very tolerance."""
    rng = np.random.default_rng(7)
    for window in (rng.standard_normal(n_samples), rng.integers(0, 4, n_samples).astype(np.float64)):
        settings = {"sample_entropy": None, "approximate_entropy": [{"m": m, "r": 0.3} for m in (1, 2, 5)]}
        found = extract(window[None], settings).to_numpy()[0]
        short, long = (brute_force_matches(window, m, 0.2 * np.std(window)) - 1 for m in (2, 3))
        assert found[0] == pytest.approx(-np.log(long.sum() / short.sum()), rel=1e-12)
        for value, m in zip(found[1:], (1, 2, 5), strict=True):
            counts = [brute_force_matches(window, size, 0.3 * np.std(window)) for size in (m, m + 1)]
            phi = [np.log(count / count.size).mean() for count in counts]
            assert value == pytest.approx(abs(phi[0] - phi[1]), rel=1e-12)


def test_permutation_entropy_orders_ties_by_time() -> None:
    settings = {"permutation_entropy": [{"tau": 1, "dimension": 3}]}
    flat_then_up = np.tile([0.0, 0.0, 1.0], 30)[None]
    patterns = np.argsort(np.lib.stride_tricks.sliding_window_view(flat_then_up[0], 3), axis=1, kind="stable")
    _, counts = np.unique(patterns, axis=0, return_counts=True)
    share = counts / counts.sum()
    assert extract(flat_then_up, settings).iloc[0, 0] == pytest.approx(-(share * np.log(share)).sum(), rel=1e-12)
