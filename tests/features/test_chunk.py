"""The stage's tables: the dictionary and the columns agree, whatever was recorded."""

from __future__ import annotations

from dataclasses import astuple, fields

import numpy as np
import pandas as pd
import pytest
from features.scenes import belt, empty_tables, no_intervals, tables_of

from eupnea.config.features import FeaturesConfig
from eupnea.errors import InputError
from eupnea.features.aggregate import aggregate_windows
from eupnea.features.assemble import FeatureChunk, features_of_chunk
from eupnea.features.dictionary import amplitude_free_columns, comparable_columns, dictionary
from eupnea.features.recording_views import ChunkTables
from eupnea.io.contract import DICTIONARY, RECORDING_FEATURES, WINDOWS


def run(tables: ChunkTables, **config: object) -> FeatureChunk:
    frames = {field.name: getattr(tables, field.name) for field in fields(tables)}
    return features_of_chunk(**frames, intervals=no_intervals(), config=FeaturesConfig(**config))


def two_people() -> ChunkTables:
    signals = {(f"sub-0{i}_task-rest", "chest"): belt(310, seed=i, rate_bpm=10 + 3 * i) for i in (1, 2)}
    return tables_of(signals, {"chest": "belt"})


def test_the_dictionary_and_the_columns_agree_exactly() -> None:
    words = dictionary()
    assert words["name"].is_unique
    assert list(words.columns) == DICTIONARY.column_names
    for table, contract, level in (
        ("windows", WINDOWS, "window"),
        ("recordings", RECORDING_FEATURES, "recording"),
    ):
        named = words.loc[words["level"] == level, "name"].tolist()
        for chunk in (run(two_people()), run(empty_tables())):
            columns = getattr(chunk, table).columns.tolist()
            assert columns == contract.column_names + named
    assert words[["unit", "definition", "source", "comparable_kinds"]].ne("").all(axis=None)


def test_an_empty_chunk_has_the_types_of_a_full_one() -> None:
    full, empty = run(two_people()), run(empty_tables())
    for name in ("windows", "recordings", "set_aside"):
        assert len(getattr(empty, name)) == 0
        assert getattr(empty, name).dtypes.equals(getattr(full, name).dtypes)


def test_a_person_has_the_same_features_in_any_chunk() -> None:
    both = run(two_people()).windows
    tables = two_people()
    alone = ChunkTables(
        *[frame[frame["recording"] == "sub-02_task-rest"].reset_index(drop=True) for frame in astuple(tables)]
    )
    expected = both[both["recording"] == "sub-02_task-rest"].reset_index(drop=True)
    pd.testing.assert_frame_equal(run(alone).windows, expected, check_exact=True)


def test_recordings_that_are_set_aside_have_no_windows() -> None:
    tables = two_people()
    tables.recordings.loc[0, "status"] = "set_aside"
    chunk = run(tables)
    assert chunk.windows["participant"].unique().tolist() == ["sub-02"]
    assert chunk.recordings["participant"].tolist() == ["sub-02"]


def test_amplitude_free_and_comparable_features() -> None:
    words = dictionary()
    free = set(amplitude_free_columns(words))
    assert "respiration__breath__rate_bpm" in free
    assert "respiration__breath__tidal_volume" not in free
    assert {name for name in words["name"] if name.endswith("_au")} & free == set()
    across = comparable_columns(words, {"airflow", "belt"})
    assert "respiration__breath__rate_bpm" in across
    assert "respiration__waveform__skewness" not in across
    assert "respiration__waveform__skewness" in comparable_columns(words, {"airflow", "nasal_pressure"})


def test_windows_become_one_row_per_participant() -> None:
    windows = pd.DataFrame({"participant": ["b", "a", "b", "b"], "x": [1.0, 5.0, 3.0, np.nan]})
    found = aggregate_windows(windows, ["x"], statistics=("mean", "sd", "q10"))
    assert found.index.tolist() == ["a", "b"]
    assert found.columns.tolist() == ["x|mean", "x|sd", "x|q10"]
    np.testing.assert_allclose(found.loc["b"], [2.0, np.sqrt(2), 1.2])
    assert np.isnan(found.loc["a", "x|sd"])
    with pytest.raises(InputError, match="statistic"):
        aggregate_windows(windows, ["x"], statistics=("mode",))
