"""Flow of two nostrils is one flow of the nose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.breaths import BreathsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.io.contract import CHANNELS, INTERVALS, QUALITY, RESPIRATION
from eupnea.recordings.nostrils import with_the_nose
from eupnea.recordings.signal import RawSignal
from eupnea.signals.clean import CleanChunk, clean_chunk

HZ = 50.0
TIMES = np.arange(int(240 * HZ)) / HZ
FLOW = np.sin(2 * np.pi * 0.25 * TIMES) + 0.3 * np.sin(4 * np.pi * 0.25 * TIMES + 1)


def rows_of(kind: str, *sites: str) -> list[dict[str, object]]:
    told = {"recording": "sub-1", "kind": kind, "polarity": "up", "offset_s": 0.0, "drift_ppm": 0.0, "status": "used"}
    texts = dict.fromkeys(("unit", "file", "format", "channel", "clock", "samples", "reason"), "")
    return [told | texts | {"signal": site, "site": site, "sampling_hz": HZ} for site in sites]


def clean(kind: str, left: np.ndarray, right: np.ndarray) -> tuple[CleanChunk, pd.DataFrame]:
    channels = CHANNELS.conform(pd.DataFrame(with_the_nose(rows_of(kind, "nasal_left", "nasal_right"))))
    raw = {("sub-1", "nasal_left"): RawSignal(left, HZ), ("sub-1", "nasal_right"): RawSignal(right, HZ)}
    chunk = clean_chunk(raw, channels, INTERVALS.empty(), SignalsConfig())
    return chunk, breaths_of_chunk(chunk.respiration, channels, BreathsConfig())


def noise(seed: int) -> np.ndarray:
    return 0.01 * np.random.default_rng(seed).standard_normal(FLOW.size)


@pytest.mark.parametrize("kind", ["airflow", "nasal_pressure"])
def test_volumes_do_not_follow_the_nasal_cycle(kind: str) -> None:
    sensor = (lambda flow: flow) if kind == "airflow" else (lambda flow: np.sign(flow) * flow**2)
    volumes = {}
    for share in (0.1, 0.5, 0.8):
        chunk, breaths = clean(kind, sensor(share * FLOW) + noise(1), sensor((1 - share) * FLOW) + noise(2))
        own = breaths[(breaths["signal"] == "nostrils") & breaths["is_valid"]]
        assert len(own) >= 55
        volumes[share] = own["inhale_volume_au"].median()
        assert chunk.quality.loc[chunk.quality["signal"] == "nostrils", "is_usable"].all()
    assert volumes[0.1] == pytest.approx(volumes[0.5], rel=0.06)
    assert volumes[0.8] == pytest.approx(volumes[0.5], rel=0.06)


def test_a_closed_nostril_does_no_harm_and_a_gap_in_one_is_a_gap() -> None:
    left = FLOW + noise(1)
    left[int(100 * HZ) : int(120 * HZ)] = np.nan
    chunk, _ = clean("airflow", left, noise(2))
    for table, contract in ((chunk.respiration, RESPIRATION), (chunk.quality, QUALITY)):
        pd.testing.assert_frame_equal(contract.conform(table), table)
    nose = chunk.quality[chunk.quality["signal"] == "nostrils"].set_index("start_s")
    closed = chunk.quality[chunk.quality["signal"] == "nasal_right"]
    assert (
        closed["out_of_band_share"].median() > 0.5 > 0.1 > nose.loc[nose["gap_share"] == 0, "out_of_band_share"].max()
    )
    assert set(nose.index[~nose["is_usable"]]) == set(
        nose.index[nose["gap_share"] > SignalsConfig().quality.max_gap_share]
    )
    own = chunk.respiration[chunk.respiration["signal"] == "nostrils"]
    assert not own.loc[own["time_s"].between(105, 115), "is_valid"].any()
    assert own.loc[own["time_s"].between(20, 90), "is_valid"].all()


def test_the_nose_is_added_only_where_it_was_not_recorded_and_both_sides_give_flow() -> None:
    sides = ("nasal_left", "nasal_right")
    assert [row["signal"] for row in with_the_nose(rows_of("airflow", *sides, "oral"))][-1] == "nostrils"
    taken = rows_of("airflow", *sides, "oral")
    taken[2]["signal"] = "nostrils"
    assert [row["signal"] for row in with_the_nose(taken)][-1] == "nostrils_2"
    assert len(with_the_nose(rows_of("airflow", *sides, "nasal"))) == 3
    assert len(with_the_nose(rows_of("thermistor", *sides))) == 2
    assert len(with_the_nose(rows_of("airflow", "nasal_left"))) == 1
    units = rows_of("airflow", *sides)
    units[1]["unit"] = "ml/s"
    assert len(with_the_nose(units)) == 2
    aside = rows_of("airflow", *sides)
    aside[1]["status"] = "set_aside"
    assert len(with_the_nose(aside)) == 2


def test_epochs_of_two_clocks_are_judged_at_the_same_time() -> None:
    channels = CHANNELS.conform(pd.DataFrame(with_the_nose(rows_of("airflow", "nasal_left", "nasal_right"))))
    late, hz = 62.0, 32.0
    times = np.arange(late, TIMES[-1], 1 / hz)
    right = np.where((times > 130) & (times < 150), np.nan, np.sin(2 * np.pi * 0.25 * times))
    raw = {("sub-1", "nasal_left"): RawSignal(FLOW, HZ), ("sub-1", "nasal_right"): RawSignal(right, hz, start_s=late)}
    chunk = clean_chunk(raw, channels, INTERVALS.empty(), SignalsConfig())
    nose = chunk.quality[chunk.quality["signal"] == "nostrils"].set_index("start_s")
    assert list(nose.index) == list(np.arange(60.0, 240.0, 10.0))
    assert set(nose.index[~nose["is_usable"]]) == {130.0, 140.0}
    own = chunk.respiration.loc[chunk.respiration["signal"] == "nostrils", "time_s"]
    assert own.min() == late
