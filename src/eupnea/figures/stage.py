"""Draw all figures of one stage."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.figures.drawing import Drawn, NotAnswerableError, mark_simulated, placeholder, save, style
from eupnea.figures.registry import FIGURES
from eupnea.io.tables import write_table

if TYPE_CHECKING:
    from eupnea.config.figures import FiguresConfig
    from eupnea.study import Study


def draw_stage(study: Study, stage: str, *, config: FiguresConfig, folder: Path) -> None:
    """Draw and write the figures of a stage, and the table of their captions.

    Parameters
    ----------
    study
        The results; only tables are read.
    stage
        A key of `eupnea.figures.registry.FIGURES`; the module of this name draws.
    config
        Formats and resolution.
    folder
        Where the files go: ``<name>.pdf``, ``.svg``, ``.png``, ``.tsv``, and ``captions-<stage>.tsv``.
    """
    rows = []
    with style():
        for name in FIGURES[stage]:
            drawn = draw(study, stage, name)
            if study.is_simulated:
                mark_simulated(drawn.figure)
            save(drawn, folder, name, formats=config.formats, dpi=config.png_dpi)
            caption = drawn.caption + (" Simulated people." if study.is_simulated else "")
            rows.append({"name": name, "stage": stage, "title": drawn.title, "caption": caption})
    write_table(pd.DataFrame(rows), folder / f"captions-{stage}.tsv")


def draw(study: Study, stage: str, name: str) -> Drawn:
    """Draw one figure, or the reason why this dataset has nothing to draw in it."""
    module = import_module(f"eupnea.figures.{stage}")
    try:
        return getattr(module, name)(study)
    except NotAnswerableError as reason:
        return placeholder(name.replace("_", " ").capitalize(), str(reason))
