from __future__ import annotations

import pytest
from evidence.simulated_cohorts import accuracy_coverage, eer_coverage, two_way


@pytest.mark.parametrize(("people", "least"), [(15, 0.88), (40, 0.91)])
def test_intervals_of_accuracy_hold_the_truth(people, least):
    # 300 cohorts: two standard errors of a 95 % coverage are 2.5 points
    assert accuracy_coverage(people, 0.6, cohorts=300) >= least


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(("people", "low", "high"), [(15, 0.90, 0.985), (40, 0.93, 0.97), (100, 0.93, 0.97)])
def test_coverage_over_many_cohorts(people, mean, low, high):
    coverage = accuracy_coverage(people, mean, cohorts=2000)
    assert low - 0.01 <= coverage <= high + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("people", [15, 40])
def test_two_way_bootstrap_of_error_rates_is_not_too_narrow(people):
    coverage, _, _ = eer_coverage(people, two_way, cohorts=300)
    assert coverage >= 0.90
