"""What windows support, log(1 + exp(x)), and its sum over windows, in single precision."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.polynomial import Chebyshev, Polynomial

from eupnea.compiled import REORDERED

_ZERO, _ONE, _TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)
_LOG2E, _LN2, _LEAST = np.float32(1.0 / math.log(2.0)), np.float32(math.log(2.0)), np.float32(-126.0)
_FRACTION, _ONES, _PLACES, _BIAS = np.int32(0x007FFFFF), np.int32(0x3F800000), np.int32(23), np.int32(127)
"""Bits of a number in single precision: its fraction, those of 1, and where and how the exponent is kept."""

_POWERS = tuple(
    np.float32(one)
    for one in Chebyshev.interpolate(np.exp2, 6, domain=[-0.5, 0.5]).convert(kind=Polynomial, domain=[-1, 1]).coef
)
"""Coefficients of 2^x between -½ and ½; off by 3·10⁻⁹ at most."""

_ODD = tuple(np.float32(2.0 / k) for k in (1, 3, 5, 7, 9, 11, 13))
"""Coefficients of log((1 + t) / (1 − t))."""


@intrinsic
def _number(typing: Any, bits: Any) -> Any:
    """Take 32 bits for a number in single precision."""
    del typing, bits

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del signature
        return builder.bitcast(values[0], context.get_value_type(types.float32))

    return types.float32(types.int32), generate


@intrinsic
def _bits(typing: Any, number: Any) -> Any:
    """Take a number in single precision for its 32 bits."""
    del typing, number

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del signature
        return builder.bitcast(values[0], context.get_value_type(types.int32))

    return types.int32(types.float32), generate


@numba.njit(**REORDERED)
def _exponential(x: Any) -> Any:
    """Return exp(−|x|)."""
    power = max(-abs(x) * _LOG2E, _LEAST)
    whole = np.rint(power)
    f = power - whole
    p = _POWERS[5] + f * _POWERS[6]
    p = _POWERS[3] + f * (_POWERS[4] + f * p)
    p = _POWERS[1] + f * (_POWERS[2] + f * p)
    p = _POWERS[0] + f * p
    return _number(_bits(p) + (np.int32(whole) << _PLACES))


@numba.njit(**REORDERED)
def add_support(normalised: Any, separation: float, total: Any, product: Any) -> None:
    """Add what windows support, log(1 + exp(x)) = max(x, 0) + log(1 + e), x = d s − d²/2.

    The maxima are added to `total`; the product of all 1 + e is kept in `product`, less 1.
    """
    slope, offset = np.float32(separation), np.float32(-0.5 * separation * separation)
    for n in range(normalised.size):
        x = slope * normalised[n] + offset
        odds = _exponential(x)
        product[n] += odds + product[n] * odds
        total[n] += max(x, _ZERO)


@numba.njit(**REORDERED)
def add_logarithms(product: Any, total: Any) -> None:
    """Add log(1 + product) to the total, and begin a new product."""
    for n in range(product.size):
        whole = _bits(_ONE + product[n])
        power = np.float32((whole >> _PLACES) - _BIAS)
        above = product[n] if product[n] < _ONE else _number((whole & _FRACTION) | _ONES) - _ONE
        total[n] += power * _LN2 + _logarithm(above)
        product[n] = _ZERO


@numba.njit(**REORDERED)
def support(normalised: Any, separation: float, out: Any) -> None:
    """Write log(1 + exp(x)), x = d s − d²/2."""
    slope, offset = np.float32(separation), np.float32(-0.5 * separation * separation)
    for n in range(out.size):
        x = slope * normalised[n] + offset
        out[n] = max(x, _ZERO) + _logarithm(_exponential(x))


@numba.njit(**REORDERED)
def _logarithm(above: Any) -> Any:
    """Return log(1 + above) for numbers between 0 and 1."""
    t = above / (_TWO + above)
    s = t * t
    p = _ODD[4] + s * (_ODD[5] + s * _ODD[6])
    return t * (_ODD[0] + s * (_ODD[1] + s * (_ODD[2] + s * (_ODD[3] + s * p))))
