"""The manifest says what was read, and nothing about the machine or whose it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from eupnea.config.study import StudyConfig
from eupnea.report.manifest import manifest_of, write_manifest


@pytest.mark.parametrize("folder", ["{here}/hildegard", "../hildegard", "~/hildegard", "data/../../hildegard"])
def test_no_folder_outside_the_study_is_named(tmp_path: Path, folder: str) -> None:
    path = folder.format(here=tmp_path)
    study = {"dataset": {"source": "bids", "path": f"{path}/study", "participants": {"codes": f"{path}/codes.tsv"}}}
    config = StudyConfig.model_validate(study).model_dump(mode="json")
    manifest = manifest_of(config, code="", base=tmp_path, inputs=[])
    assert manifest["config"]["dataset"]["path"] == "…/study"
    assert manifest["config"]["dataset"]["participants"]["codes"] == "…/codes.tsv"
    write_manifest(manifest, tmp_path / "manifest.json")
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    assert "hildegard" not in text
    assert str(tmp_path) not in text


def test_a_folder_of_the_study_and_what_is_no_path_stay(tmp_path: Path) -> None:
    study = {"title": "./", "dataset": {"source": "bids", "path": "data/rest"}}
    config = StudyConfig.model_validate(study).model_dump(mode="json")
    shown = manifest_of(config, code="", base=tmp_path, inputs=[])["config"]
    assert (shown["title"], shown["dataset"]["path"]) == ("./", "data/rest")
    listed = manifest_of({"paths": ["/home/hildegard/a", "b/c"]}, code="", base=tmp_path, inputs=[])["config"]
    assert listed == {"paths": ["…/a", "b/c"]}
    assert json.dumps(shown) == json.dumps(config)


def test_inputs_are_named_from_the_dataset_and_from_elsewhere_by_their_name_alone(tmp_path: Path) -> None:
    for name in ("dataset/sub-01/rest.csv", "hildegard/table.tsv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    inputs = [str(tmp_path / "dataset/sub-01/rest.csv"), str(tmp_path / "hildegard/table.tsv")]
    manifest = manifest_of({}, code="", base=tmp_path / "dataset", inputs=inputs)
    digest = hashlib.sha256(b"dataset/sub-01/rest.csv").hexdigest()
    assert manifest["inputs"] == [
        {"file": "sub-01/rest.csv", "bytes": 23, "sha256": digest},
        {"file": "table.tsv", "bytes": 19, "sha256": hashlib.sha256(b"hildegard/table.tsv").hexdigest()},
    ]
