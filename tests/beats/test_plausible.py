"""An epoch whose beats cannot be a heart's is not used for the heart, and says why."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from beats.simulated import beat_times, ecg_of
from features.scenes import belt, no_intervals, tables_of

from eupnea.beats.chunk import beats_of_chunk
from eupnea.beats.plausible import beat_quality, with_beats
from eupnea.config.beats import BeatsConfig
from eupnea.config.features import FeaturesConfig
from eupnea.features.assemble import FeatureChunk, features_of_chunk
from eupnea.features.recording_views import ChunkTables
from eupnea.io.contract import BEATS, QUALITY

SECONDS, HZ = 300.0, 50.0


def epochs(seconds: float, kind: str = "rr") -> pd.DataFrame:
    starts = np.arange(0, seconds, 10.0)
    frame = pd.DataFrame({"start_s": starts, "duration_s": 10.0, "is_usable": True, "reason": ""})
    return QUALITY.conform(frame.assign(recording="sub-01", signal="heart", kind=kind))


def beats_at(time_s: np.ndarray, **columns: object) -> pd.DataFrame:
    rr_ms = np.diff(time_s, prepend=np.nan) * 1000
    frame = pd.DataFrame({"time_s": time_s, "rr_ms": rr_ms, "rr_corrected_ms": rr_ms, "artefact": "normal"})
    frame = frame.assign(recording="sub-01", signal="heart", beat=range(time_s.size), is_valid=np.isfinite(rr_ms))
    return BEATS.conform(frame.assign(**columns))


STEADY = np.arange(0.4, 60.0, 0.8)


def judged(beats: pd.DataFrame, **config: object) -> list[str]:
    return beat_quality(epochs(60.0), beats, BeatsConfig(**config))["reason"].tolist()


def test_steady_beats_are_plausible() -> None:
    found = beat_quality(epochs(60.0), beats_at(STEADY), BeatsConfig())
    assert found["is_plausible"].all()
    np.testing.assert_allclose(found["rate_bpm"], 75)
    np.testing.assert_allclose(found["unknown_share"][1:], 0, atol=0.08)


def test_each_rule_names_its_epoch() -> None:
    lost = beats_at(STEADY)
    lost.loc[(STEADY > 20) & (STEADY < 30), ["is_valid", "rr_corrected_ms"]] = [False, np.nan]
    assert judged(lost) == ["", "", "missing", "", "", ""]
    fast = np.concatenate([STEADY[STEADY < 40], np.arange(40.0, 50.0, 0.25), STEADY[STEADY > 50]])
    assert judged(beats_at(fast)) == ["", "", "", "", "rate", ""]
    fixed = np.where((STEADY > 10) & (STEADY < 20), "ectopic", "normal")
    assert judged(beats_at(STEADY, artefact=fixed)) == ["", "corrected", "", "", "", ""]
    assert judged(beats_at(STEADY, artefact=fixed), max_corrected_share=1.0) == [""] * 6
    assert judged(beats_at(STEADY, similarity=np.where(STEADY > 50, 0.3, 0.99))) == ["", "", "", "", "", "unlike"]


def test_without_beats_nothing_is_plausible_and_without_a_heart_nothing_is_judged() -> None:
    assert judged(BEATS.empty()) == ["missing"] * 6
    assert len(beat_quality(epochs(60.0, "belt"), BEATS.empty(), BeatsConfig())) == 0
    assert len(beat_quality(epochs(60.0, "heart_rate"), BEATS.empty(), BeatsConfig())) == 0


def test_what_the_signal_shows_stays_the_reason() -> None:
    table = epochs(60.0)
    table.loc[2, ["is_usable", "reason"]] = [False, "clipped"]
    found = with_beats(table, beat_quality(table, BEATS.empty(), BeatsConfig()))
    assert (
        found["reason"].tolist()
        == ["beats_implausible: missing"] * 2 + ["clipped"] + ["beats_implausible: missing"] * 3
    )
    assert not found["is_usable"].any()


@pytest.fixture(scope="module")
def chunk() -> FeatureChunk:
    """Five minutes of a belt and an ECG whose electrode is off from 70 to 110 s."""
    ecg = ecg_of(beat_times(SECONDS, seed=4), SECONDS, 250.0)
    noise = np.random.default_rng(0).standard_normal(ecg.size)
    time_s = np.arange(ecg.size) / 250.0
    ecg = np.where((time_s > 70) & (time_s < 110), 0.3 * noise, ecg + 0.01 * noise)
    name = "sub-01_task-rest"
    tables = tables_of(
        {(name, "chest"): belt(SECONDS, seed=1), (name, "heart"): ecg}, {"chest": "belt", "heart": "ecg"},
        rates={"heart": 250.0},
    )  # fmt: skip
    beats = beats_of_chunk(tables.cardiac, BeatsConfig())
    quality = with_beats(tables.quality, beat_quality(tables.quality, beats, BeatsConfig()))
    tables = dataclasses.replace(tables, beats=beats, quality=quality)
    frames = {field.name: getattr(tables, field.name) for field in dataclasses.fields(ChunkTables)}
    return features_of_chunk(**frames, intervals=no_intervals(), config=FeaturesConfig(window_s=(60.0,)))


def test_windows_without_a_believable_heart_keep_their_breathing(chunk: FeatureChunk) -> None:
    windows = chunk.windows.set_index("start_s")
    for modality in ("cardiac", "coupling"):
        has_some = windows.filter(regex=f"^{modality}__").notna().any(axis=1)
        assert has_some.tolist() == [True, False, True, True, True]
    assert windows["respiration__breath__rate_bpm"].notna().all()
    assert windows.loc[60.0, "cardiac_quality"] < 0.5
    assert (windows.loc[[0.0, 180.0, 240.0], "cardiac_quality"] > 0.95).all()


def test_the_reason_is_told(chunk: FeatureChunk) -> None:
    told = chunk.set_aside.set_index("start_s")["reason"]
    assert told.to_dict() == {60.0: "heart: beats_implausible: missing"}
