"""What every figure shares: sizes, colours, placeholders, and files with the same bytes for the same content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.layout_engine import ConstrainedLayoutEngine

from eupnea.io.files import replacing
from eupnea.io.tables import write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STRIPE_IN = 0.15
SINGLE_COLUMN_IN = 3.5
DOUBLE_COLUMN_IN = 7.2
COLOURS = {
    "respiration": "#0072B2",
    "cardiac": "#D55E00",
    "coupling": "#009E73",
    "all": "#000000",
    "device": "#999999",
    "cardiogenic": "#CC79A7",
    "demographics": "#E69F00",
    "nasal": "#0072B2",
    "oral": "#D55E00",
    "chance": "#999999",
}
METADATA = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None}, "svg": {"Date": None}, "png": {}}


class NotAnswerableError(Exception):
    """The dataset has nothing to draw in this figure; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure with what it shows.

    Attributes
    ----------
    figure
        The figure.
    data
        What it shows, as a table; written beside the figure.
    title, caption
        Words that stand alone: what is shown, of whom, how many, what the marks are.
    """

    figure: Figure
    data: pd.DataFrame
    title: str
    caption: str


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the project, whatever is set outside."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.use("agg")
        plt.style.use(str(files("eupnea.figures") / "eupnea.mplstyle"))
        yield


def mark_simulated(figure: Figure) -> None:
    """Write on the figure, in a stripe of its own above everything else, that its people are simulated."""
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, 0, 1, 1 - STRIPE_IN / figure.get_figheight()))
    figure.text(
        0.995, 0.995, "SIMULATED", ha="right", va="top", fontsize=7, color="#B00020", alpha=0.85, fontweight="bold"
    )


def placeholder(title: str, reason: str) -> Drawn:
    """Draw the reason why there is nothing to draw."""
    figure, axes = plt.subplots(figsize=(SINGLE_COLUMN_IN, 1.2))
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"Not answerable on this dataset:\n{reason}", ha="center", va="center", wrap=True)
    return Drawn(figure, pd.DataFrame({"reason": [reason]}), title, f"Not answerable on this dataset: {reason}")


def legend_below(figure: Figure, axes: Axes, *, title: str | None = None, columns: int = 8) -> None:
    """Put the legend of `axes` below the whole figure, where it covers no data."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)), title=title)


def chance_line(axes: Axes, value: float, *, along: str = "y") -> None:
    """Mark the chance level, when it is known."""
    if pd.notna(value):
        line = axes.axhline if along == "y" else axes.axvline
        line(value, color=COLOURS["chance"], linestyle="--", linewidth=0.8, label="chance")


def save(drawn: Drawn, folder: Path, name: str, *, formats: tuple[str, ...], dpi: int) -> None:
    """Write a figure in each format, and the table of what it shows.

    Files have the same bytes for the same content: no dates, no random names.
    """
    for suffix in formats:
        with replacing(folder / f"{name}.{suffix}") as temporary:
            drawn.figure.savefig(temporary, format=suffix, dpi=dpi, metadata=METADATA[suffix])
    write_table(drawn.data, folder / f"{name}.tsv")
    plt.close(drawn.figure)
