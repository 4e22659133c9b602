"""Read a study config and say clearly what is wrong with it."""

from __future__ import annotations

import difflib
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from eupnea.config.study import StudyConfig
from eupnea.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
    refuse_templates([path])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:  # what a value like 2020-13-45 raises too
        raise ConfigError(
            "The study config is not YAML", where=str(path), found=str(error)[:500], change="mend the line named above"
        ) from error
    if content is None:
        raise ConfigError(
            "The study config is empty",
            where=str(path),
            found="no key",
            change="write at least 'name:' and 'dataset:' ('eupnea init' writes a study for a BIDS folder), "
            "or give no --configfile to run the default study",
        )
    return parse_study(content, where=str(path))


def refuse_templates(paths: Iterable[str | Path]) -> None:
    """Make sure that no config is a template of YTE: Snakemake would execute the Python code in it.

    Snakemake itself reads what ``--configfile`` names before any workflow can look at it; `eupnea check` looks first.

    Raises
    ------
    ConfigError
        A config has the key that makes it a template.
    """
    for path in paths:
        text = Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).is_file() else ""
        if TEMPLATE_KEY in text:
            raise ConfigError(
                "The study config is a template that executes code",
                where=str(path),
                found=TEMPLATE_KEY,
                change=f"take out the key {TEMPLATE_KEY} and write plain values; run 'eupnea check' before a config "
                "that you did not write",
            )


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


TEMPLATE_KEY = "__use_yte__"
_SHORT = reprlib.Repr()
"""Shows what was found, however large it is: aliases of YAML make gigabytes of a few lines."""
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 160, 160
UNKNOWN = "Unknown config key"
_ALLOWED = {
    "int_": "a whole number",
    "float_": "a number",
    "bool_": "true or false",
    "string_type": "text",
    "model_type": "keys of its own below it (key: value); leave the key out for its defaults",
    "dict_type": "keys of its own below it (key: value); leave the key out for its defaults",
    "mapping_type": "keys of its own below it (key: value); leave the key out for its defaults",
    "tuple_type": "a list: [first, second]",
    "list_type": "a list: [first, second]",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "too_short": "{min_length} or more items",
    "too_long": "{max_length} or fewer items",
    "string_too_short": "{min_length} or more characters",
    "string_pattern_mismatch": "text that matches {pattern}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}


def _config_error(error: ValidationError, where: str) -> ConfigError:
    items = error.errors()
    deeper = {item["loc"][:depth] for item in items for depth in range(len(item["loc"]))}
    # A list whose items are wrong is not also too short.
    problems = [_problem(item) for item in items if not (item["type"] == "too_short" and item["loc"] in deeper)]
    if len(problems) == 1:
        what, key, found, allowed, change = problems[0]
        return ConfigError(what, where=f"{where}: {key}", found=found, allowed=allowed, change=change)
    lines = [
        f"{key}: {what} (found {found}; {change if what == UNKNOWN or not allowed else 'allowed: ' + allowed})"
        for what, key, found, allowed, change in problems
    ]
    return ConfigError(
        f"{len(problems)} keys of the study config cannot be used",
        where=where,
        found="\n           ".join(lines),
        change="mend each of them; config/README.md explains every key",
    )


def _problem(item: Any) -> tuple[str, str, str, str | None, str]:
    """Return what is wrong, the key, what was found, what is allowed, and what to do."""
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return UNKNOWN, key, str(item["loc"][-1]), *_nearest(item["loc"])
    allowed = next((text for kind, text in _ALLOWED.items() if str(item["type"]).startswith(kind)), None)
    what = "Wrong value" if allowed else f"Wrong value: {str(item['msg']).removeprefix('Value error, ')}"
    found = "nothing" if item["input"] is None else _SHORT.repr(item["input"])
    words = allowed.format(**item.get("ctx", {})) if allowed else None
    return what, key, found, words, f"change '{key}'; config/README.md explains it"


def _nearest(location: tuple[int | str, ...]) -> tuple[str | None, str]:
    """Return the keys that are known at a place, and a hint which of them, or which elsewhere, was meant."""
    name, known = str(location[-1]), _known_keys(location[:-1])
    allowed = ", ".join(known) or None
    if near := difflib.get_close_matches(name, known, n=1):
        return allowed, f"did you mean '{near[0]}'?"
    elsewhere = [path for path in _paths(StudyConfig) if path.split(".")[-1] == name]
    if elsewhere:
        return allowed, f"did you mean {' or '.join(repr(path) for path in elsewhere[:3])}?"
    return allowed, "leave it out; config/README.md explains every key"


def _paths(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Return the dotted path of every key below a model; a map's own names are left out."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        below = _model_in(field.annotation)
        found += [prefix + name, *(_paths(below, f"{prefix}{name}.") if below is not None else [])]
    return found


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
