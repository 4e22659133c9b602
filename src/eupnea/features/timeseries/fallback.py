"""tsfresh itself, for the calculators, parameters and windows that no family covers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from eupnea.errors import InputError
from eupnea.features.timeseries.block import Floats
from eupnea.features.timeseries.registry import Parameters

PROBE_SAMPLES = 64
"""Length of the made-up window from which the column names of an uncovered calculator are read."""


def _calculator(function: str | Callable[..., Any]) -> Callable[..., Any]:
    from tsfresh.feature_extraction import feature_calculators

    return function if callable(function) else getattr(feature_calculators, function)


def check_exists(function: object) -> None:
    """Refuse a calculator that tsfresh does not have.

    Raises
    ------
    InputError
        It is neither a function nor the name of one of tsfresh's calculators.
    """
    from tsfresh.feature_extraction import feature_calculators

    if callable(function) or (isinstance(function, str) and hasattr(feature_calculators, function)):
        return
    raise InputError(
        "tsfresh has no calculator of this name",
        where="settings",
        found=function,
        allowed="a function of tsfresh.feature_extraction.feature_calculators, or your own with its `fctype`",
    )


def needs_time_index(function: str | Callable[..., Any]) -> bool:
    """Say whether tsfresh would leave the calculator out: it needs time stamps, which a matrix does not carry."""
    return getattr(_calculator(function), "index_type", None) is not None


def one_window(
    window: Floats, function: str | Callable[..., Any], requests: Sequence[Parameters] | None
) -> Iterator[tuple[str, Any]]:
    """Let tsfresh compute one calculator of one window; give pairs of column name and value.

    Whatever tsfresh raises for that window is raised here.
    """
    calculate = _calculator(function)
    series: Any = window
    if getattr(calculate, "input", None) == "pd.Series":
        import pandas as pd

        series = pd.Series(window)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for key, value in _results(calculate, series, requests):
            yield (f"{calculate.__name__}__{key}" if key else calculate.__name__), value


def _results(
    calculate: Callable[..., Any], series: Any, requests: Sequence[Parameters] | None
) -> Iterable[tuple[str, Any]]:
    from tsfresh.utilities.string_manipulation import convert_to_output_format

    if getattr(calculate, "fctype", None) == "combiner":
        return list(calculate(series, param=requests))
    if requests:
        return [(convert_to_output_format(request), calculate(series, **request)) for request in requests]
    return [("", calculate(series))]


def column_names(function: str | Callable[..., Any], requests: Sequence[Parameters] | None) -> list[str]:
    """Ask tsfresh how the columns of an uncovered calculator are called; none where it would leave it out."""
    if needs_time_index(function):
        return []
    probe = np.sin(np.arange(PROBE_SAMPLES, dtype=np.float64)) + np.arange(PROBE_SAMPLES) / PROBE_SAMPLES
    return [name for name, _ in one_window(probe, function, requests)]


def many_windows(
    windows: Floats, function: str | Callable[..., Any], requests: Sequence[Parameters] | None, n_columns: int
) -> Floats:
    """Let tsfresh compute one calculator for each window."""
    values = np.empty((len(windows), n_columns))
    for row, window in enumerate(windows):
        values[row] = [value for _, value in one_window(window, function, requests)]
    return values
