"""One spectrum gives the same as a filter per cutoff."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.breaths.flow import Smoother
from eupnea.signals.filters import low_pass


@pytest.mark.parametrize("cutoff_hz", [0.3, 0.5, 1.0, 2.0])
def test_levels_equal_the_filter(cutoff_hz):
    signal = np.cumsum(np.random.default_rng(0).normal(size=5000))
    level = Smoother(signal, 25.0, is_volume=False).level(cutoff_hz)
    assert np.abs(level - low_pass(signal, 25.0, cutoff_hz)).max() < 2e-3 * signal.std()
