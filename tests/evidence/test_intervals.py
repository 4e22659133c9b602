from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.errors import InputError
from eupnea.evidence.intervals import (
    bca_interval,
    binomial_interval,
    bootstrap_rows,
    logit_t_interval,
    participant_bootstrap,
    proportion_interval,
    rate_interval,
    t_interval,
)


def test_bca_agrees_with_scipy():
    from scipy.stats import bootstrap

    values = np.random.default_rng(0).exponential(size=40)
    ours = bca_interval(values, n_boot=20_000, seed=1)
    theirs = bootstrap((values,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(2))
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.02)
    assert ours.se == pytest.approx(theirs.standard_error, rel=0.03)


def test_statistic_without_axis_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=20)
    assert bca_interval(values, np.mean, seed=3) == pytest.approx(bca_interval(values, lambda v: v.mean(), seed=3))


def test_binomial_ends_are_known():
    # rule of three: nobody errs among n people leaves about 3 / n (3.69 / n for a two-sided 95 % interval)
    interval = binomial_interval(0, 15)
    assert (interval.low, interval.estimate) == (0.0, 0.0)
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 15))
    assert binomial_interval(15, 15).low == pytest.approx(0.025 ** (1 / 15))


def test_rates_are_exact_at_the_ends_and_reach_further_with_fewer_people():
    assert rate_interval(0.0, 0.0, 15)[2:] == pytest.approx(binomial_interval(0, 15)[2:])
    assert rate_interval(1.0, 0.0, 15)[2:] == pytest.approx(binomial_interval(15, 15)[2:])
    few, many = rate_interval(0.02, 0.01, 10), rate_interval(0.02, 0.01, 100)
    assert 0 < few.low < many.low < 0.02 < many.high < few.high < 1
    mirrored = rate_interval(0.98, 0.01, 10)
    assert [1 - mirrored.high, 1 - mirrored.low] == pytest.approx([few.low, few.high])
    assert np.isnan(rate_interval(0.02, 0.01, 2).low)


def test_proportions_stay_between_zero_and_one():
    interval = proportion_interval([1.0] * 14 + [0.4])
    assert interval.low < 0.96 < interval.high < 1.0
    assert proportion_interval([1.0] * 15).low < 0.8
    # one error in a hundred of one person is no proof that the next person is always recognised
    nearly = proportion_interval([1.0] * 14 + [0.99])
    assert nearly.low < 0.95 < nearly.estimate < nearly.high < 1
    assert logit_t_interval([0.4, 0.5, 0.6, 0.5]).estimate == pytest.approx(0.5)


def test_missing_people_do_not_count_and_two_give_no_interval():
    assert t_interval([1.0, 2.0, 3.0, np.nan]) == t_interval([1.0, 2.0, 3.0])
    assert np.isnan(bca_interval([1.0, 2.0], seed=0).low)


def test_participant_bootstrap_knows_the_unit():
    # 100 equal rows per person carry no more than one: the standard error must be that of 20 people
    means = np.random.default_rng(4).normal(size=20)
    frame = pd.DataFrame(
        {"participant": np.repeat([f"sub-{i:02d}" for i in range(20)], 100), "x": np.repeat(means, 100)}
    )
    interval = participant_bootstrap(frame, lambda part: part["x"].mean(), n_boot=1000, seed=5)
    assert interval.se == pytest.approx(means.std() / np.sqrt(20), rel=0.1)
    assert interval.low < interval.estimate < interval.high


def test_row_order_does_not_matter():
    frame = pd.DataFrame({"participant": np.repeat(list("abcdefgh"), 3), "x": np.random.default_rng(0).normal(size=24)})
    shuffled = frame.sample(frac=1, random_state=1)
    first, second = (participant_bootstrap(f, lambda p: p["x"].mean(), n_boot=200, seed=5) for f in (frame, shuffled))
    np.testing.assert_allclose(first, second)


def test_methods_exist_and_a_missing_column_is_told():
    people = np.repeat(np.arange(12), 2)
    x = np.random.default_rng(0).normal(size=24)
    for method in ("bca", "percentile", "t"):
        interval = bootstrap_rows(people, lambda rows: x[rows].mean(), n_boot=300, seed=1, method=method)
        assert interval.low < x.mean() < interval.high
    with pytest.raises(InputError, match="participant"):
        participant_bootstrap(pd.DataFrame({"x": [1]}), lambda p: 0.0, seed=0)
