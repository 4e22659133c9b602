"""Two devices: what they add to flow and ECG, their clocks, and the trigger that both record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eupnea.simulate.constants import BETWEEN_SD, CONSTANTS
from eupnea.simulate.noise import band_noise, smooth_walk

if TYPE_CHECKING:
    from eupnea.config.simulate import SimulateConfig
    from eupnea.simulate.people import Person
    from eupnea.simulate.schedule import Stretch

Array = NDArray[np.float64]

PPM = 1e-6
_MOTION_SPREAD = 2.0


@dataclass(frozen=True, slots=True)
class Clock:
    """The ECG device's clock: recording time = own time / (1 + drift) + offset (the law of ``recordings.tsv``)."""

    offset_s: float
    drift_ppm: float

    def to_own(self, recording_s: Array) -> Array:
        """Turn times of the recording's clock into those of the device, s."""
        return (recording_s - self.offset_s) * (1 + self.drift_ppm * PPM)

    def to_recording(self, own_s: Array) -> Array:
        """Turn times of the device's clock into those of the recording, s."""
        return own_s / (1 + self.drift_ppm * PPM) + self.offset_s


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a device does to its signal: value = gain · truth + offset + drift + noise, between rails, in steps."""

    gain: float
    offset: float
    drift: float
    noise: float
    rail: float
    step: float


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of time in which something goes wrong, s on the recording's clock."""

    start_s: float
    length_s: float
    kind: str


def draw_clock(rng: np.random.Generator) -> Clock:
    """Draw offset and drift of the ECG device against the respiration device."""
    c = CONSTANTS
    offset = rng.uniform(-c["clock_offset_s"], c["clock_offset_s"])
    return Clock(float(offset), float(rng.uniform(-c["clock_drift_ppm"], c["clock_drift_ppm"])))


def draw_triggers(rng: np.random.Generator, end_s: float) -> Array:
    """Draw when both devices see a pulse: some at the start, then about one a minute; never evenly spaced."""
    c = CONSTANTS
    gaps = rng.uniform(c["trigger_burst_low_s"], c["trigger_burst_high_s"], int(c["trigger_burst"]) - 1)
    burst = c["trigger_first_s"] + np.r_[0, np.cumsum(gaps)]
    later = np.arange(c["trigger_every_s"], end_s - c["trigger_every_s"] / 4, c["trigger_every_s"])
    later = later + rng.uniform(-c["trigger_spread_s"], c["trigger_spread_s"], later.size)
    return np.concatenate([burst, later[later > burst[-1] + 1]])


def trigger_channel(own_s: Array, count: int, sampling_hz: float) -> NDArray[np.int64]:
    """Return the trigger channel of a device: 1 during pulses, else 0; pulses are given on its own clock."""
    channel = np.zeros(count, dtype=np.int64)
    first = np.ceil(own_s * sampling_hz).astype(np.int64)
    for start in first:
        channel[max(start, 0) : max(start + round(CONSTANTS["trigger_s"] * sampling_hz), 0)] = 1
    return channel


def sensor_variation(config: SimulateConfig) -> float:
    """Return how much sensors differ between recordings; follows the signature unless the config says otherwise."""
    return min(config.signature, 1.0) if config.sensor_variation is None else config.sensor_variation


def draw_flow_sensor(config: SimulateConfig, rng: np.random.Generator, person: Person, usual_peak: float) -> Sensor:
    """Draw the respiration sensor of a recording."""
    c, vary, own = CONSTANTS, sensor_variation(config), config.sensor_signature
    z, tight = rng.standard_normal(4), rng.random() < c["tight_rail_probability"] * config.artefacts * min(vary, 1)
    return Sensor(
        gain=float(np.exp(vary * c["flow_gain_sd"] * z[0] + own * c["sensor_gain_sd"] * person.sensor[0])),
        offset=float(vary * c["flow_offset_sd"] * z[1] + own * c["sensor_offset_sd"] * person.sensor[2]),
        drift=c["flow_drift_sd"],
        noise=float(
            c["flow_noise"]
            * np.exp(vary * BETWEEN_SD["flow_noise"] * z[3] + own * c["sensor_noise_sd"] * person.sensor[1])
        ),
        rail=float(c["tight_rail"] * usual_peak if tight else c["flow_rail"]),
        step=c["flow_step"],
    )


def draw_ecg_sensor(config: SimulateConfig, rng: np.random.Generator, person: Person) -> Sensor:
    """Draw the ECG sensor of a recording."""
    c, vary, own = CONSTANTS, sensor_variation(config), config.sensor_signature
    z = rng.standard_normal(2)
    return Sensor(
        gain=float(np.exp(vary * c["ecg_gain_sd"] * z[0] + own * c["sensor_gain_sd"] * person.sensor[3])),
        offset=float(own * c["sensor_offset_sd"] * person.sensor[5]),
        drift=c["ecg_wander"],
        noise=float(
            c["ecg_noise"]
            * np.exp(vary * BETWEEN_SD["ecg_noise"] * z[1] + own * c["sensor_noise_sd"] * person.sensor[4])
        ),
        rail=c["ecg_rail"],
        step=c["ecg_step"],
    )


def sensed_flow(rng: np.random.Generator, flow: Array, sensor: Sensor, sampling_hz: float) -> NDArray[np.int64]:
    """Return what the respiration device makes of a flow, in steps of its converter."""
    drift = sensor.drift * smooth_walk(rng, flow.size, knots=drift_knots(flow.size / sampling_hz))
    noise = sensor.noise * rng.standard_normal(flow.size)
    return _converted(sensor.gain * flow + sensor.offset + drift + noise, sensor)


def sensed_ecg(
    rng: np.random.Generator, ecg: Array, sensor: Sensor, sampling_hz: float, breathing_l: Array
) -> NDArray[np.int64]:
    """Return what the ECG device makes of an ECG, in steps of its converter: wander, mains, noise added."""
    c = CONSTANTS
    own_s = np.arange(ecg.size) / sampling_hz
    slow_hz = 8 * c["ecg_wander_hz"]
    knots = int(own_s[-1] * slow_hz) + 3
    slow = band_noise(rng, knots, slow_hz, 0.0, c["ecg_wander_hz"], exponent=1.0)
    wander = sensor.drift * np.interp(own_s, np.arange(knots) / slow_hz, slow)
    mains = c["ecg_mains"] * np.sin(2 * np.pi * (c["ecg_mains_hz"] * own_s + rng.random()))
    noise = sensor.noise * rng.standard_normal(ecg.size, dtype=np.float32)
    total = sensor.gain * (ecg + wander + c["ecg_breathing_wander"] * breathing_l)
    return _converted(total + mains + noise + sensor.offset, sensor)


def drift_knots(duration_s: float) -> int:
    """Return how many independent values a slow drift has in a recording: about one in two minutes."""
    return 4 + int(duration_s / 120)


def _converted(values: Array, sensor: Sensor) -> NDArray[np.int64]:
    return np.rint(np.clip(values, -sensor.rail, sensor.rail) / sensor.step).astype(np.int64)


def draw_bursts(rng: np.random.Generator, stretches: list[Stretch], *, task: bool, artefacts: float) -> list[Burst]:
    """Draw when motion, dropouts and swallows happen."""
    c = CONSTANTS
    bursts: list[Burst] = []
    usual = c["motion_per_min_task" if task else "motion_per_min_rest"]
    for stretch in stretches:
        per_min = c["motion_per_min_break"] if stretch.condition == "break" else usual
        bursts += _bursts(rng, stretch, per_min * artefacts, c["motion_low_s"], c["motion_high_s"], "motion")
        swallows = c["swallow_per_min_task" if task else "swallow_per_min_rest"]
        bursts += _bursts(rng, stretch, swallows * min(artefacts, 1), c["swallow_s"], c["swallow_s"], "swallow")
        for kind in ("missing", "flat"):
            rate = c["dropout_per_min"] / 2 * artefacts
            bursts += _bursts(rng, stretch, rate, c["dropout_low_s"], c["dropout_high_s"], kind)
    return bursts


def _bursts(
    rng: np.random.Generator, stretch: Stretch, per_min: float, low_s: float, high_s: float, kind: str
) -> list[Burst]:
    count = rng.poisson(per_min * (stretch.end_s - stretch.start_s) / 60)
    starts = np.sort(rng.uniform(stretch.start_s, stretch.end_s, count))
    return [Burst(float(start), float(rng.uniform(low_s, high_s)), kind) for start in starts]


def add_motion(
    rng: np.random.Generator, values: Array, bursts: list[Burst], own_start: Array, rate: float, sd: float
) -> None:
    """Add low-frequency noise where there is motion, in place; `own_start` has the bursts' starts on the own clock."""
    for burst, start in zip(bursts, own_start, strict=True):
        first, count = int(start * rate), max(int(burst.length_s * rate), 4)
        noise = band_noise(rng, count, rate, 0.0, CONSTANTS["motion_hz"])
        window = np.hanning(count)
        low, high = max(first, 0), min(first + count, values.size)
        if high > low:
            values[low:high] += (sd * noise * window)[low - first : high - first]


def samples_of(burst: Burst, rate: float, count: int) -> slice:
    """Return the samples that a burst covers on the recording's clock."""
    return slice(
        min(max(int(burst.start_s * rate), 0), count), min(int((burst.start_s + burst.length_s) * rate), count)
    )
