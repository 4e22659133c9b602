"""Put the chunks together, and see whether the study can run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.errors import ConfigError
from eupnea.io.contract import RECORDINGS
from eupnea.io.tables import concat_tables
from eupnea.recordings.findings import Finding
from eupnea.recordings.labels import natural_key

if TYPE_CHECKING:
    from eupnea.config.dataset import DatasetConfig

_MIN_RECORDINGS = 2
_MIN_PARTICIPANTS = 2


def recordings_of_chunks(chunks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Stack the recordings of all chunks, in natural order of their names: the number of chunks changes nothing else.

    Parameters
    ----------
    chunks
        In the contract RECORDINGS.
    """
    stacked = concat_tables([RECORDINGS.conform(one) for one in chunks], RECORDINGS)
    if not len(stacked):
        return RECORDINGS.empty()
    keys = stacked[["participant", "session", "task", "mode", "run"]].itertuples(index=False)
    ranks = pd.Series([tuple(natural_key(cell) for cell in key) for key in keys])
    order = sorted(range(len(stacked)), key=lambda row: ranks.iloc[row])
    return RECORDINGS.conform(stacked.iloc[order].reset_index(drop=True))


def copies_between_people(channels: pd.DataFrame, recordings: pd.DataFrame) -> list[Finding]:
    """Return a warning for each signal whose samples stand in the recordings of two people.

    Parameters
    ----------
    channels, recordings
        In the contracts CHANNELS and RECORDINGS, of all chunks.
    """
    owner = recordings.set_index("recording")["participant"]
    used = channels[(channels["status"] == "used") & (channels["samples"] != "")]
    used = used.assign(participant=used["recording"].map(owner))
    findings = []
    for _, rows in used.groupby("samples", sort=True):
        if rows["participant"].nunique() > 1:
            names = sorted(set(rows["recording"]), key=natural_key)
            what = f"The same {rows['kind'].iloc[0]} samples stand in recordings of several people: {', '.join(names)}"
            findings.append(Finding("warning", names[-1], what, rows["file"].iloc[-1], "leave the wrong file out"))
    return findings


def check_recordings(recordings: pd.DataFrame, dataset: DatasetConfig) -> None:
    """Make sure that there is something to study: two people at least, with two recordings each.

    Parameters
    ----------
    recordings
        In the contract RECORDINGS, of all chunks.
    dataset
        For the keys in the message.

    Raises
    ------
    ConfigError
        No recording can be used, or fewer than two participants have two of them; says which key to change.
    """
    used = recordings[recordings["status"] == "used"]
    if used.empty:
        reasons = recordings["reason"].value_counts()
        first = f"; most often: {reasons.index[0]}" if len(reasons) else ""
        raise ConfigError(
            "No recording can be used",
            where="dataset",
            found=f"{len(recordings)} recordings, all set aside{first}",
            change="correct what the reasons in recordings.tsv say",
        )
    counts = used["participant"].value_counts()
    if int((counts >= _MIN_RECORDINGS).sum()) < _MIN_PARTICIPANTS:
        entities = "dataset.entities" if dataset.source != "files" else "dataset.pattern or dataset.recordings_table"
        raise ConfigError(
            "Fewer than two participants have two usable recordings; nobody can be recognised again",
            where="dataset",
            found=f"{len(used)} recordings of {len(counts)} participants",
            allowed="two participants or more with two recordings each",
            change=f"add recordings, or correct {entities} so that runs, tasks and sessions are told apart",
        )
