from __future__ import annotations

import doctest

import numpy as np
import pytest
from features.timeseries.peer import breathing, by_tsfresh, deviating
from statsmodels.tools.sm_exceptions import MissingDataError
from tsfresh.feature_extraction.settings import EfficientFCParameters

from eupnea.errors import InputError
from eupnea.features.timeseries import extract, extraction

TIES = {f"permutation_entropy__dimension_{dimension}__tau_1" for dimension in range(3, 8)}


@pytest.mark.parametrize("level", [0.0, 3.0, 0.1])
def test_constant_windows(level: float) -> None:
    windows = np.repeat([[level], [level + 1], [level]], 240, axis=1)
    assert deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters())) == {}


@pytest.mark.parametrize("n_samples", [1, 2, 3, 7, 12, 13, 24, 41, 50, 60])
def test_short_windows(n_samples: int) -> None:
    windows = np.random.default_rng(n_samples).standard_normal((2, n_samples))
    assert deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters())) == {}


@pytest.mark.parametrize("values", [2, 5, 40])
def test_tied_windows(values: int) -> None:
    windows = np.random.default_rng(values).integers(0, values, (3, 240)).astype(np.float64)
    assert set(deviating(extract(windows), by_tsfresh(windows, EfficientFCParameters()))) <= TIES


ZERO_UP_TO_ROUNDING = (
    "ar_coefficient",
    "cwt_coefficients",
    "friedrich_coefficients",
    "max_langevin_fixed_point",
    "permutation_entropy",
)
"""On straight lines and steps, on both sides."""


def test_shapes_that_rounding_could_decide() -> None:
    ramp, impulse = 0.1 * np.arange(240.0), np.zeros(240)
    impulse[120] = 1.0
    step = 0.3 * (np.arange(240.0) >= 120)
    settings = EfficientFCParameters()
    for gone in (
        "ar_coefficient",
        "friedrich_coefficients",
        "max_langevin_fixed_point",
        "cwt_coefficients",
        "permutation_entropy",
    ):
        del settings[gone]  # zero up to rounding on these windows, on both sides
    windows = np.stack([ramp, impulse, step])
    assert deviating(extract(windows, settings), by_tsfresh(windows, settings)) == {}


def calculator_by_calculator(window: np.ndarray) -> dict[str, float]:
    """Ask tsfresh's calculators, whose own front door refuses missing samples; NaN where a calculator raises."""
    import pandas as pd
    from tsfresh.feature_extraction.extraction import _do_extraction_on_chunk

    values: dict[str, float] = {}
    for name, parameters in EfficientFCParameters().items():
        try:
            rows = _do_extraction_on_chunk((0, "x", pd.Series(window)), {name: parameters}, None, show_warnings=False)
        except (MissingDataError, ValueError, IndexError):
            continue
        values.update({column.removeprefix("x__"): float(value) for _, column, value in rows})
    return values


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf])
def test_missing_and_infinite_samples_give_what_the_calculators_give(gap: float) -> None:
    windows = breathing(3, 120, seed=1)
    windows[1, 5:9] = gap
    found = extract(windows)
    theirs = calculator_by_calculator(windows[1])
    assert 500 < len(theirs) < 777
    for name, value in found.iloc[1].items():
        np.testing.assert_equal(value, theirs.get(name, np.nan), err_msg=name)
    whole = extract(windows[[0, 2]])
    np.testing.assert_array_equal(found.iloc[[0, 2]].to_numpy(), whole.to_numpy())


def mean_of_first(x: np.ndarray, n: int) -> float:
    return float(np.mean(x[:n]))


mean_of_first.fctype = "simple"


def test_what_is_not_covered_is_left_to_tsfresh() -> None:
    """Other parameters, other keys, own functions, calculators that need time stamps: in tsfresh's order."""
    windows = breathing(3, 150, seed=4)
    settings = {
        "maximum": None,
        mean_of_first: [{"n": 5}, {"n": 50}],
        "number_cwt_peaks": [{"n": 9}],
        "augmented_dickey_fuller": [{"attr": "teststat", "autolag": "BIC"}, {"attr": "nonsense"}],
        "change_quantiles": [{"ql": 0.1, "qh": 0.9, "isabs": True, "f_agg": "median"}],
        "linear_trend_timewise": [{"attr": "slope"}],
        "approximate_entropy": [{"m": 3, "r": 0.25}],
        "agg_linear_trend": [{"attr": "slope", "chunk_len": 7, "f_agg": "max"}],
        "query_similarity_count": [{"query": [0.0, 1.0, 0.5], "threshold": 0.5}],
        "value_count": [{"value": np.nan}],
    }
    assert deviating(extract(windows, settings), by_tsfresh(windows, settings)) == {}


def test_the_result_does_not_depend_on_threads_or_neighbours() -> None:
    """Byte-identical alone, in company, in another order, and on two threads."""
    windows = breathing(1000, 240, seed=6)
    whole = extract(windows).to_numpy()
    assert extract(windows, n_threads=2).to_numpy().tobytes() == whole.tobytes()
    assert extract(windows[::-1]).to_numpy()[::-1].tobytes() == whole.tobytes()
    for row in (0, 1, 799, 800, 999):
        assert extract(windows[row : row + 1]).to_numpy().tobytes() == whole[row].tobytes()


def test_no_windows_give_no_rows_but_all_columns() -> None:
    assert extract(np.empty((0, 240))).shape == (0, 777)


@pytest.mark.parametrize("matrix", [np.zeros(5), np.zeros((2, 0)), np.zeros((2, 3, 4))])
def test_what_is_no_matrix_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(InputError, match="matrix of windows"):
        extract(matrix)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(InputError, match="no calculator of this name"):
        extract(np.zeros((1, 5)), {"menn": None})
    with pytest.raises(InputError, match="not a mapping"):
        extract(np.zeros((1, 5)), ["mean"])
    with pytest.raises(InputError, match="thread"):
        extract(np.zeros((1, 5)), n_threads=0)


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(extraction).failed == 0
    assert doctest.testmod(extraction).attempted > 0
