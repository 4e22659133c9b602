"""Write ``report.html``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import eupnea
from eupnea.io.files import write_text
from eupnea.report.page import render
from eupnea.report.sections import sections_of

if TYPE_CHECKING:
    from eupnea.config.report import ReportConfig
    from eupnea.study import Study


def write_report(study: Study, path: str | Path, *, title: str, config: ReportConfig, dpi: int) -> None:
    """Write ``report.html``.

    Parameters
    ----------
    study
        The results; nothing is computed that is not in its tables.
    path
        Where the page goes.
    title
        Title of the page.
    config
        Number and length of the signal viewers.
    dpi
        Resolution of the study's PNG figures, dots per inch.
    """
    sections, viewers = sections_of(study, config=config, dpi=dpi)
    recordings = study.recordings
    used = recordings[recordings["status"] == "used"]
    people = "simulated people" if study.is_simulated else "people"
    lead = (
        f"{used['participant'].nunique()} {people}, {len(used)} recordings, {used['used_s'].sum() / 3600:.1f} hours. "
        "Every number below stands with its interval, its chance level and its control in metrics.tsv."
    )
    page = render(
        title=title,
        lead=lead,
        sections=sections,
        viewers=viewers,
        plots={plot["name"]: plot["data"] for section in sections for plot in section.plots},
        simulated=study.is_simulated,
        footer=f"Made by eupnea {eupnea.__version__} from the tables in this folder.",
    )
    write_text(page, path)
