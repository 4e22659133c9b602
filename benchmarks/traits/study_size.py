"""Time one modality of a study: all standard models, controls, curves and intervals, for three targets."""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from eupnea.config.traits import TraitsConfig
from eupnea.io.contract import RECORDING_FEATURES
from eupnea.traits.predict import predict_traits


def make_study(people: int, features: int, windows: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Make windows, participants and targets; a tenth of the features follow age weakly."""
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 70, people)
    participants = pd.DataFrame({"participant": [f"sub-{i:03d}" for i in range(people)], "age": age})
    participants["sex"], participants["bmi"] = rng.choice(["F", "M"], people), rng.normal(25, 4, people)
    base = rng.standard_normal((people, features))
    base[:, : features // 10] += 0.02 * (age - 45)[:, None]
    values = np.repeat(base, windows, axis=0) + rng.standard_normal((people * windows, features))
    table = pd.DataFrame(values, columns=[f"respiration__family{i % 10}__f{i}" for i in range(features)])
    start = np.tile(60.0 * np.arange(windows), people)
    keys = pd.DataFrame({"participant": np.repeat(participants["participant"], windows).to_numpy(), "session": ""})
    keys["recording"] = keys["participant"] + np.where(start < 30 * windows, "_task-rest", "_task-work")
    keys = keys.assign(mode="", task="", run="", start_s=start, window_s=60.0, time_on_task_s=start, quality=1.0)
    targets = participants.melt("participant", var_name="name", value_name="value")
    targets = targets.assign(session="", recording="", level="participant")
    return pd.concat([keys, table], axis=1), participants, targets


def main() -> None:
    """Run and print the CPU time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--features", type=int, default=200, help="features of windows; four summaries of each")
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--permutations", type=int, default=1000)
    options = parser.parse_args()
    windows, participants, targets = make_study(options.people, options.features, options.windows)
    config = TraitsConfig(permutations=options.permutations)
    start = time.process_time()
    result = predict_traits(
        windows,
        RECORDING_FEATURES.empty(),
        windows,
        participants,
        targets,
        modality="respiration",
        config=config,
        seed=1,
    )
    print(f"{time.process_time() - start:.1f} s of CPU for {len(result.metrics)} rows of metrics")


if __name__ == "__main__":
    main()
