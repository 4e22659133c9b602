"""Write the tables and the macros."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from eupnea.io.files import write_text
from eupnea.io.tables import write_table
from eupnea.report.words import number
from eupnea.tables import build
from eupnea.tables.latex import booktabs, macro, macro_name
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
        write_text(booktabs(built.frame, caption=caption, label=name, wide=built.wide), Path(folder) / f"{name}.tex")


def write_numbers(study: Study, path: str | Path) -> None:
    r"""Write ``numbers.tex``: a macro for every headline number, its interval, p-value and people.

    A text that quotes ``\eupneaIdentificationNasalToOralRespirationSelectedRankOneWindowSixZero`` never goes stale.
    """
    lines = ["% Generated: do not edit. One macro per number of metrics.tsv that a text would quote."]
    lines += [macro(name, value) for name, value in sorted(_macros(study).items())]
    write_text("\n".join(lines) + "\n", path)


def _macros(study: Study) -> dict[str, str]:
    used = study.recordings[study.recordings["status"] == "used"]
    macros = {
        "Participants": str(used["participant"].nunique()),
        "Recordings": str(len(used)),
        "Hours": number(float(used["used_s"].sum() / 3600)),
    }
    metrics = study.metrics
    quoted = metrics[(metrics["status"] == "ok") & _is_quoted(metrics)]
    for _, row in quoted.iterrows():
        keys = [row[name] for name in _NAMING if row[name] != ""]
        window = "" if pd.isna(row["window_s"]) else f"{row['window_s']:.0f}s"
        epsilon = "" if pd.isna(row["epsilon"]) else f"eps {row['epsilon']:g}"
        name = macro_name(*keys, row["metric"], window, epsilon)
        if name in macros:
            continue
        macros[name] = number(row["value"])
        for suffix, column in (("Low", "ci_low"), ("High", "ci_high"), ("P", "p_value"), ("Chance", "chance")):
            if pd.notna(row[column]):
                macros[name + suffix] = f"{row[column]:.2g}" if column == "p_value" else number(row[column])
    return macros


_NAMING = ["analysis", "protocol", "target", "modality", "model", "control", "comparator", "subset", "norm", "nuisance"]


def _is_quoted(metrics: pd.DataFrame) -> pd.Series:
    """Quote headlines, baselines and comparisons; reliability and mixed models stay in their tables."""
    listed = metrics["analysis"].isin(["reliability", "mixed_model"])
    detail = (metrics["feature"] != "") | (metrics["family"] != "")
    return ~listed & ~detail
