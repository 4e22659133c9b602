from __future__ import annotations

import numpy as np
import pytest

from eupnea.errors import LeakError
from eupnea.evidence.leak_audit import FitRecord, audit_people, audit_split

RECORDING = np.repeat(["a", "b"], 10)
START = np.tile(np.arange(10) * 60.0, 2)


def audit(enrol, probe, guard_s=60.0, window_s=60.0):
    audit_split(
        enrol, probe, recording=RECORDING, start_s=START, window_s=window_s, guard_s=guard_s, where="test, fold 1"
    )


def test_other_recordings_need_no_guard():
    audit(np.arange(10), np.arange(10, 20))


def test_split_in_time_with_guard_passes():
    audit([0, 1, 2, 3], [5, 6, 7, 8, 9])


@pytest.mark.parametrize(
    ("enrol", "probe", "message"),
    [
        ([0, 1, 2], [2, 3, 4], "both enrol and are probes"),
        ([0, 1, 2, 3], [4, 5, 6], "the guard is 60 s"),
    ],
)
def test_broken_splits_are_told_with_what_and_where(enrol, probe, message):
    with pytest.raises(LeakError, match=message) as error:
        audit(enrol, probe)
    assert "test, fold 1" in str(error.value)


def test_overlapping_windows_are_a_leak():
    with pytest.raises(LeakError, match="overlaps an enrolment window"):
        audit([0, 1, 2, 3], [4, 5, 6], window_s=90.0, guard_s=0.0)


def test_random_windows_of_one_recording_are_a_leak_even_without_a_guard():
    with pytest.raises(LeakError, match=r"interleaved|lies"):
        audit([0, 2, 4, 6], [1, 3, 5, 7], guard_s=0.0)


def test_a_fit_outside_the_enrolment_is_a_leak():
    record = FitRecord()
    record.allow([1, 2, 3], "fold 1")
    record.note("scale", [1, 3])
    with pytest.raises(LeakError, match="fold 1: the fit of scale saw 1 windows"):
        record.note("scale", [1, 4])


def test_a_fit_before_any_enrolment_is_declared_is_a_leak():
    with pytest.raises(LeakError, match="before any enrolment was declared"):
        FitRecord().note("scale", [1])


def test_people_on_both_sides_are_a_leak():
    audit_people(["sub-01"], ["sub-02"], where="fold 1")
    with pytest.raises(LeakError, match="sub-02"):
        audit_people(["sub-01", "sub-02"], ["sub-02"], where="fold 1")
