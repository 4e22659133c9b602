"""Tables keep their content, their types and their bytes; a failed write leaves the old file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from eupnea.errors import InputError
from eupnea.io.columns import TableContract
from eupnea.io.contract import BREATHS, CARDIAC, CONTRACTS, METRICS, SCORES
from eupnea.io.files import replacing
from eupnea.io.tables import (
    concat_tables,
    distinct,
    join_parts,
    read_rows,
    read_table,
    stack_tables,
    table_parts_to,
    write_table,
)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
@pytest.mark.parametrize("suffix", [".parquet", ".tsv"])
def test_empty_tables_keep_every_column_and_type(tmp_path: Path, contract: TableContract, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_table(contract.empty(), path, contract)
    pd.testing.assert_frame_equal(read_table(path, contract), contract.empty())


def test_tsv_round_trip_keeps_text_that_looks_like_a_number(tmp_path: Path) -> None:
    frame = METRICS.conform(pd.DataFrame({"feature": ["01", ""], "value": [0.1, np.nan], "metric": ["eer", "NA"]}))
    write_table(frame, tmp_path / "metrics.tsv", METRICS)
    pd.testing.assert_frame_equal(read_table(tmp_path / "metrics.tsv", METRICS), frame)


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(size=100), "s": ["a"] * 100})
    for suffix in (".parquet", ".tsv"):
        write_table(frame, tmp_path / f"one{suffix}")
        write_table(frame.copy(), tmp_path / f"two{suffix}")
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def scores_of(protocol: str, rows: int) -> pd.DataFrame:
    flags = {"is_enrolled": True, "genuine": False}
    return SCORES.conform(pd.DataFrame({"protocol": protocol, "window_s": 60.0, "score": np.arange(rows), **flags}))


def test_a_table_written_in_parts_is_the_table_written_whole(tmp_path: Path) -> None:
    parts = {"one": [scores_of("rest_to_task", 3), scores_of("within_oral", 2)], "none": [SCORES.empty()]}
    for name, frames in parts.items():
        with table_parts_to(tmp_path / f"{name}.parquet", SCORES) as write:
            for frame in frames:
                write(frame)
        whole = concat_tables(frames, SCORES)
        pd.testing.assert_frame_equal(read_table(tmp_path / f"{name}.parquet", SCORES), whole)
    one, both = tmp_path / "one.parquet", tmp_path / "both.parquet"
    join_parts([str(tmp_path / "none.parquet"), str(one), str(one)], both)
    pd.testing.assert_frame_equal(read_table(both, SCORES), concat_tables(parts["one"] * 2, SCORES))
    assert distinct(both, ["protocol"])["protocol"].tolist() == ["rest_to_task", "within_oral"]
    assert len(read_rows(both, SCORES, protocol="within_oral", window_s=60.0)) == 4


def test_parts_of_a_failed_write_leave_no_file(tmp_path: Path) -> None:
    def write_both() -> None:
        with table_parts_to(tmp_path / "scores.parquet", SCORES) as write:
            write(scores_of("rest_to_task", 3))
            write(pd.DataFrame({"unknown": [1]}))

    with pytest.raises(InputError):
        write_both()
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    write_table(pd.DataFrame({"x": [1]}), path)
    with pytest.raises(ZeroDivisionError):
        _fail_while_writing(path)
    assert path.read_text() == "x\n1\n"
    assert list(tmp_path.iterdir()) == [path]


def _fail_while_writing(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half a t")
        temporary.write_text(str(1 / 0))


def test_unknown_column_is_named() -> None:
    with pytest.raises(InputError, match="tidal"):
        BREATHS.conform(BREATHS.empty().assign(tidal=[]))


def test_stacking_does_not_depend_on_the_chunks() -> None:
    frame = pd.DataFrame({"recording": list("abcd"), "x": range(4)})
    one = stack_tables([frame], by=["recording"])
    two = stack_tables([frame.iloc[[3, 1]], frame.iloc[[0]], frame.iloc[:0], frame.iloc[[2]]], by=["recording"])
    pd.testing.assert_frame_equal(one, two)


def test_empty_tables_do_not_change_types() -> None:
    full = pd.DataFrame({"n": [1, 2]})
    assert concat_tables([full.iloc[:0].astype(float), full])["n"].dtype == np.int64


def test_samples_are_written_in_groups_so_that_one_recording_is_read_alone(tmp_path: Path) -> None:
    rows = [
        {"recording": f"r{number}", "signal": "ecg", "kind": "ecg", "values": [1.0] * 50, "times_s": []}
        for number in range(6)
    ]
    table = CARDIAC.conform(pd.DataFrame(rows).assign(start_s=0.0, sampling_hz=250.0))
    write_table(table, tmp_path / "cardiac.parquet", CARDIAC)
    assert pq.ParquetFile(tmp_path / "cardiac.parquet").num_row_groups == 3
    one = read_rows(tmp_path / "cardiac.parquet", CARDIAC, recording="r4")
    assert one["recording"].tolist() == ["r4"]
    pd.testing.assert_frame_equal(read_table(tmp_path / "cardiac.parquet", CARDIAC), table)
