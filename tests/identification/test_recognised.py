"""Which probes were recognised, in codes that modalities share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.identification.recognised import Recognised, own_probes


def _scores(starts: list[float]) -> pd.DataFrame:
    """Two people's scores of windows that begin at these times; each is recognised in the even ones."""
    rows = [
        {"recording": f"{person}_rest", "start_s": start, "probe_participant": person, "genuine": person == claimed}
        | {"score": float((person == claimed) == (number % 2 == 0))}
        for person in ("sub-1", "sub-2")
        for number, start in enumerate(starts)
        for claimed in ("sub-1", "sub-2")
    ]
    return pd.DataFrame(rows).assign(fold="all", level="window", protocol="p", window_s=60.0)


def test_probes_without_a_start_are_probes_too():
    for starts in ([0.0, 60.0, 120.0], [0.0, 60.0, np.nan], [np.nan, 60.0, 120.0]):
        assert own_probes(_scores(starts))["hit"].tolist() == [1.0, 0.0, 1.0] * 2


def test_modalities_share_the_codes_of_their_probes():
    gathered = Recognised()
    gathered.add({"respiration": _scores([0.0, np.nan]), "cardiac": _scores([np.nan, 60.0])})
    gathered.add({"respiration": _scores([0.0]), "cardiac": _scores([0.0])})
    hits = gathered.hits()
    shared = hits["respiration"].shared_with(hits["cardiac"])
    assert len(shared.probe) == 4  # of each person the window without a start, and that of the second protocol
    assert len(set(hits["respiration"].probe)) == 6
    assert sorted(shared.hit) == [0.0, 0.0, 1.0, 1.0]
