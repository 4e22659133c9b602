"""One simulated recording: what two devices wrote down, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.recordings.labels import recording_label
from eupnea.simulate.breathing import draw_breaths, flow_of_breaths, lung_volume
from eupnea.simulate.cohort import session_labels
from eupnea.simulate.constants import CONSTANTS
from eupnea.simulate.heart import cardiogenic_flow, draw_beats, ecg_of_beats
from eupnea.simulate.people import Person, State, draw_person, draw_state, style_seed
from eupnea.simulate.schedule import Stretch, events_table, schedule
from eupnea.simulate.sensors import (
    Burst,
    Clock,
    add_motion,
    draw_bursts,
    draw_clock,
    draw_ecg_sensor,
    draw_flow_sensor,
    draw_triggers,
    samples_of,
    sensed_ecg,
    sensed_flow,
    trigger_channel,
)

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig

Array = NDArray[np.float64]

_MARGIN_S = 10.0
"""Time that breathing and heart are simulated before and after the recording, s."""
_VOLUME_HZ = 10.0
"""Rate at which lung volume is computed for its slow effects on the ECG, Hz."""
_USUAL_PEAK = 1.6
"""Peak flow of a rounded phase relative to its mean flow."""


@dataclass(frozen=True, slots=True)
class SimulatedRecording:
    """What was recorded, and the truth behind it.

    Attributes
    ----------
    recording, participant, session, mode, task
        Labels as in the results contract.
    respiration
        Columns of the respiration device, shape (n,) each: ``airflow`` (or ``thermistor``, or ``nasal_flow`` and
        ``oral_flow``) in l/s (thermistor: au), inspiration up, NaN where samples are missing; ``trigger``.
    respiration_hz
        Its rate, Hz. Its clock is the recording's clock.
    cardiac
        Columns of the ECG device: ``ecg`` (mV), ``trigger``.
    cardiac_hz
        Its rate, Hz, on its own clock.
    clock
        How the ECG device's clock relates to the recording's.
    events
        onset, duration (s, the recording's clock), trial_type.
    breaths, beats
        True breaths (`eupnea.simulate.breathing.draw_breaths`, without those outside of the recording) and beats
        (`eupnea.simulate.heart.draw_beats`), on the recording's clock.
    triggers_s
        True times of the trigger pulses on the recording's clock, s.
    bursts
        When motion, dropouts and swallows happened.
    state
        The person's true style in this recording.
    """

    recording: str
    participant: str
    session: str
    mode: str
    task: str
    respiration: dict[str, Array]
    respiration_hz: float
    cardiac: dict[str, Array]
    cardiac_hz: float
    clock: Clock
    events: pd.DataFrame
    breaths: pd.DataFrame
    beats: pd.DataFrame
    triggers_s: Array
    bursts: list[Burst]
    state: State

    @property
    def duration_s(self) -> float:
        """Length of the recording on its clock, s."""
        return next(iter(self.respiration.values())).size / self.respiration_hz


def simulate_recording(
    config: SimulateConfig,
    seed: int,
    *,
    participant: str = "sub-001",
    session: str | None = None,
    mode: str = "nasal",
    task: str = "rest",
    person: Person | None = None,
) -> SimulatedRecording:
    """Simulate one recording of one person; it depends on the config, the seed and the labels only.

    Parameters
    ----------
    config
        Lengths, rates and strengths.
    seed
        Seed of the study.
    participant, session, mode, task
        Labels; `session` is empty by default when the config has a single one.
    person
        The person, when already drawn.
    """
    session = session_labels(config)[0] if session is None else session
    person = draw_person(config, seed, participant) if person is None else person
    labels = (session, mode, task)
    state = draw_state(config, seed, person, session=session, mode=mode, task=task)
    stretches = schedule(config, task)
    end = stretches[-1].end_s
    rngs = {part: style_seed(seed, participant, part, *labels) for part in ("breaths", "beats", "devices", "bursts")}
    breaths = draw_breaths(rngs["breaths"], state.style, _widened(stretches))
    beats = draw_beats(
        rngs["beats"],
        state.style,
        breaths,
        start_s=-_MARGIN_S,
        end_s=end + _MARGIN_S,
        ectopic_factor=config.artefacts,
    )
    bursts = draw_bursts(rngs["bursts"], stretches, task=task != "rest", artefacts=config.artefacts)
    clock, triggers = draw_clock(rngs["devices"]), draw_triggers(rngs["devices"], end)
    world = _World(person, state, mode, end, breaths, beats, bursts, triggers)
    return SimulatedRecording(
        recording_label(participant, session=session, task=task, mode=mode),
        participant,
        session,
        mode,
        task,
        _respiration(config, rngs["devices"], world),
        float(config.airflow_hz),
        _cardiac(config, rngs["devices"], world, clock),
        float(config.ecg_hz),
        clock,
        events_table(stretches),
        _inside(breaths, "inhale_onset_s", 0.0, end),
        _inside(beats, "time_s", 0.0, end),
        triggers,
        bursts,
        state,
    )


@dataclass(frozen=True, slots=True)
class _World:
    """What happens, before any device sees it; times on the recording's clock, s."""

    person: Person
    state: State
    mode: str
    end_s: float
    breaths: pd.DataFrame
    beats: pd.DataFrame
    bursts: list[Burst]
    triggers_s: Array

    @property
    def motions(self) -> list[Burst]:
        """When there is motion."""
        return [burst for burst in self.bursts if burst.kind == "motion"]


def _widened(stretches: list[Stretch]) -> list[Stretch]:
    """Let the first and the last stretch reach beyond the recording."""
    first, *middle, last = stretches
    return [
        Stretch(first.start_s - _MARGIN_S, first.end_s, first.label, first.condition),
        *middle,
        Stretch(last.start_s, last.end_s + _MARGIN_S, last.label, last.condition),
    ]


def _inside(table: pd.DataFrame, column: str, start_s: float, end_s: float) -> pd.DataFrame:
    return table[(table[column] >= start_s) & (table[column] < end_s)].reset_index(drop=True)


def _respiration(config: SimulateConfig, rng: np.random.Generator, world: _World) -> dict[str, Array]:
    """Make the columns of the respiration device."""
    rate = float(config.airflow_hz)
    count = round(world.end_s * rate)
    time = np.arange(count) / rate
    style = world.state.style
    flow = _with_speech(flow_of_breaths(world.breaths, time), world.breaths, time, rng)
    for burst in world.bursts:
        if burst.kind == "swallow":
            flow[samples_of(burst, rate, count)] = 0.0
    flow += cardiogenic_flow(world.beats, style, time)
    usual = _USUAL_PEAK * style["tidal_volume_l"] * style["rate_bpm"] / 60 / style["duty_cycle"]
    sensor = draw_flow_sensor(config, rng, world.person, usual)
    starts = np.array([burst.start_s for burst in world.motions])
    columns: dict[str, Array] = {}
    for name, part in _channels(config, flow, world.state.oral_share, world.mode, rate).items():
        add_motion(rng, part, world.motions, starts, rate, CONSTANTS["motion_flow"])
        values = np.asarray(sensed_flow(rng, part, sensor, rate) * sensor.step, dtype=np.float64)
        columns[name] = _with_dropouts(values, world.bursts, rate)
    return columns | {"trigger": trigger_channel(world.triggers_s, count, rate).astype(float)}


def _with_speech(flow: Array, breaths: pd.DataFrame, time_s: Array, rng: np.random.Generator) -> Array:
    """Let the expirations of speech ripple at the rate of syllables."""
    spoken = breaths[breaths["condition"] == "speech"]
    for row in spoken.itertuples():
        low, high = np.searchsorted(time_s, (row.exhale_onset_s, row.exhale_end_s))
        phase = 2 * np.pi * (CONSTANTS["speech_ripple_hz"] * time_s[low:high] + rng.random())
        flow[low:high] *= 1 + CONSTANTS["speech_ripple"] * np.sin(phase)
    return flow


def _channels(config: SimulateConfig, flow: Array, oral_share: float, mode: str, rate: float) -> dict[str, Array]:
    """Split the flow into the channels of the respiration device, before noise."""
    if config.split_flow:
        return {"nasal_flow": (1 - oral_share) * flow, "oral_flow": oral_share * flow}
    if mode == "oral" and config.oral_sensor == "thermistor":
        return {"thermistor": _thermistor(flow, rate)}
    return {"airflow": flow}


def _thermistor(flow: Array, rate: float) -> Array:
    """Turn flow into the temperature of a thermistor: saturating, and slow."""
    from scipy.signal import lfilter

    saturated = np.sign(flow) * np.abs(flow) ** CONSTANTS["thermistor_exponent"]
    keep = np.exp(-1 / (CONSTANTS["thermistor_s"] * rate))
    return np.asarray(lfilter([1 - keep], [1, -keep], saturated), dtype=float)


def _with_dropouts(values: Array, bursts: list[Burst], rate: float) -> Array:
    for burst in bursts:
        where = samples_of(burst, rate, values.size)
        if where.stop > where.start and burst.kind in ("missing", "flat"):
            values[where] = np.nan if burst.kind == "missing" else values[where.start]
    return values


def _cardiac(config: SimulateConfig, rng: np.random.Generator, world: _World, clock: Clock) -> dict[str, Array]:
    """Make the columns of the ECG device, on its own clock."""
    rate, style = float(config.ecg_hz), world.state.style
    count = round(world.end_s * rate)
    coarse_s = np.arange(0, count, max(int(rate / _VOLUME_HZ), 1)) / rate
    volume = lung_volume(world.breaths, clock.to_recording(coarse_s))
    own_beats = clock.to_own(world.beats["time_s"].to_numpy())
    axis = np.interp(own_beats, coarse_s, volume / style["tidal_volume_l"])
    amplitude = 1 + CONSTANTS["breathing_axis"] * axis
    ecg = ecg_of_beats(world.beats, style, own_s=own_beats, count=count, sampling_hz=rate, amplitude=amplitude)
    starts = clock.to_own(np.array([burst.start_s for burst in world.motions]))
    add_motion(rng, ecg, world.motions, starts, rate, CONSTANTS["motion_ecg"])
    sensor = draw_ecg_sensor(config, rng, world.person)
    breathing = np.interp(np.arange(count) / rate, coarse_s, volume)
    values = np.asarray(sensed_ecg(rng, ecg, sensor, rate, breathing) * sensor.step, dtype=np.float64)
    return {"ecg": values, "trigger": trigger_channel(clock.to_own(world.triggers_s), count, rate).astype(float)}
