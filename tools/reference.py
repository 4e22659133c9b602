"""Write what is generated from the config models.

``config.yaml`` (the default study, every key explained in place), ``config/README.md`` (the same as a manual),
``docs/data-dictionary.md`` and
``workflow/schemas/config.schema.json``.
"""

from __future__ import annotations

import json
import sys
import textwrap
import types
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from eupnea.config.study import StudyConfig
from eupnea.io.contract import CONTRACTS

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# Every key of a study config

Generated from the config models (`make reference`): do not edit.

`config.yaml` is the default study; `config/studies/` holds ready studies of public data. A study file names only what
differs from the defaults below. Start one with `snakemake --cores 4 --configfile config/studies/ds000210.yaml`. Lists
and named maps replace the default, they are never merged. A key that does not exist is an error with the nearest name.
"""


DICTIONARY_HEAD = """# Data dictionary: every table of the results, column by column

Generated from the results contract (`make reference`): do not edit. Text that is missing is empty, numbers that are
missing are NaN.
"""
YAML_HEAD = """# The default study: simulated people. Start it with: snakemake --cores 2   (or: make study)
#
# Every key stands here with its default and what it means; a study file needs only the keys that differ (see
# config/studies/). A key that does not exist is an error that names the nearest one. Generated: make reference."""
DEMO_TITLE = "Demonstration: simulated people"


def schema() -> str:
    """Return the JSON schema of the study config."""
    return json.dumps(StudyConfig.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


def manual() -> str:
    """Return the manual of every key as Markdown."""
    lines = [HEAD]
    _describe(StudyConfig, "", lines, set())
    return "\n".join(lines).rstrip() + "\n"


def dictionary() -> str:
    """Return the data dictionary: every column of every table of the results, as Markdown."""
    lines = [DICTIONARY_HEAD]
    for table in CONTRACTS:
        lines += [f"## {table.name}", "", "| column | kind | meaning |", "|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.kind} | {column.meaning.replace('|', '/')} |" for column in table.columns
        ]
        lines += ["", "Further columns may follow.", ""] if table.extra else [""]
    return "\n".join(lines).rstrip() + "\n"


def default_study() -> str:
    """Return ``config.yaml``: every key of the default study with what it means."""
    lines = [YAML_HEAD]
    _explain(StudyConfig(title=DEMO_TITLE), 0, lines)
    return "\n".join(lines).rstrip() + "\n"


def _explain(block: BaseModel, depth: int, lines: list[str]) -> None:
    indent = "  " * depth
    for name, field in type(block).model_fields.items():
        value = getattr(block, name)
        if depth == 0:
            lines.append("")
        text = " ".join((field.description or "").replace("``", "'").split())
        lines += textwrap.wrap(text, 118 - len(indent), initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
        if isinstance(value, BaseModel):
            lines.append(f"{indent}{name}:")
            _explain(value, depth + 1, lines)
            continue
        plain = _plain(value)
        is_map = isinstance(plain, dict) and any(isinstance(one, dict) for one in plain.values())
        written = yaml.safe_dump({name: plain}, default_flow_style=None, sort_keys=False, allow_unicode=True, width=110)
        if not is_map and not isinstance(plain, (dict, list)):
            written = f"{name}: {json.dumps(plain, ensure_ascii=False)}\n"
        lines.append(textwrap.indent(written.rstrip("\n"), indent))


def _describe(model: type[BaseModel], prefix: str, lines: list[str], seen: set[type[BaseModel]]) -> None:
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        block = _block_of(field.annotation)
        text = " ".join((field.description or "").split())
        if block is not None and not _is_collection(field.annotation):
            inner.append((f"{prefix}{name}.", block))
            continue
        lines.append(f"- **`{prefix}{name}`** ({_type_of(field.annotation)}; default {_default_of(field)}): {text}")
        if block is not None:
            inner.append((f"{prefix}{name}.*.", block))
    for path, block in inner:
        lines.append(f"\n{'##' if path.count('.') == 1 else '###'} `{path.rstrip('.')}`\n")
        lines.append(" ".join((block.__doc__ or "").split()) + "\n")
        if block in seen:
            lines.append("The same keys as above.")
            continue
        seen.add(block)
        _describe(block, path, lines, seen)


def _block_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((block for part in typing.get_args(annotation) if (block := _block_of(part))), None)


def _is_collection(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (dict, list, tuple)


def _type_of(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type_of(arguments[0])
    if origin is typing.Literal:
        return " | ".join(f"`{value}`" if value != "" else "empty" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("empty" if part is type(None) else _type_of(part) for part in arguments)
    if origin in (list, tuple):
        return f"list of {_type_of(arguments[0])}" if arguments else "list"
    if origin is dict:
        return f"map of {_type_of(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "block"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
        getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation)).lower()
    )


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "none: must be given"
    value = field.get_default(call_default_factory=True)
    plain = _plain(value)
    text = json.dumps(plain, ensure_ascii=False)
    return f"`{text}`" if len(text) <= 400 else "see below"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.as_posix() if isinstance(value, Path) else value


def main() -> int:
    """Write all files."""
    (ROOT / "config.yaml").write_text(default_study(), encoding="utf-8")
    (ROOT / "config" / "README.md").write_text(manual(), encoding="utf-8")
    (ROOT / "workflow" / "schemas" / "config.schema.json").write_text(schema(), encoding="utf-8")
    (ROOT / "docs" / "data-dictionary.md").write_text(dictionary(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
