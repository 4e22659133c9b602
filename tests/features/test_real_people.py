"""On real belts the features say what physiology allows, and know people again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.breaths import BreathsConfig
from eupnea.config.dataset import DatasetConfig
from eupnea.config.features import FeaturesConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.features.assemble import features_of_chunk
from eupnea.io.contract import BEATS
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.load import load_signals
from eupnea.signals.clean import clean_chunk

PEOPLE = [f"sub-{i:02d}" for i in range(1, 7)]


@pytest.fixture(scope="module")
def windows(shared_data: Callable[[str], Path]) -> pd.DataFrame:
    base = shared_data("ds000210")
    dataset = DatasetConfig(source="bids", path=base, cardiac="ppg", respiratory="belt")
    described = describe_chunk(dataset, RecordingsConfig(), base, PEOPLE, 0)
    recordings = described.recordings[described.recordings["run"].isin(["01", "02"])]
    recordings = recordings[recordings["task"] != "rest"]
    channels = described.channels[described.channels["recording"].isin(recordings["recording"])]
    channels = channels[channels["kind"] == "belt"].reset_index(drop=True)
    chunk = clean_chunk(load_signals(base, channels), channels, described.intervals, SignalsConfig())
    breaths = breaths_of_chunk(chunk.respiration, channels, BreathsConfig())
    found = features_of_chunk(
        recordings, described.intervals, channels, chunk.respiration, chunk.cardiac, chunk.quality, breaths,
        BEATS.empty(), FeaturesConfig(window_s=(60.0,)),
    )  # fmt: skip
    return found.windows


def test_rates_and_duty_cycles_are_those_of_awake_people(windows: pd.DataFrame) -> None:
    assert windows["respiration__breath__rate_bpm"].between(5, 30).all()
    assert windows["respiration__breath__duty_median"].between(0.25, 0.6).all()
    assert windows["respiration__breath__exhale_pause_share"].between(0, 1).all()


def test_people_keep_their_rate_and_duty_cycle_from_run_to_run(windows: pd.DataFrame) -> None:
    for name in ("breath__rate_bpm", "breath__duty_median", "waveform__skewness"):
        runs = windows.pivot_table(index="participant", columns="run", values=f"respiration__{name}", aggfunc="mean")
        assert np.corrcoef(runs["01"], runs["02"])[0, 1] > 0.6, name


def test_without_a_heart_its_columns_are_there_and_missing(windows: pd.DataFrame) -> None:
    heart = [name for name in windows if name.startswith(("cardiac__", "coupling__"))]
    assert heart
    assert windows[heart].isna().all(axis=None)
