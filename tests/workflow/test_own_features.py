"""A study that starts from a table of features runs to its report, and one with a wrong table stops before any job."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from workflow_support import SMALL, make_clone

pytestmark = [pytest.mark.study, pytest.mark.slow]

MORE = """
dataset:
  source: features
  path: own
  feature_table: features.tsv
  participants: {{columns: {{age: age, sex: sex, cortisol: cortisol}}}}
  targets: {{sessions: {{mood: mood}}}}
"""


def _table() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for person in range(14):
        age, base = int(rng.integers(20, 70)), rng.standard_normal(4)
        for session, task, start in ((s, t, k) for s in "12" for t in ("rest", "count") for k in range(3)):
            values = base + 0.5 * rng.standard_normal(4) + [age / 12, (task == "count") * 0.8, 0, 0]
            row = {"participant": f"{person:02d}", "age": age, "sex": "mf"[person % 2], "cortisol": 5.0 + person % 7}
            row |= {"session": session, "task": task, "mood": 1 + (person + int(session)) % 5, "start_s": 60.0 * start}
            rows.append(row | {"window_s": 60.0} | {f"sniff_{place}": value for place, value in enumerate(values)})
    return pd.DataFrame(rows)


def test_a_study_starts_from_a_feature_table(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    targets = "targets: [{{name: age}}, {{name: cortisol}}, {{name: mood, level: session}}], permutations: 50"
    text = SMALL.replace("traits: {{permutations: 50", "traits: {{" + targets) + MORE
    assert targets in text
    (clone.folder / "config.yaml").write_text(text.format(chunks=1), encoding="utf-8")
    (clone.folder / "own").mkdir()
    _table().to_csv(clone.folder / "own" / "features.tsv", sep="\t", index=False)
    clone.snakemake("--cores", "2")
    results = clone.folder / "results" / "small"
    assert (results / "report.html").is_file()
    metrics = pd.read_csv(results / "metrics.tsv", sep="\t", low_memory=False)
    told = metrics[(metrics["analysis"] == "traits") & (metrics["model"] == "selected") & (metrics["status"] == "ok")]
    assert {("age", "participant"), ("cortisol", "participant"), ("mood", "session")} <= set(
        zip(told["target"], told["level"], strict=True)
    )
    assert not metrics["feature"].astype(str).str.contains("cortisol|mood").any()
    _table().assign(colour="red").to_csv(clone.folder / "own" / "features.tsv", sep="\t", index=False)
    stopped = clone.snakemake("--cores", "2", check=False)
    assert stopped.returncode
    assert "dataset.participants.columns" in stopped.stdout + stopped.stderr
