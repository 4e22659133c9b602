"""Coefficients of the continuous wavelet transform with the Mexican hat.

A coefficient is a fixed linear combination of the samples around it. The combinations are read off PyWavelets, the
library that tsfresh calls, by transforming unit impulses: same wavelet table, same rounding of scales, same edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from eupnea.features.timeseries.block import Block, Floats
from eupnea.features.timeseries.registry import Parameters, calculator

REACH_SCALES = 8
"""Half of the wavelet's support, in scales."""


@cache
def _weights(scale: float, n_samples: int, n_coefficients: int) -> Floats:
    """Return the weights of the first samples in the first coefficients, shape (coefficients, samples)."""
    import pywt

    n_weights = min(n_samples, n_coefficients + int(np.ceil(REACH_SCALES * scale)) + 2)
    impulses = np.zeros((n_weights, n_samples))
    np.fill_diagonal(impulses, 1.0)
    coefficients, _ = pywt.cwt(impulses, scales=(scale,), wavelet="mexh")
    return np.ascontiguousarray(coefficients[0, :, :n_coefficients].T)


def _covered(request: Parameters, _n_samples: int) -> bool:
    return request["w"] in request["widths"] and request["coeff"] >= 0 and min(request["widths"]) > 0


@calculator("cwt_coefficients", "widths", "coeff", "w", accepts=_covered)
def _cwt_coefficients(block: Block, requests: Sequence[Parameters]) -> Floats:
    values = np.full((block.n_windows, len(requests)), np.nan)
    scales = np.array([request["w"] for request in requests])
    places = np.array([request["coeff"] for request in requests])
    for scale in dict.fromkeys(scales.tolist()):
        columns = np.flatnonzero((scales == scale) & (places < block.n_samples))
        if columns.size:
            weights = _weights(scale, block.n_samples, int(places[columns].max()) + 1)
            transform = np.vecdot(block.x[:, None, : weights.shape[1]], weights)
            values[:, columns] = transform[:, places[columns]]
    return values
