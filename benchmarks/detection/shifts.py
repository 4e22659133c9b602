"""Whether noise moves what is measured: eupnea's onsets, duty cycles and pauses of a signal, clean and spoilt.

``python -m benchmarks.detection.shifts --data FOLDER``. Features differ between recordings for the noise alone wherever
the expectation of an onset depends on it. Simulated signals rest before inspiration, or are round as a sinusoid; the
real ones are belts of ds000210, with what noise they have, to which more is added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.detection.recordings import DATA, ds000210
from benchmarks.detection.score import match
from benchmarks.detection.synthetic import KINDS, SAMPLING_HZ, SHAPES, make_signal
from benchmarks.report import write_table

FIRST_SEED = 5000
NEAR_S = 0.8
EVERY = 6
"""Every sixth belt of ds000210 is taken."""

Floats = np.ndarray


def white(share: float) -> Callable[[Floats, np.random.Generator], Floats]:
    """Return what adds white noise of a standard deviation."""
    return lambda clean, rng: clean + rng.normal(scale=share, size=clean.size)


def heartbeat(share: float) -> Callable[[Floats, np.random.Generator], Floats]:
    """Return what adds pulses of a standard deviation, 55-85 per minute."""

    def spoil(clean: Floats, rng: np.random.Generator) -> Floats:
        beats = np.cumsum(60 / rng.uniform(55, 85) * (1 + 0.04 * rng.normal(size=clean.size)))
        phase = 2 * np.pi * np.interp(np.arange(clean.size) / SAMPLING_HZ, beats, np.arange(clean.size))
        pulse = np.sin(phase) + 0.5 * np.sin(2 * phase + 0.8) + 0.25 * np.sin(3 * phase + 2)
        return clean + share * pulse / pulse.std()

    return spoil


SPOILT_BY = {
    "white 20 dB": white(0.1), "white 10 dB": white(10**-0.5), "white 0 dB": white(1.0),
    "heartbeat 0.05 SD": heartbeat(0.05), "heartbeat 0.1 SD": heartbeat(0.1), "heartbeat 0.3 SD": heartbeat(0.3),
}  # fmt: skip


def signals(n: int, data: Path) -> Iterator[tuple[str, str, list[Floats]]]:
    """Yield kind, name and clean signals of standard deviation 1."""
    for kind in KINDS:
        for shape in SHAPES:
            seeds = range(FIRST_SEED, FIRST_SEED + n)
            yield kind, shape, [make_signal(kind, "clean", seed, shape=shape)[0] for seed in seeds]
    paths = sorted((data / "ds000210").glob("sub-*/func/*_physio.tsv.gz"))[::EVERY]
    if paths:
        yield "belt", "ds000210", [belt / belt.std() for belt in (ds000210(path)[:, 1] for path in paths)]


def breaths_of(values: Floats, kind: str) -> pd.DataFrame:
    """Return eupnea's breaths of a signal with inspiration up."""
    from eupnea.breaths.table import detect_breaths
    from eupnea.signals.presets import RESPIRATION_HZ
    from eupnea.signals.respiration import clean_respiration

    clean = clean_respiration(values, SAMPLING_HZ, preset=kind, polarity="up")
    return detect_breaths(clean.detection, RESPIRATION_HZ, preset=kind, is_valid=clean.is_valid)


def shift(clean: pd.DataFrame, spoilt: pd.DataFrame) -> dict[str, float]:
    """Return how far onsets (median, ms), duty cycle (median) and exhale pause (mean share) moved."""
    row = {}
    for name in ("inhale_onset", "exhale_onset"):
        errors, _, _ = match(clean[f"{name}_s"].to_numpy(), spoilt[f"{name}_s"].to_numpy(), NEAR_S)
        row[f"{name}_ms"] = 1000 * float(np.median(errors))
    before, after = (one[one["is_valid"]] for one in (clean, spoilt))
    row["duty_cycle"] = after["duty_cycle"].median() - before["duty_cycle"].median()
    row["pause_share"] = np.subtract(*((one["exhale_pause_s"] / one["total_s"]).mean() for one in (after, before)))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=20, help="signals per kind and shape")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real recordings")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    rows = []
    for kind, name, clean in signals(options.signals, options.data):
        plain = [breaths_of(values, kind) for values in clean]
        for how, spoil in SPOILT_BY.items():
            moved = pd.DataFrame(
                shift(one, breaths_of(spoil(values, np.random.default_rng(k)), kind))
                for k, (one, values) in enumerate(zip(plain, clean, strict=True))
            )
            mean, spread = moved.mean().add_suffix("_mean"), moved.std().add_suffix("_sd")
            rows.append({"kind": kind, "signals": name, "n": len(clean), "spoilt_by": how} | dict(mean) | dict(spread))
    table = pd.DataFrame(rows)
    write_table(table.round(4), options.output, "shifts", note="Spoilt minus clean: mean and SD over signals. ")


if __name__ == "__main__":
    main()
