"""The family of modalities, protocols and window lengths: joint draws, one error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.evidence.metrics import metric_row, metrics_frame
from eupnea.evidence.permutation import permutation_p
from eupnea.identification.compare import difference_interval
from eupnea.identification.error_rates import equal_error_rate
from eupnea.identification.family import correct_family
from eupnea.identification.owners import equal_error_rate_of_places, owners_permuted
from eupnea.identification.recognised import Recognised

PROTOCOLS = ("within_nasal", "within_oral", "nasal_to_oral", "rest_to_task")
MODALITIES = ("respiration", "cardiac")


def family(rng, observed=None, draws=99):
    """Eight tests permuted together, with a part in common; one fused row and an EER among them."""
    shared, rows, nulls = rng.normal(size=draws + 1), [], []
    for protocol in PROTOCOLS:
        for modality in MODALITIES:
            all_of = 0.1 + 0.03 * (0.7 * shared + 0.7 * rng.normal(size=draws + 1))
            value, null = all_of[0], all_of[1:]
            if observed and (protocol, modality) in observed:
                value = observed[protocol, modality]
            keys = {"protocol": protocol, "modality": modality, "window_s": 60.0}
            columns = keys | {"model": "selected", "level": "window", "probe_s": 60.0}
            rows.append(
                metric_row("identification", "rank1_window", value, **columns, p_value=permutation_p(value, null))
            )
            nulls.append(keys | {"metric": "rank1_window", "k": 0, "draws": null})
    return metrics_frame(rows), pd.DataFrame(nulls)


def test_the_family_wise_error_is_held():
    rng = np.random.default_rng(0)
    found = [(correct_family(*family(rng))["p_adjusted"] <= 0.05).any() for _ in range(100)]
    assert np.sum(found) <= 100 * 0.05 + 2.6 * np.sqrt(100 * 0.05 * 0.95)


def test_a_clear_result_stays_clear_in_a_large_family():
    metrics = correct_family(*family(np.random.default_rng(1), {("within_oral", "cardiac"): 0.8}))
    row = metrics[(metrics["protocol"] == "within_oral") & (metrics["modality"] == "cardiac")].iloc[0]
    assert row["p_adjusted"] == row["p_value"] == 0.01
    assert row["correction"] == "max-T, 8 tests: modalities, protocols and window lengths"
    assert (metrics["p_adjusted"] >= metrics["p_value"]).all()


def test_errors_are_extreme_when_small_and_fused_levels_are_kept_apart():
    keys = {"protocol": "within_nasal", "modality": "respiration", "window_s": 60.0}
    null = np.random.default_rng(2).uniform(0.3, 0.7, 99)
    rows = [
        metric_row("verification", "eer", 0.05, **keys, model="selected", level="recording", p_value=0.01),
        *(
            metric_row(
                "identification", "rank1_fused", v, **keys, model="selected", level="fused", probe_s=s, p_value=p
            )
            for s, v, p in ((120.0, 0.9, 0.01), (180.0, 0.5, 0.5))
        ),
        metric_row("verification", "eer", 0.4, **keys, model="lda", level="recording", p_value=0.2),
    ]
    nulls = pd.DataFrame(
        [keys | {"metric": m, "k": k, "draws": null} for m, k in (("eer", 0), ("rank1_fused", 2), ("rank1_fused", 3))]
    )
    adjusted = correct_family(metrics_frame(rows), nulls)["p_adjusted"]
    assert list(adjusted[:2]) == [0.01, 0.01]
    assert adjusted[2] >= 0.5
    assert np.isnan(adjusted[3])  # other models are for looking


def test_permuted_owners_are_chance_and_the_real_ones_are_not():
    rng = np.random.default_rng(3)
    people = [f"sub-{i:02d}" for i in range(10)]
    rows = [
        {
            "fold": "1",
            "recording": f"{p}-{run}",
            "probe_participant": p,
            "claimed": c,
            "score": rng.normal() + 4 * (p == c),
        }
        for p in people
        for run in (1, 2)
        for c in people
    ]
    table = pd.DataFrame(rows)
    blocks = pd.Series({f"{p}-{run}": f"///{run}" for p in people for run in (1, 2)})
    rank1, eer = owners_permuted(table, blocks, n_draws=200, seed=[1])
    assert abs(rank1.mean() - 0.1) < 0.02
    assert abs(eer.mean() - 0.5) < 0.05
    assert rank1.max() < 0.6


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_error_rates_of_places_are_those_of_scores(decimals):
    rng = np.random.default_rng(decimals)
    for _ in range(50):
        scores, own = rng.normal(size=40).round(decimals), rng.uniform(size=40) < rng.choice([0.1, 0.9])
        scores[own] += rng.choice([-9, 0, 1, 9])
        ordered = np.sort(scores)
        starts = np.append(np.flatnonzero(np.diff(ordered, prepend=-np.inf)), 40)
        found = equal_error_rate_of_places(np.sort(np.searchsorted(ordered, scores[own])), starts)
        np.testing.assert_equal(found, equal_error_rate(scores[own], scores[~own]))


def test_modalities_are_compared_on_the_probes_that_both_have():
    keys = {"protocol": "p", "window_s": 60.0, "fold": "1", "level": "window", "start_s": 0.0}
    comparisons = [(person, claimed) for person in "abc" for claimed in "abc"]
    table = pd.DataFrame(
        [keys | {"recording": f"r{p}", "probe_participant": p, "claimed": c, "genuine": p == c} for p, c in comparisons]
    )
    first = table.assign(score=[3.0, 1, 1, 1, 0, 1, 2, 2, 2])  # a alone is recognised: a tie is not
    second = table.assign(score=1.0 * table["genuine"])[table["probe_participant"] != "a"]
    found = Recognised()
    found.add({"first": first, "second": second})
    hits = found.hits()
    assert list(found.shares(hits["first"])) == [1.0, 0.0, 0.0]
    both = found.shares(hits["first"].shared_with(hits["second"]))
    assert [key[3] for key in both.index] == ["b", "c"]
    assert list(both) == [0.0, 0.0]
    assert list(found.shares(hits["second"].shared_with(hits["first"]))) == [1.0, 1.0]


def test_equal_people_are_no_proof_that_the_next_ones_are():
    equal = difference_interval(np.zeros(15), n_boot=200, seed=[1])
    assert equal.high == -equal.low > 0.2
    assert difference_interval(np.ones(15), n_boot=200, seed=[1]).high == 1.0
    some = difference_interval(np.linspace(-0.1, 0.3, 15), n_boot=200, seed=[1])
    assert -0.1 < some.low < some.estimate < some.high < 0.3
    assert np.isnan(difference_interval(np.zeros(2), n_boot=200, seed=[1]).low)
