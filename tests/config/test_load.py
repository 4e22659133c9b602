"""A wrong config says what is wrong, where, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools_support import load_tool

from eupnea.config.load import load_study, parse_study
from eupnea.config.study import StudyConfig
from eupnea.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def test_unknown_key_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'window_s'\?") as error:
        parse_study({"features": {"windows_s": [60]}}, where="my.yaml")
    assert error.value.where == "my.yaml: features.windows_s"


def test_unknown_key_deep_in_a_map_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'split'\?"):
        parse_study({"identification": {"protocols": {"mine": {"splitt": "given"}}}})


def test_wrong_type_names_key_and_value() -> None:
    with pytest.raises(ConfigError, match="chunks") as error:
        parse_study({"chunks": "many"})
    assert "'many'" in str(error.value)


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        ({"chunks": "many"}, "a whole number"),
        ({"chunks": 0}, "1 or more"),
        ({"features": []}, "keys of its own"),
        ({"features": {"window_s": 60}}, "a list"),
        ({"dataset": {"source": "bid"}}, "'simulated', 'bids', 'files' or 'features'"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(content: dict[str, object], allowed: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_study(content)
    assert allowed in str(error.value.allowed)
    assert "Input should" not in str(error.value)


def test_figures_that_the_report_cannot_show_are_refused_before_the_study_runs() -> None:
    with pytest.raises(ConfigError, match="needs 'png'"):
        parse_study({"figures": {"formats": ["svg", "pdf"]}})


def test_a_key_in_the_wrong_block_names_its_place() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'features\.window_s'"):
        parse_study({"window_s": [60]})


def test_a_wrong_item_of_a_list_is_one_problem() -> None:
    with pytest.raises(ConfigError) as error:
        parse_study({"features": {"window_s": [-3]}})
    assert error.value.where.endswith("features.window_s.0")


def test_several_problems_are_all_named() -> None:
    with pytest.raises(ConfigError) as error:
        parse_study({"sed": 1, "chunks": 0, "dataset": {"source": "bid"}})
    for key in ("sed", "chunks", "dataset.source"):
        assert key in str(error.value)


@pytest.mark.parametrize(("content", "what"), [("a: [", "not YAML"), ("- a", "not a table of keys"), ("", "empty")])
def test_a_file_that_is_no_config_says_so(tmp_path: Path, content: str, what: str) -> None:
    (tmp_path / "study.yaml").write_text(content)
    with pytest.raises(ConfigError, match=what):
        load_study(tmp_path / "study.yaml")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_study(tmp_path / "study.yaml")


@pytest.mark.parametrize(
    "path", sorted([ROOT / "config.yaml", *(ROOT / "config" / "studies").glob("*.yaml")]), ids=lambda path: path.stem
)
def test_shipped_studies_are_right(path: Path) -> None:
    assert load_study(path).name


def test_maps_replace_the_default_and_never_merge() -> None:
    study = parse_study({"identification": {"protocols": {"mine": {"split": "leave_one_run_out"}}}})
    assert list(study.identification.protocols) == ["mine"]


def test_the_default_study_file_says_what_the_models_say() -> None:
    written = load_study(ROOT / "config.yaml")
    assert written.model_copy(update={"title": ""}) == StudyConfig()


def test_every_key_is_documented() -> None:
    undocumented = [path for path, text in _described(StudyConfig) if not text.strip()]
    assert undocumented == []


def test_manual_and_schema_are_current() -> None:
    reference = load_tool("reference")
    assert (ROOT / "config" / "README.md").read_text(encoding="utf-8") == reference.manual(), "run: make reference"
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == reference.default_study(), "run: make reference"
    schema = (ROOT / "workflow" / "schemas" / "config.schema.json").read_text(encoding="utf-8")
    assert schema == reference.schema(), "run: make reference"
    assert json.loads(schema)["additionalProperties"] is False


def _described(model: type, prefix: str = "") -> list[tuple[str, str]]:
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation if isinstance(field.annotation, type) else None
        if inner is not None and hasattr(inner, "model_fields"):
            found += _described(inner, f"{prefix}{name}.")
        found.append((f"{prefix}{name}", field.description or ""))
    return found
