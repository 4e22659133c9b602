"""Copies at the rate they need equal a filter per cutoff at the full rate."""

from __future__ import annotations

import numpy as np
import pytest

from eupnea.breaths.smoothing import SLOPE_S, Smoother
from eupnea.signals.filters import low_pass


def wandering(n: int = 5000) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(size=n))


@pytest.mark.parametrize("cutoff_hz", [0.25, 0.3, 0.5, 1.0, 2.0])
def test_levels_equal_the_filter(cutoff_hz):
    signal = wandering()
    smoother = Smoother(signal, 25.0, is_volume=False)
    level, filtered = smoother.level(cutoff_hz), low_pass(signal, 25.0, cutoff_hz)
    assert np.abs(level - filtered[:: smoother.step(cutoff_hz)]).max() < 2e-3 * signal.std()


@pytest.mark.parametrize("cutoff_hz", [0.3, 0.5, 1.0])
def test_flow_of_a_volume_is_the_slope_of_its_level(cutoff_hz):
    signal = wandering()
    smoother = Smoother(signal, 25.0, is_volume=True)
    slope = np.gradient(low_pass(signal, 25.0, cutoff_hz)) * 25.0
    flow = smoother.flow(cutoff_hz)
    assert np.abs(flow - slope[:: smoother.step(cutoff_hz)])[10:-10].max() < 0.04 * slope.std()
    assert SLOPE_S == 1 / 25.0


def test_a_line_keeps_its_level_and_slope():
    line = 3.0 + 0.5 * np.arange(2000) / 25.0
    smoother = Smoother(line, 25.0, is_volume=True)
    for cutoff_hz in (0.3, 1.0, 3.0):
        step = smoother.step(cutoff_hz)
        np.testing.assert_allclose(smoother.level(cutoff_hz), line[::step], rtol=1e-9)
        np.testing.assert_allclose(smoother.flow(cutoff_hz), 0.5, rtol=1e-9)


def test_single_samples_of_a_level_are_those_of_the_whole():
    smoother = Smoother(wandering(), 25.0, is_volume=False)
    positions = np.array([0, 3, 700, 1249])
    whole = smoother.level(0.25, smoother.coarsest)
    np.testing.assert_allclose(smoother.level_at(0.25, positions), whole[positions], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sampling_hz", [10.0, 25.0, 50.0, 62.5, 1000.0])
def test_every_rate_gives_the_same_flow_at_the_same_time(sampling_hz):
    time_s = np.arange(int(60 * sampling_hz)) / sampling_hz
    smoother = Smoother(np.sin(2 * np.pi * 0.25 * time_s), sampling_hz, is_volume=True)
    at_s = np.arange(smoother.flow(1.0).size) * smoother.step(1.0) / sampling_hz
    inner = (at_s > 10) & (at_s < 50)
    expected = 2 * np.pi * 0.25 * np.cos(2 * np.pi * 0.25 * at_s)
    assert np.abs(smoother.flow(1.0) - expected)[inner].max() < 0.01 * 2 * np.pi * 0.25


def test_the_finest_band_is_the_widest_whose_detail_is_allowed():
    time_s = np.arange(15000) / 25.0
    noise = np.random.default_rng(1).normal(size=time_s.size)
    cutoffs = (8.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.7, 0.5)
    chosen = []
    for size in (0.0, 0.1, 0.4, 3.0):
        smoother = Smoother(np.sin(2 * np.pi * 0.2 * time_s) + size * noise, 25.0, is_volume=False)
        found = smoother.finest(cutoffs, 0.4, detail=0.12, of_flow=True)
        sure = smoother.flow(0.4)
        for cutoff_hz in cutoffs:  # the definition, one by one, at all samples that the lowest band is known at
            detail = np.median(np.abs(smoother.flow(cutoff_hz, smoother.coarsest) - sure))
            if cutoff_hz > 1.05 * found:
                assert detail > 0.12 * sure.std() * 0.95
            if cutoff_hz == found:
                assert detail < 0.12 * sure.std() * 1.05
        chosen.append(found)
    assert chosen == sorted(chosen, reverse=True)
    assert chosen[0] == 8.0
    assert chosen[-1] < 1.0
