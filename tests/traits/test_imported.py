from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.associations.mixed import mixed_models
from eupnea.associations.reliability import reliability
from eupnea.config.associations import AssociationsConfig
from eupnea.config.traits import TargetConfig, TraitsConfig
from eupnea.errors import InputError
from eupnea.features.imported import import_features
from eupnea.io.contract import RECORDING_FEATURES, WINDOWS
from eupnea.traits.predict import predict_traits

CONFIG = TraitsConfig(
    targets=[TargetConfig(name="age")], folds=5, repeats=1, permutations=19, bootstraps=100, learning_draws=1, trees=10
)


def _table(rows_per_person: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 20
    age = rng.integers(20, 70, n)
    people = np.repeat(np.arange(n), rows_per_person)
    table = pd.DataFrame({"participant": [f"{person:02d}" for person in people], "age": age[people], "sex": "F"})
    table["task"] = np.tile(["rest", "work"] * (rows_per_person // 2), n)
    table["sniff_rate"] = age[people] / 10 + rng.standard_normal(len(people))
    table["cardiac__time__rmssd"] = rng.standard_normal(len(people))
    return table


@pytest.mark.parametrize("suffix", [".tsv", ".parquet"])
def test_everything_after_features_works_on_a_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    if suffix == ".tsv":
        _table().to_csv(path, sep="\t", index=False)
    else:
        _table().to_parquet(path)
    found = import_features(path)
    WINDOWS.conform(found.windows)
    assert {"respiration__imported__sniff_rate", "cardiac__time__rmssd"} <= set(found.windows.columns)
    assert found.windows["participant"].iloc[0] == "sub-00"
    assert list(found.dictionary["modality"]) == ["respiration", "cardiac"]
    result = predict_traits(
        found.windows, RECORDING_FEATURES.empty(), found.windows, found.participants, found.targets,
        modality="all", config=CONFIG, seed=1,
    )  # fmt: skip
    rows = result.metrics[(result.metrics["model"] == "selected") & (result.metrics["metric"] == "pearson_r")]
    assert rows[(rows["control"] == "") & (rows["subset"] == "")]["value"].iloc[0] > 0.5
    config = AssociationsConfig()
    models = mixed_models(found.windows, found.participants, found.dictionary, config=config)
    age = models[(models["term"] == "age") & (models["metric"] == "beta")].set_index("feature")
    assert age.loc["respiration__imported__sniff_rate", "ci_low"] > 0
    table = reliability(found.windows, RECORDING_FEATURES.empty(), found.dictionary, config=config)
    assert (table["term"] == "tasks").any()


def test_columns_go_where_the_config_says() -> None:
    found = import_features(_table(), modality_of={"sniff_rate": "coupling"})
    assert "coupling__imported__sniff_rate" in found.windows.columns


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="participant"), "no participant column"),
        (lambda t: t.assign(colour="red"), "not numbers"),
        (lambda t: t.assign(age=np.arange(len(t))), "differs between the rows"),
        (lambda t: t[["participant", "age"]], "has no feature"),
    ],
)
def test_tables_that_cannot_be_used_say_why(change: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        import_features(change(_table()))  # type: ignore[operator]


def test_unknown_modality_is_refused() -> None:
    with pytest.raises(InputError, match="unknown modality"):
        import_features(_table(), modality_of={"sniff_rate": "nose"})
