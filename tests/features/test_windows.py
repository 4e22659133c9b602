"""Windows lie where they may, never overlap, and what is not used is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
from features.scenes import no_intervals, quality_rows
from hypothesis import given
from hypothesis import strategies as st

from eupnea.features.windows import cut_windows, stretches
from eupnea.io.contract import INTERVALS


def intervals(*rows: tuple[float, float, str, str]) -> pd.DataFrame:
    names = ["onset_s", "duration_s", "role", "label"]
    return INTERVALS.conform(pd.DataFrame(rows, columns=names).assign(recording="sub-01"))


def cut(table: pd.DataFrame, *, end_s: float = 600.0, window_s: tuple[float, ...] = (60.0,), bad: dict | None = None):
    parts = stretches(table, start_s=0.0, end_s=end_s)
    return cut_windows(parts, quality_rows(end_s, bad), window_s=window_s, min_quality=0.8)


def test_a_recording_without_events_is_cut_from_end_to_end() -> None:
    kept, lost = cut(no_intervals(), end_s=610.0, window_s=(60.0, 300.0))
    assert kept.loc[kept["window_s"] == 60, "start_s"].tolist() == list(np.arange(0, 600, 60.0))
    assert kept.loc[kept["window_s"] == 300, "start_s"].tolist() == [0.0, 300.0]
    assert (kept["time_on_task_s"] == kept["start_s"]).all()
    assert lost.empty


def test_windows_avoid_what_is_excluded_and_stay_in_what_is_used() -> None:
    kept, _ = cut(intervals((30, 400, "use", ""), (100, 20, "exclude", "speech")))
    assert kept["start_s"].tolist() == [30.0, *np.arange(120, 361, 60.0)]
    assert kept["time_on_task_s"].iloc[0] == 0.0
    assert kept["time_on_task_s"].iloc[1] == 90.0


def test_each_block_is_cut_by_itself_and_keeps_its_own_clock() -> None:
    kept, _ = cut(intervals((0, 130, "block", "one"), (130, 130, "block", "two"), (0, 260, "use", "")), end_s=300.0)
    assert list(zip(kept["block"], kept["start_s"], kept["time_on_task_s"], strict=True)) == [
        ("one", 0.0, 0.0),
        ("one", 60.0, 60.0),
        ("two", 130.0, 0.0),
        ("two", 190.0, 60.0),
    ]


def test_bad_windows_are_set_aside_with_what_is_wrong_with_most_of_them() -> None:
    kept, lost = cut(no_intervals(), bad={6: "motion", 7: "clipped", 8: "clipped", 13: "gap"})
    assert lost["start_s"].tolist() == [60.0]
    assert lost["reason"].tolist() == ["clipped"]
    assert kept.loc[kept["start_s"] == 120.0, "quality"].tolist() == [50 / 60]


@given(
    st.lists(
        st.tuples(
            st.floats(-50, 700), st.floats(0, 300), st.sampled_from(["use", "exclude", "block"]), st.sampled_from("ab")
        ),
        max_size=6,
    )
)
def test_windows_never_overlap_nor_touch_what_is_excluded(rows: list[tuple[float, float, str, str]]) -> None:
    table = intervals(*rows)
    kept, lost = cut(table)
    assert lost.empty
    start = np.sort(kept["start_s"].to_numpy())
    assert (np.diff(start) >= 60 - 1e-6).all()
    assert ((start > -1e-6) & (start + 60 < 600 + 1e-6)).all()
    for onset, duration, role, _ in rows:
        if role == "exclude" and duration > 1e-3:
            assert ((start + 60 <= onset + 1e-5) | (start >= onset + duration - 1e-5)).all()
