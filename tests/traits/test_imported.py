from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eupnea.associations.mixed import mixed_models
from eupnea.associations.reliability import reliability
from eupnea.config.associations import AssociationsConfig
from eupnea.config.dataset import DatasetConfig
from eupnea.config.load import parse_study
from eupnea.config.traits import TargetConfig, TraitsConfig
from eupnea.errors import InputError
from eupnea.features.imported import import_features
from eupnea.io.contract import RECORDING_FEATURES, WINDOWS
from eupnea.recordings.check import check_study
from eupnea.recordings.plan import plan_study
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


def test_what_describes_people_sessions_and_recordings_is_no_feature() -> None:
    table = _table().rename(columns={"sex": "Gender", "participant": "participant_id"})
    table["cortisol"], table["hand"] = table["age"] * 2.0, np.where(table["age"] > 40, "left", "right")
    table["session"], table["mood"], table["effort"] = "1", table["age"] % 5, np.where(table["task"] == "rest", 1, 3)
    people = {"age": "age", "gender": "sex", "cortisol": "cortisol", "hand": "hand"}
    dataset = DatasetConfig.model_validate(
        {"participants": {"columns": people}, "targets": {"sessions": {"mood": "mood"}, "scans": {"effort": "load"}}}
    )
    found = import_features(table, dataset=dataset)
    features = [name for name in found.windows.columns if "__" in name]
    assert features == ["respiration__imported__sniff_rate", "cardiac__time__rmssd"]
    assert set(found.participants["sex"]) == {"female"}
    assert found.participants.loc[0, "cortisol"] == 2 * found.participants.loc[0, "age"]
    counts = found.targets.groupby(["level", "name"]).size()
    assert counts["participant"].to_dict() == {"age": 20, "cortisol": 20, "hand": 20, "sex": 20}
    assert counts[[("session", "mood"), ("recording", "load")]].tolist() == [20, 40]
    load = found.targets[found.targets["name"] == "load"]
    assert set(load["recording"]) == set(found.windows["recording"])
    assert set(load["value"]) == {"1", "3"}
    wrong = DatasetConfig.model_validate({"targets": {"scans": {"strain": "strain"}}})
    with pytest.raises(InputError, match="not a column of the feature table"):
        import_features(_table(), dataset=wrong)
    mixed = DatasetConfig.model_validate({"targets": {"scans": {"sniff_rate": "rate"}}})
    with pytest.raises(InputError, match="describes recordings differs"):
        import_features(_table(), dataset=mixed)


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


def test_participants_of_a_table_are_re_coded(tmp_path: Path) -> None:
    codes = tmp_path / "codes.tsv"
    codes.write_text("participant\tcode\n" + "".join(f"{person:02d}\tq{person + 7}\n" for person in range(20)))
    dataset = DatasetConfig.model_validate({"participants": {"codes": codes}})
    found = import_features(_table(), dataset=dataset)
    coded = {f"sub-q{person + 7}" for person in range(20)}
    for table in (found.windows, found.participants, found.targets):
        assert set(table["participant"]) == coded
    assert set(found.windows["recording"].str.partition("_")[0]) == coded
    assert found.participants.set_index("participant")["age"]["sub-q7"] == _table()["age"].iloc[0]
    with pytest.raises(InputError, match="may tell the participants"):
        import_features(_table().assign(recording="smithson"), dataset=dataset)
    codes.write_text("participant\tcode\n00\tq7\n")
    with pytest.raises(InputError, match="have no code"):
        import_features(_table(), dataset=dataset)


@pytest.mark.parametrize(
    ("target", "words"),
    [({"name": "agee"}, "does not exist"), ({"name": "age", "level": "session"}, "does not exist"),
     ({"name": "sex"}, "same value for everybody")],
)  # fmt: skip
def test_a_study_of_a_table_stops_at_an_impossible_target(tmp_path: Path, target: dict[str, str], words: str) -> None:
    _table().to_csv(tmp_path / "features.tsv", sep="\t", index=False)
    source = {"source": "features", "path": str(tmp_path), "feature_table": "features.tsv"}
    study = parse_study({"name": "mine", "dataset": source, "traits": {"targets": [{"name": "age"}, target]}}, where="")
    findings = check_study(study).findings
    assert findings["level"].tolist() == ["error"]
    assert words in findings["what"].iloc[0]
    with pytest.raises(InputError, match=words):
        plan_study(study)
