"""What discovery finds: recordings and the files behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eupnea.config.dataset import ChannelRule

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Source:
    """One file with signals, and what the dataset says about it.

    Attributes
    ----------
    path
        Relative to the dataset folder, with ``/``.
    format
        Name of the reader.
    clock
        Name of the device's clock.
    sampling_hz, start_s, declared_s
        Sampling rate (Hz), time of the first sample on the recording's clock (s), and length (s) as declared outside
        the file; NaN where nothing is declared.
    rules
        What the channels are, when the recordings table says so; they come before the rules of the config.
    sidecars, events
        JSON files that describe the file (the most general first), and tables of events.
    """

    path: str
    format: str
    clock: str
    sampling_hz: float = NAN
    start_s: float = NAN
    declared_s: float = NAN
    rules: tuple[ChannelRule, ...] = ()
    sidecars: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording as far as file names tell.

    Attributes
    ----------
    recording, participant, session, mode, task, run
        As in the results contract. When sessions come from dates in the headers, `session` is empty here and
        `recording` is a preliminary name: `eupnea.recordings.sessions` completes both inside the job, where all files
        of a participant are read.
    files
        Everything that the recording depends on, relative to the dataset folder.
    sources
        The files with signals.
    """

    recording: str
    participant: str
    session: str
    mode: str
    task: str
    run: str
    files: tuple[str, ...]
    sources: tuple[Source, ...]
