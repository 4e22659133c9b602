"""Mode, session, task and run from the entities of a file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eupnea.errors import ConfigError
from eupnea.recordings.labels import is_label, participant_label, recording_label, session_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eupnea.config.dataset import EntitiesConfig, EntityConfig

MODES = ("nasal", "oral")
_MODE_WORDS = {"nasal": "nasal", "nose": "nasal", "oral": "oral", "mouth": "oral"}


@dataclass(frozen=True, slots=True, order=True)
class Labels:
    """The labels of one recording."""

    participant: str
    session: str
    task: str
    mode: str
    run: str

    @property
    def recording(self) -> str:
        """Name of the recording."""
        return recording_label(self.participant, session=self.session, task=self.task, mode=self.mode, run=self.run)


def labels_from(found: Mapping[str, str], config: EntitiesConfig, *, where: str) -> Labels:
    """Map the entities of a file's name to the labels of its recording.

    Parameters
    ----------
    found
        Entity -> value, with ``sub`` for the participant.
    config
        Where mode, session, task and run come from.
    where
        The file, for error messages.

    Raises
    ------
    ConfigError
        A mapped label has other characters than letters and digits.
    """
    mode = _value(found, config.mode, "mode", where).lower()
    return Labels(
        participant=participant_label(found["sub"]),
        session="" if config.sessions_from_dates else session_label(_value(found, config.session, "session", where)),
        task=_value(found, config.task, "task", where),
        mode=_MODE_WORDS.get(mode, ""),
        run=_value(found, config.run, "run", where),
    )


def _value(found: Mapping[str, str], config: EntityConfig, name: str, where: str) -> str:
    raw = found.get(config.entity, "")
    if raw and config.pattern:
        match = re.search(config.pattern, raw)
        raw = (match.group(1) if match.re.groups else match.group(0)) or "" if match else ""
    value = config.values.get(raw, config.values.get(raw.lower(), raw)) if raw else config.default
    if value and not is_label(value):
        raise ConfigError(
            f"The label of the {name} has characters that names of recordings cannot have",
            where=f"dataset.entities.{name}, for {where}",
            found=value,
            allowed="letters and digits",
            change=f"map it with dataset.entities.{name}.values",
        )
    return value
