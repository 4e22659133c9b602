"""From tsfresh's settings to the columns of the result: who computes which, in tsfresh's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eupnea.errors import InputError
from eupnea.features.timeseries import fallback, families
from eupnea.features.timeseries.registry import Compute, Parameters

Settings = Mapping[Any, Sequence[Parameters] | None]

DEFAULT_AUTOLAG = "AIC"
"""What tsfresh writes into the column name of the Dickey-Fuller test when the settings do not say."""


@dataclass(frozen=True)
class Task:
    """One calculator with its parameters and the columns it fills.

    Attributes
    ----------
    function
        tsfresh's calculator: its name, or the user's own function.
    requests
        Parameters as in the settings; None where the calculator takes none.
    columns
        Position of each request's column in the result.
    compute
        Our way to compute it; None: left to tsfresh.
    """

    function: str | Callable[..., Any]
    requests: Sequence[Parameters] | None
    columns: NDArray[np.intp]
    compute: Compute | None


@dataclass(frozen=True)
class Plan:
    """All tasks, and the names of all columns in tsfresh's order."""

    tasks: list[Task]
    names: list[str]


def default_settings() -> Settings:
    """Return tsfresh's efficient set, as the installed version defines it."""
    from tsfresh.feature_extraction.settings import EfficientFCParameters

    return EfficientFCParameters()


def make_plan(settings: Settings | None, n_samples: int) -> Plan:
    """Decide for windows of `n_samples` which family computes what.

    Raises
    ------
    InputError
        The settings are not a mapping, or name a calculator that tsfresh does not have.
    """
    settings = default_settings() if settings is None else settings
    if not isinstance(settings, Mapping):
        raise InputError(
            "The settings of the time-series features are not a mapping",
            where="settings",
            found=type(settings).__name__,
            allowed="a tsfresh settings object or a dict: calculator -> list of parameters, or None",
        )
    tasks: list[Task] = []
    places: dict[str, int] = {}
    for function, requests in settings.items():
        task = _task(function, requests, n_samples, places)
        if task is not None:
            tasks.append(task)
    return Plan(tasks, list(places))


def _task(
    function: str | Callable[..., Any], requests: Sequence[Parameters] | None, n_samples: int, places: dict[str, int]
) -> Task | None:
    fallback.check_exists(function)
    compute = families.find(function, requests or [{}], n_samples)
    if compute is None:
        names = fallback.column_names(function, requests)
    else:
        names = [column_name(str(function), request) for request in requests or [{}]]
    if not names:
        return None
    columns = np.array([places.setdefault(name, len(places)) for name in names], dtype=np.intp)
    return Task(function, requests, columns, compute)


def column_name(function: str, request: Parameters) -> str:
    """Write a calculator and its parameters as tsfresh does: keys in alphabetical order, text in quotes."""
    if function == "augmented_dickey_fuller":
        request = {"autolag": DEFAULT_AUTOLAG, **request}
    return "__".join([function, *(f"{key}_{_written(request[key])}" for key in sorted(request))])


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
