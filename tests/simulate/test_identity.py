"""Who is who in the signals themselves: only where the knobs put a signature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from eupnea.config.simulate import SimulateConfig
from eupnea.simulate import simulate_recording
from eupnea.simulate.recording import SimulatedRecording

SEED = 21
PEOPLE = 30
BREATHING = slice(0, 3)
HEART = slice(3, 7)
DEVICE = slice(7, 10)


def _features(made: SimulatedRecording) -> list[float]:
    """Plain features of one recording: breathing, heart and beat shape, device."""
    b = made.breaths[made.breaths["condition"].isin(["rest", "task"])]
    total = b["end_s"] - b["inhale_onset_s"]
    duty = (b["exhale_onset_s"] - b["inhale_onset_s"]) / total
    rr = made.beats["rr_s"]
    flow, ecg = made.respiration["airflow"], made.cardiac["ecg"]
    quick = flow[np.abs(flow) < 0.05]
    own = np.round(made.clock.to_own(made.beats["time_s"].to_numpy()[5:-5]) * made.cardiac_hz).astype(int)
    t_wave = np.median(ecg[own + 68]) - np.median(ecg[own - 20])
    return [
        np.log(total).mean(),
        np.log(b["inhale_volume_l"]).mean(),
        duty.mean(),
        np.log(rr).mean(),
        np.log(np.abs(np.diff(rr))).mean(),
        np.log(np.median(ecg[own]) - np.median(ecg[own - 20])),
        t_wave,
        np.log(np.median(np.abs(np.diff(ecg, 2)))),
        np.log(np.median(np.abs(np.diff(quick, 2)))),
        np.log(np.quantile(np.abs(np.diff(flow, 3)), 0.25)),
    ]


def _rank1(config: SimulateConfig, used: slice) -> float:
    """Recognise everybody's task recording among all rest recordings by the nearest one."""
    sides = []
    for task in ("rest", "nback"):
        made = [simulate_recording(config, SEED, participant=f"sub-{k:03d}", task=task) for k in range(PEOPLE)]
        table = np.array([_features(one)[used] for one in made])
        sides.append((table - table.mean(axis=0)) / table.std(axis=0))
    distance = ((sides[1][:, None, :] - sides[0][None, :, :]) ** 2).sum(axis=2)
    return float(np.mean(np.argmin(distance, axis=1) == np.arange(PEOPLE)))


CHANCE_LIMIT = binom.ppf(0.999, PEOPLE, 1 / PEOPLE) / PEOPLE
SHORT = {"rest_minutes": 2.0, "task_minutes": 2.0, "artefacts": 0.0}


@pytest.mark.parametrize("used", [BREATHING, HEART, DEVICE], ids=["breathing", "heart", "device"])
def test_without_signature_nobody_is_recognised(used: slice) -> None:
    assert _rank1(SimulateConfig(signature=0.0, **SHORT), used) <= CHANCE_LIMIT


def test_with_signature_people_are_recognised_by_breathing_and_heart() -> None:
    config = SimulateConfig(**SHORT)
    assert _rank1(config, BREATHING) > CHANCE_LIMIT
    assert _rank1(config, HEART) > 0.5


def test_a_sensor_signature_alone_is_seen_by_the_device_only() -> None:
    config = SimulateConfig(signature=0.0, sensor_signature=1.0, **SHORT)
    assert _rank1(config, DEVICE) > 0.5
    assert _rank1(config, BREATHING) <= CHANCE_LIMIT
