"""Which calculator is computed by which function of a family, and for which parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eupnea.features.timeseries.block import Block, Floats

Parameters = Mapping[str, Any]


class Partial(NamedTuple):
    """Values of which some rows are left to tsfresh itself, because rounding would decide them."""

    values: Floats
    unsure: NDArray[np.bool_]


Compute = Callable[[Block, Sequence[Parameters]], "Floats | Partial"]
Accepts = Callable[[Parameters, int], bool]


def _always(_parameters: Parameters, _n_samples: int) -> bool:
    return True


@dataclass(frozen=True)
class Calculator:
    """A calculator of tsfresh that a family covers.

    Attributes
    ----------
    compute
        Takes a block and the list of parameters; returns shape (windows, parameters).
    keys
        The parameters' names; a request with other names is left to tsfresh.
    accepts
        Whether these values are covered in windows of that many samples.
    min_samples
        Shorter windows are left to tsfresh.
    """

    compute: Compute
    keys: frozenset[str]
    accepts: Accepts
    min_samples: int

    def covers(self, requests: Sequence[Parameters], n_samples: int) -> bool:
        """Say whether all of these requests can be answered in windows of `n_samples`."""
        return n_samples >= self.min_samples and all(
            set(request) == self.keys and self.accepts(request, n_samples) for request in requests
        )


CALCULATORS: dict[str, Calculator] = {}
"""Every covered calculator by tsfresh's name; filled when the families are imported."""

SHORTEST = 12
"""Samples below which tsfresh's own handling of its edge cases is used."""


def calculator(
    name: str, *keys: str, accepts: Accepts = _always, min_samples: int = SHORTEST
) -> Callable[[Compute], Compute]:
    """Register a function as the way to compute a calculator."""

    def register(compute: Compute) -> Compute:
        CALCULATORS[name] = Calculator(compute, frozenset(keys), accepts, min_samples)
        return compute

    return register


def statistic(name: str, *, min_samples: int = SHORTEST) -> Callable[[Callable[[Block], Any]], Callable[[Block], Any]]:
    """Register a function that takes a block and gives one number per window, for a calculator without parameters."""

    def register(compute: Callable[[Block], Any]) -> Callable[[Block], Any]:
        def as_column(block: Block, _requests: Sequence[Parameters]) -> Floats:
            return np.asarray(compute(block), dtype=np.float64)[:, None]

        CALCULATORS[name] = Calculator(as_column, frozenset(), _always, min_samples)
        return compute

    return register
