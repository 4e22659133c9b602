"""Read a study config and say clearly what is wrong with it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from eupnea.config.study import StudyConfig
from eupnea.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_study(path: str | Path) -> StudyConfig:
    """Read a study config from a YAML file.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or holds unknown keys or wrong values; every problem is named.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError("The study config does not exist", where=str(path), change="give the path of a YAML file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            "The study config is not YAML", where=str(path), found=str(error), change="mend the line named above"
        ) from error
    return parse_study(content or {}, where=str(path))


def parse_study(content: Mapping[str, Any], *, where: str = "config.yaml") -> StudyConfig:
    """Check the content of a study config.

    Parameters
    ----------
    content
        The keys of the config; what is left out takes its default.
    where
        Name of the file, for error messages.

    Raises
    ------
    ConfigError
        Unknown keys (with the nearest known one) or wrong values; every problem is named.
    """
    if not isinstance(content, dict):
        raise ConfigError(
            "The study config is not a table of keys", where=where, found=type(content).__name__, allowed="key: value"
        )
    try:
        return StudyConfig.model_validate(content)
    except ValidationError as error:
        raise _config_error(error, where) from error


def _config_error(error: ValidationError, where: str) -> ConfigError:
    problems = [_problem(item) for item in error.errors()]
    if len(problems) == 1:
        what, key, found, allowed, change = problems[0]
        return ConfigError(what, where=f"{where}: {key}", found=found, allowed=allowed, change=change)
    lines = [f"{key}: {what} (found {found}; {change})" for what, key, found, _, change in problems]
    return ConfigError(
        f"{len(problems)} keys of the study config cannot be used",
        where=where,
        found="\n           ".join(lines),
        change="mend each of them; config/README.md explains every key",
    )


def _problem(item: Any) -> tuple[str, str, str, str | None, str]:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        known = _known_keys(item["loc"][:-1])
        near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "config/README.md explains every key"
        return "Unknown config key", key, str(item["loc"][-1]), ", ".join(known) or None, hint
    return f"Wrong value: {item['msg']}", key, repr(item["input"]), None, "config/README.md says what is allowed"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] | None = StudyConfig
    for part in location:
        field = model.model_fields.get(str(part)) if model is not None else None
        model = _model_in(field.annotation) if field is not None else model
    return sorted(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)
