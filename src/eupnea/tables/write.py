"""Write the tables and the macros."""

from __future__ import annotations

from collections import Counter
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
    quoted = study.metrics[_is_quoted(study.metrics)]
    names = [_name_of(row) for _, row in quoted.iterrows()]
    ambiguous = {name for name, count in Counter(names).items() if count > 1}
    for name, (_, row) in zip(names, quoted.iterrows(), strict=True):
        if name in ambiguous or name in macros:
            continue
        macros[name] = number(row["value"])
        for suffix, column in (("Low", "ci_low"), ("High", "ci_high"), ("P", "p_value"), ("Chance", "chance")):
            if pd.notna(row[column]):
                macros[name + suffix] = f"{row[column]:.2g}" if column == "p_value" else number(row[column])
        if pd.notna(row["n_participants"]):
            macros[name + "N"] = f"{row['n_participants']:.0f}"
    return macros


_NAMING = (
    "analysis",
    "protocol",
    "target",
    "modality",
    "model",
    "control",
    "comparator",
    "subset",
    "norm",
    "nuisance",
    "metric",
)
_SIZES = {"window_s": "{:.0f}s", "epsilon": "eps {:g}", "strength": "strength {:g}"}
_LENGTHS = {"enrolment_s": "enrolled {:.0f}s", "probe_s": "probe {:.0f}s"}
_QUOTED_MODELS = ("", "selected", "baseline", "median", "ridge_clean", "adversarial_inf", "adversarial_2", "xgboost")
_NOT_QUOTED = ("rank1_gallery", "rank1_window_drop", "mae_transfer")


def _name_of(row: pd.Series) -> str:
    """Return the name of a row's macro: everything that tells it from other quoted rows."""
    sizes = _SIZES | (_LENGTHS if row["metric"] in ("rank1_length", "rank1_fused") else {})
    told = [text.format(row[name]) for name, text in sizes.items() if pd.notna(row[name])]
    return macro_name(*[row[name] for name in _NAMING if row[name] != ""], *told)


def _is_quoted(metrics: pd.DataFrame) -> pd.Series:
    """Quote headlines, baselines and comparisons; reliability, mixed models and other models stay in their tables."""
    listed = metrics["analysis"].isin(["reliability", "mixed_model"]) | metrics["metric"].isin(_NOT_QUOTED)
    detail = (metrics["feature"] != "") | (metrics["family"] != "")
    blind = (metrics["analysis"] == "invariance") & metrics["metric"].isin(["mae", "eer_floor"])
    blind |= metrics["metric"].str.endswith("_strongest")
    model = metrics["model"].isin(_QUOTED_MODELS) & (metrics["analysis"] != "invariance")
    known = (metrics["status"] == "ok") & metrics["value"].notna()
    return known & ~listed & ~detail & (blind | model)
