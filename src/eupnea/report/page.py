"""Put the page together: template, style and script in one file that needs nothing else."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

ROWS_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its text, and the number to sort by when it is one."""

    text: str
    number: float | None


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table on the page; at most `ROWS_SHOWN` rows, with a link to the whole one."""

    title: str
    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    total: int
    href: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure on the page."""

    name: str
    title: str
    caption: str
    png: str
    width_cm: float
    links: list[dict[str, str]]


@dataclass(slots=True)
class Section:
    """A section of the page."""

    id: str
    title: str
    texts: list[str] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    figures: list[PageFigure] = field(default_factory=list)
    plots: list[dict[str, Any]] = field(default_factory=list)
    tables: list[PageTable] = field(default_factory=list)
    viewers: list[dict[str, Any]] = field(default_factory=list)


def render(
    *,
    title: str,
    lead: str,
    sections: list[Section],
    viewers: list[dict[str, Any]],
    plots: dict[str, Any],
    simulated: bool,
    footer: str,
) -> str:
    """Return the page as HTML. Everything that comes from data is escaped."""
    return _render(
        "report.html.j2",
        title=title,
        lead=lead,
        sections=sections,
        pictures={figure.name: figure for section in sections for figure in section.figures},
        simulated=simulated,
        footer=footer,
        viewer_json=_json(viewers),
        plot_json=_json(plots),
    )


def render_viewer(viewer: dict[str, Any], *, about: str) -> str:
    """Return a page with the signal viewer of one recording and nothing else."""
    heading = {"index": 0, "recording": viewer["recording"], "about": about}
    return _render("one_viewer.html.j2", viewer=heading, viewer_json=_json([viewer]))


def _render(name: str, **values: Any) -> str:
    environment = Environment(
        loader=PackageLoader("eupnea.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css, script = (
        Markup((files("eupnea.report") / "templates" / f"report.{suffix}").read_text(encoding="utf-8"))
        for suffix in ("css", "js")
    )
    return environment.get_template(name).render(css=css, script=script, **values)


def page_figure(folder: Path, name: str, *, title: str, caption: str, dpi: int) -> PageFigure:
    """Embed a figure that the study has written."""
    png = (folder / f"{name}.png").read_bytes()
    width_px = int.from_bytes(png[16:20], "big")
    links = [
        {"text": path.suffix[1:].upper(), "href": f"figures/{path.name}"}
        for path in (folder / f"{name}.{suffix}" for suffix in ("pdf", "svg", "tsv"))
        if path.is_file()
    ]
    return PageFigure(
        name, title, caption, base64.b64encode(png).decode(), round(width_px / dpi * 2.54 * 1.25, 1), links
    )


def page_table(
    frame: pd.DataFrame, *, title: str, caption: str = "", href: str = "", is_open: bool = False
) -> PageTable:
    """Turn a table into cells; empty columns are left out, numbers get four significant digits."""
    shown = frame.head(ROWS_SHOWN)
    columns = [name for name in shown.columns if not _is_empty(shown[name])]
    rows = [[_cell(value) for value in row] for row in shown[columns].itertuples(index=False, name=None)]
    return PageTable(title, caption, [str(name) for name in columns], rows, len(frame), href, is_open)


def _is_empty(column: pd.Series) -> bool:
    return bool((column.isna() | (column.astype("str") == "")).all())


def _cell(value: object) -> Cell:
    if isinstance(value, bool):
        return Cell("yes" if value else "no", None)
    if isinstance(value, (int, float)):
        number = float(value)
        return Cell("", None) if math.isnan(number) else Cell(f"{number:.4g}", number)
    return Cell("" if value is None else str(value), None)


def _json(value: object) -> Markup:
    """Write JSON that cannot end the script element it stands in."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
