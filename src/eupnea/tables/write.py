"""Write the tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eupnea.io.files import write_text
from eupnea.io.tables import write_table
from eupnea.tables import build
from eupnea.tables.latex import booktabs
from eupnea.tables.registry import TABLES

if TYPE_CHECKING:
    from eupnea.config.tables import TablesConfig
    from eupnea.study import Study


def write_tables(study: Study, folder: str | Path, *, config: TablesConfig) -> None:
    """Write every table as ``<name>.tex`` and ``<name>.tsv``."""
    for name in TABLES:
        built = getattr(build, name)(study, config)
        caption = built.caption + (" Simulated people." if study.is_simulated else "")
        write_table(built.frame, Path(folder) / f"{name}.tsv")
        write_text(booktabs(built.frame, caption=caption, label=name), Path(folder) / f"{name}.tex")
