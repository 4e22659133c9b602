"""The comparison with peers: parameters with known values, equal features, features of noise."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from identification.worlds import make_world

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import peers
from benchmarks.identification.peers.classic import classic_parameters
from benchmarks.identification.peers.judge import compare, identify, samples_of

COLUMNS = ("total_s", "inhale_s", "exhale_s", "inhale_pause_s", "exhale_pause_s", "inhale_peak_au", "exhale_peak_au")


def breaths(*rows):
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(inhale_volume_au=2.0 * table["inhale_s"], exhale_volume_au=1.0 * table["exhale_s"])


def test_there_are_24_parameters_with_known_values():
    found = classic_parameters(breaths((4.0, 1.5, 2.5, 0.5, 0.0, 1.0, 0.8), (6.0, 2.0, 4.0, 0.0, 1.0, 3.0, 1.2)))
    assert len(found) == 24
    assert found["breathing_rate_hz"] == pytest.approx(0.2)
    assert found["inhale_s"] == pytest.approx((1.0 + 2.0) / 2)  # without the pause after it
    assert found["exhale_pause_s"] == pytest.approx(1.0)  # of the breaths that have one
    assert found["share_with_inhale_pause"] == 0.5
    assert found["peak_inspiratory_flow"] == 2.0
    assert classic_parameters(breaths((4.0, 1.5, 2.5, 0.5, 0.0, 1.0, 0.8))) == {}


def test_equal_features_differ_by_nothing_and_noise_loses():
    windows = make_world(people=10, modes=("nasal",), runs=("1", "2"), windows=3, signature=1.5, seed=2)[0]
    features = windows.filter(like="respiration__")
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=features.shape), columns=features.columns)
    ours, same, lost = (
        identify(samples_of(windows, one, "respiration", 60.0), "leave_one_run_out")
        for one in (features, features, noise)
    )
    assert compare(ours, same)["rank1_difference"] == 0
    worse = compare(ours, lost)
    assert worse["ci_low"] > 0.3
    assert worse["p_value"] < 0.01
    assert worse["eer_gain_low"] > 0.1


def test_a_peer_that_cannot_be_installed_is_named_and_asked_for_again(tmp_path, monkeypatch):
    (tmp_path / "absent.txt").write_text("eupnea-has-no-such-peer==1\n")
    monkeypatch.setattr(peers, "REQUIREMENTS", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):  # the environment that was begun is not taken for a whole one
        found, missing = peers.peers_at_hand(("absent",), tmp_path / "peers")
        assert not found
        assert "absent is not installed: " in missing["absent"]
        assert "eupnea-has-no-such-peer" in missing["absent"]
