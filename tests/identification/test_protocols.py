from __future__ import annotations

import numpy as np
import pytest
from identification.worlds import make_world

from eupnea.config.identification import IdentificationConfig, ProtocolConfig, RecordingFilter, default_protocols
from eupnea.errors import ConfigError, LeakError
from eupnea.evidence.leak_audit import audit_split
from eupnea.identification.evaluation import audit_fold
from eupnea.identification.protocols import Fold, matched, split_samples
from eupnea.identification.samples import make_samples

SHIPPED = {
    "leave_one_run_out",
    "rest_to_task",
    "task_to_rest",
    "nasal_to_oral",
    "oral_to_nasal",
    "within_nasal",
    "within_oral",
    "leave_one_session_out",
    "first_to_later",
    "single_short_enrolment",
}


def samples_of(**options):
    return make_samples(make_world(**options)[0], "respiration", 60.0, max_missing_share=0.5)[0]


@pytest.fixture(scope="module")
def study():
    return samples_of(people=6, windows={"rest": 5, "nback": 10})


def test_every_name_of_the_design_is_shipped():
    assert set(default_protocols()) == SHIPPED
    assert set(IdentificationConfig().protocols) == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED - {"leave_one_session_out"}))
def test_no_shipped_protocol_leaks(study, name):
    protocol = default_protocols()[name]
    split = split_samples(protocol, study, min_people=5)
    assert split.folds
    for fold in split.folds:
        audit_fold(study, fold, guard_s=protocol.guard_s, where=name)
        assert set(study.person[fold.probe]) <= set(study.person[fold.enrol])
        shared = set(study.recording[fold.enrol]) & set(study.recording[fold.probe])
        assert bool(shared) == protocol.same_recording


def test_every_run_is_once_the_probe(study):
    folds = split_samples(default_protocols()["leave_one_run_out"], study, min_people=5).folds
    probed = np.concatenate([fold.probe for fold in folds])
    assert sorted(probed) == list(range(len(study.X)))


def test_modes_and_tasks_are_kept_apart(study):
    fold = split_samples(default_protocols()["nasal_to_oral"], study, min_people=5).folds[0]
    assert set(study.recordings["mode"].to_numpy()[study.recording[fold.enrol]]) == {"nasal"}
    assert set(study.recordings["mode"].to_numpy()[study.recording[fold.probe]]) == {"oral"}
    fold = split_samples(default_protocols()["rest_to_task"], study, min_people=5).folds[0]
    assert set(study.recordings["task"].to_numpy()[study.recording[fold.probe]]) == {"nback"}


def test_short_enrolment_takes_the_first_two_minutes_of_the_first_recording(study):
    fold = split_samples(default_protocols()["single_short_enrolment"], study, min_people=5).folds[0]
    assert len(fold.enrol) == 2 * 6
    assert study.start_s[fold.enrol].max() == 60.0
    assert set(study.recordings["task"].to_numpy()[study.recording[fold.enrol]]) == {"rest"}


@pytest.mark.parametrize(
    ("options", "name", "reason"),
    [
        ({"modes": ("nasal",)}, "nasal_to_oral", "no recording can probe: none with mode oral"),
        ({"modes": ("",)}, "within_nasal", "none with mode nasal"),
        ({}, "leave_one_session_out", "every person has one session only"),
        ({"tasks": ("rest",)}, "rest_to_task", "no recording can probe"),
        ({"people": 4}, "leave_one_run_out", "4 people have both enrolment and probe, 5 are needed"),
    ],
)
def test_what_a_dataset_cannot_answer_is_told(options, name, reason):
    split = split_samples(default_protocols()[name], samples_of(**options), min_people=5)
    assert split.folds == ()
    assert reason in split.reason


def test_with_many_runs_every_one_is_still_once_the_probe():
    samples = samples_of(people=6, runs=tuple(str(k) for k in range(1, 14)), tasks=("rest",), modes=("",), windows=1)
    folds = split_samples(default_protocols()["leave_one_run_out"], samples, min_people=5).folds
    assert len(folds) == 10
    assert sorted(np.concatenate([fold.probe for fold in folds])) == list(range(len(samples.X)))


def test_sessions_are_left_out_one_by_one():
    samples = samples_of(people=6, sessions=("ses-1", "ses-2", "ses-3"))
    folds = split_samples(default_protocols()["leave_one_session_out"], samples, min_people=5).folds
    assert [fold.name for fold in folds] == ["ses-1", "ses-2", "ses-3"]


def test_a_protocol_that_enrols_its_probes_is_an_error(study):
    protocol = ProtocolConfig(enrol=RecordingFilter(mode=("nasal",)), probe=RecordingFilter(task=("rest",)))
    with pytest.raises(ConfigError, match="same recording enrol and be a probe"):
        split_samples(protocol, study, min_people=5, name="mine")


def test_matched_lengths_are_equal_and_lie_where_they_should(study):
    split = split_samples(default_protocols()["rest_to_task"], study, min_people=5)
    starts = {}
    for part in ("early", "middle", "late"):
        fold = matched(split, study, matched_s=300.0, part=part).folds[0]
        assert len(fold.enrol) == len(fold.probe) == 5 * 2 * 6
        starts[part] = study.start_s[fold.probe].min()
    assert starts["early"] == 0.0
    assert 60.0 <= starts["middle"] <= 240.0
    assert starts["late"] == 300.0


def test_audit_catches_a_random_split_of_windows(study):
    # the classic leak: windows of one recording on both sides
    rows = np.random.default_rng(0).permutation(len(study.X))
    fold = Fold("random", np.sort(rows[: len(rows) // 2]), np.sort(rows[len(rows) // 2 :]))
    with pytest.raises(LeakError, match="recording"):
        audit_fold(study, fold, guard_s=0.0, where="random windows")


def test_audit_is_silent_where_nothing_leaks(study):
    half = len(study.X) // 2
    audit_split(
        np.arange(5),
        np.arange(half, half + 5),
        recording=study.recording,
        start_s=study.start_s,
        window_s=60.0,
        guard_s=60.0,
        where="two recordings",
    )
