"""Read a whole dataset before any job runs, and say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.errors import InputError
from eupnea.io.contract import CHANNELS, RECORDINGS
from eupnea.io.tables import concat_tables
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.discovery import discover
from eupnea.recordings.findings import Finding, finding_of, findings_frame
from eupnea.recordings.merge import check_recordings, copies_between_people, recordings_of_chunks
from eupnea.recordings.participants import read_people
from eupnea.recordings.plan import base_of
from eupnea.recordings.targets import target_problem, targets_table

if TYPE_CHECKING:
    from eupnea.config.study import StudyConfig


@dataclass(frozen=True, slots=True)
class StudyCheck:
    """What a check found.

    Attributes
    ----------
    findings
        Columns level, recording, what, where, change; the gravest first.
    recordings
        In the contract RECORDINGS; empty when they could not be read yet.
    participants
        What `participants_table` returns; empty when nothing could be read yet.
    """

    findings: pd.DataFrame
    recordings: pd.DataFrame
    participants: pd.DataFrame

    @property
    def can_run(self) -> bool:
        """Whether nothing stands in the way of the study."""
        return not (self.findings["level"] == "error").any()


def check_study(study: StudyConfig, *, progress: Callable[[int, int], None] | None = None) -> StudyCheck:
    """Read every recording and every table of a study's dataset.

    Parameters
    ----------
    study
        The study.
    progress
        Called with the number of participants done, and of all.

    Returns
    -------
    StudyCheck
        A dataset that is simulated or downloaded later is noted, not an error.
    """
    base = study.folder / "simulate" / "dataset" if study.dataset.source == "simulated" else base_of(study.dataset)
    later = _not_there_yet(study, base)
    if later is not None:
        return StudyCheck(findings_frame([later]), RECORDINGS.empty(), pd.DataFrame())
    if study.dataset.source == "features":
        return StudyCheck(findings_frame(_feature_table(study, base)), RECORDINGS.empty(), pd.DataFrame())
    try:
        participants = list(dict.fromkeys(entry.participant for entry in discover(study.dataset, base)))
    except InputError as error:
        return StudyCheck(findings_frame([finding_of(error, level="error")]), RECORDINGS.empty(), pd.DataFrame())
    described = []
    for done, participant in enumerate(participants, start=1):
        described.append(describe_chunk(study.dataset, study.recordings, base, [participant], 0))
        if progress is not None:
            progress(done, len(participants))
    recordings = recordings_of_chunks([one.recordings for one in described])
    findings = [Finding(*row) for one in described for row in one.findings.itertuples(index=False, name=None)]
    channels = concat_tables([one.channels for one in described], CHANNELS)
    findings += copies_between_people(channels, recordings)
    people, more = _people(study, base, recordings)
    return StudyCheck(findings_frame([*findings, *more]), recordings, people)


def _not_there_yet(study: StudyConfig, base: Path) -> Finding | None:
    if base.is_dir():
        return None
    if study.dataset.source == "simulated":
        return Finding("note", "", "The recordings are simulated when the study runs; there is nothing to read yet")
    if study.dataset.registry:
        what = f"The dataset {study.dataset.registry} is downloaded when the study runs; there is nothing to read yet"
        return Finding("note", "", what, base.as_posix(), "or fetch it now: eupnea fetch")
    return None


def _feature_table(study: StudyConfig, base: Path) -> list[Finding]:
    path = base / str(study.dataset.feature_table)
    if not path.is_file():
        what, change = "The feature table does not exist", "correct dataset.feature_table"
        return [Finding("error", "", what, path.as_posix(), change)]
    from eupnea.features.imported import import_features

    try:
        imported = import_features(path, dataset=study.dataset)
    except InputError as error:
        return [finding_of(error, level="error")]
    return _target_findings(study, imported.targets)


def _people(study: StudyConfig, base: Path, recordings: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    findings: list[Finding] = []
    table = pd.DataFrame()
    try:
        check_recordings(recordings, study.dataset)
    except InputError as error:
        findings.append(finding_of(error, level="error"))
    try:
        people = read_people(study.dataset, base, recordings)
        table = people.table
        findings += people.findings
        targets = targets_table(study.dataset, base, recordings, people.table)
        findings += _target_findings(study, targets)
    except InputError as error:
        findings.append(finding_of(error, level="error"))
    return table, findings


def _target_findings(study: StudyConfig, targets: pd.DataFrame) -> list[Finding]:
    """Return an error for each impossible target that the study names itself, a warning for those named by default."""
    is_named = "targets" in study.traits.model_fields_set
    problems = [target_problem(targets, one.name, one.level) for one in study.traits.targets]
    return [finding_of(one, level="error" if is_named else "warning") for one in problems if one is not None]
