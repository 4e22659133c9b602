from __future__ import annotations

import pytest
from evidence.simulated_cohorts import accuracy_coverage, eer_coverage, two_way


@pytest.mark.parametrize("mean", [0.1, 0.3, 0.6, 0.9, 0.95, 0.98, 0.99])
@pytest.mark.parametrize(("people", "low", "high"), [(15, 0.90, 0.99), (40, 0.93, 0.98), (100, 0.93, 0.98)])
def test_intervals_of_accuracy_hold_the_truth(people, mean, low, high):
    # the numbers stand in docs/method.md
    assert low <= accuracy_coverage(people, mean, cohorts=2000) <= high


@pytest.mark.slow
@pytest.mark.parametrize("distance", [2.5, 3.6, 4.64])
@pytest.mark.parametrize("people", [15, 40])
def test_intervals_of_error_rates_hold_the_truth(people, distance):
    # true rates .10, .03, .01; the numbers stand in docs/method-identification.md
    coverage, _, _ = eer_coverage(people, two_way, cohorts=300, distance=distance)
    assert 0.93 <= coverage <= 0.995
