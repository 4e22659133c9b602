"""What the workflow must know about a dataset before any job runs: files and participants of each chunk."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eupnea.errors import ConfigError
from eupnea.io.seeds import chunk_of
from eupnea.recordings.discovery import discover
from eupnea.recordings.download import REGISTRY, UNFINISHED, read_manifest, read_registry

if TYPE_CHECKING:
    import pandas as pd

    from eupnea.config.dataset import DatasetConfig
    from eupnea.config.study import StudyConfig
    from eupnea.recordings.entry import Entry

DOWNLOADED = Path("data")
SHARED = Path("..") / "shared" / "data"


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Files and participants of a study, by chunk.

    Attributes
    ----------
    dataset
        The block ``dataset`` of the config as plain values, with ``path`` filled in.
    participants
        Labels of the participants with recordings, by chunk.
    files
        Files that the recordings of a chunk depend on, by chunk.
    people
        Files that describe the participants.
    missing
        Files that must be downloaded first.
    """

    dataset: dict[str, Any]
    participants: list[list[str]]
    files: list[list[str]]
    people: list[str]
    missing: list[str]

    @property
    def all_files(self) -> list[str]:
        """Every file of the dataset that the study reads, once."""
        return sorted({*self.people, *(path for chunk in self.files for path in chunk)})


def plan_study(study: StudyConfig) -> StudyPlan:
    """Look at a study's dataset, by names only, and say what belongs to which chunk.

    Raises
    ------
    InputError, ConfigError
        The dataset is not there and cannot be downloaded, nothing in it looks like a recording, or a target does not
        exist.
    """
    if study.dataset.source == "simulated":
        return _simulated(study)
    if study.dataset.source == "features":
        table = Path(study.dataset.path or ".") / str(study.dataset.feature_table)
        if not table.is_file():
            raise ConfigError(
                "The feature table does not exist",
                where="dataset.feature_table",
                found=table.as_posix(),
                change="correct dataset.path or dataset.feature_table",
            )
        from eupnea.features.imported import import_features

        _check_targets(study, import_features(table, dataset=study.dataset).targets)
        chunks: list[list[str]] = [[] for _ in range(study.chunks)]
        return StudyPlan(
            _with_path(study.dataset, study.dataset.path or Path(".")), chunks, chunks, [table.as_posix()], []
        )
    return _recorded(study)


def base_of(dataset: DatasetConfig) -> Path:
    """Return the folder of a dataset: its path, or where a dataset of the registry is found.

    Without a path a dataset of the registry is looked for below ``$EUPNEA_DATA``, ``data`` and ``../shared/data`` (a
    folder that several checkouts share); where none of them has it, it belongs below the first of them.
    """
    if dataset.path is not None:
        return dataset.path
    shared = os.environ.get("EUPNEA_DATA")
    places = [Path(shared)] if shared else [DOWNLOADED, SHARED]
    found = [place / dataset.registry for place in places if (place / dataset.registry).is_dir()]
    return found[0] if found else places[0] / dataset.registry


def _with_path(dataset: DatasetConfig, base: Path) -> dict[str, Any]:
    return dataset.model_copy(update={"path": base}).model_dump(mode="json")


def _simulated(study: StudyConfig) -> StudyPlan:
    from eupnea.simulate.cohort import participant_labels

    base = (study.folder / "simulate" / "dataset").as_posix()
    participants: list[list[str]] = [[] for _ in range(study.chunks)]
    for label in participant_labels(study.simulate):
        participants[chunk_of(label, study.chunks)].append(label)
    files = [[f"{study.folder.as_posix()}/simulate/files-{chunk:03d}.tsv"] for chunk in range(study.chunks)]
    return StudyPlan(_with_path(study.dataset, Path(base)), participants, files, [f"{base}/participants.tsv"], [])


def _recorded(study: StudyConfig) -> StudyPlan:
    dataset, base = study.dataset, base_of(study.dataset)
    listed = _manifest_files(dataset) if dataset.registry else []
    is_missing = bool(listed) and not _is_there(base, listed)
    entries = _discover_from_names(dataset, listed) if is_missing else discover(dataset, base)
    if not is_missing:
        _check_study(study, base, entries)
    participants: list[list[str]] = [[] for _ in range(study.chunks)]
    files: list[set[str]] = [set() for _ in range(study.chunks)]
    for entry in entries:
        chunk = chunk_of(entry.participant, study.chunks)
        paths = [(base / path).as_posix() for path in entry.files]
        # a link to a file that was not fetched sets its recording aside; as an input it would stop the whole study
        files[chunk].update(path for path in paths if is_missing or os.path.isfile(path))
        if entry.participant not in participants[chunk]:
            participants[chunk].append(entry.participant)
    names = set(listed) if is_missing else None
    people = [
        path for path in _people_files(dataset) if (path in names if names is not None else (base / path).is_file())
    ]
    return StudyPlan(
        _with_path(dataset, base),
        participants,
        [sorted(chunk) for chunk in files],
        [(base / path).as_posix() for path in people],
        [(base / path).as_posix() for path in listed] if is_missing else [],
    )


def _check_study(study: StudyConfig, base: Path, entries: list[Entry]) -> None:
    """Stop a study that cannot be answered before any job: targets that do not exist, nobody recorded twice."""
    import pandas as pd

    from eupnea.io.contract import RECORDINGS
    from eupnea.recordings.merge import check_recordings
    from eupnea.recordings.participants import participants_table
    from eupnea.recordings.targets import targets_table

    keys = ("recording", "participant", "session", "mode", "task", "run")
    rows = [{name: getattr(entry, name) for name in keys} | {"chunk": 0, "status": "used"} for entry in entries]
    recordings = RECORDINGS.conform(pd.DataFrame(rows))
    check_recordings(recordings, study.dataset)
    people = participants_table(study.dataset, base, recordings)
    _check_targets(study, targets_table(study.dataset, base, recordings, people))


def _check_targets(study: StudyConfig, targets: pd.DataFrame) -> None:
    """Stop a study that names a target which nobody has or everybody shares."""
    from eupnea.recordings.targets import check_targets

    if "targets" in study.traits.model_fields_set:  # the default ones are answered where they can be
        check_targets(targets, [(target.name, target.level) for target in study.traits.targets])


def _people_files(dataset: DatasetConfig) -> list[str]:
    """Return the files that may describe participants, relative to the dataset folder."""
    phenotype = [f"phenotype/{name}.tsv" for name in sorted(dataset.targets.phenotype)]
    sessions = ["sessions.tsv"] if dataset.targets.sessions else []
    return [dataset.participants.file, *sessions, *phenotype]


def _is_there(base: Path, listed: list[str]) -> bool:
    return not (base / UNFINISHED).exists() and any((base / path).is_file() for path in listed)


def _manifest_files(dataset: DatasetConfig) -> list[str]:
    """Return the files of a dataset of the registry."""
    if not REGISTRY.is_file():
        return []
    rows = read_registry(REGISTRY)
    if dataset.registry not in rows:
        raise ConfigError(
            "The registry does not know this dataset",
            where="dataset.registry",
            found=dataset.registry,
            allowed=", ".join(sorted(rows)),
            change=f"correct the name, or add a row to {REGISTRY.as_posix()}",
        )
    return [row.path for row in read_manifest(REGISTRY.parent / rows[dataset.registry].manifest)]


def _discover_from_names(dataset: DatasetConfig, listed: list[str]) -> list[Entry]:
    """Discover recordings that are not there yet: by empty files of the same names."""
    with tempfile.TemporaryDirectory() as folder:
        for path in listed:
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        return discover(dataset, Path(folder))
