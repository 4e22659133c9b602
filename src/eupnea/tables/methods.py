"""``methods.tex`` and ``references.bib``: what was done, from the config and the tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eupnea.io.files import write_text
from eupnea.tables.latex import escape

if TYPE_CHECKING:
    from eupnea.study import Study

REFERENCES: dict[str, dict[str, str]] = {
    "iso19795": {
        "author": "{ISO/IEC}",
        "title": "{ISO/IEC 19795-1}: Biometric performance testing and reporting. Part 1: Principles and framework",
        "year": "2021",
    },
    "benjamini1995": {
        "author": "Benjamini, Yoav and Hochberg, Yosef",
        "title": "Controlling the false discovery rate: a practical and powerful approach to multiple testing",
        "doi": "10.1111/j.2517-6161.1995.tb02031.x",
        "journal": "Journal of the Royal Statistical Society B",
        "volume": "57",
        "pages": "289--300",
        "year": "1995",
    },
    "efron1987": {
        "author": "Efron, Bradley",
        "title": "Better bootstrap confidence intervals",
        "doi": "10.1080/01621459.1987.10478410",
        "journal": "Journal of the American Statistical Association",
        "volume": "82",
        "pages": "171--185",
        "year": "1987",
    },
    "ribeiro2023": {
        "author": 'Ribeiro, Ant{\\^o}nio H. and Zachariah, Dave and Bach, Francis and Sch{\\"o}n, Thomas B.',
        "title": "Regularization properties of adversarially-trained linear regression",
        "journal": "Advances in Neural Information Processing Systems",
        "volume": "36",
        "year": "2023",
    },
    "shrout1979": {
        "author": "Shrout, Patrick E. and Fleiss, Joseph L.",
        "title": "Intraclass correlations: uses in assessing rater reliability",
        "doi": "10.1037/0033-2909.86.2.420",
        "journal": "Psychological Bulletin",
        "volume": "86",
        "pages": "420--428",
        "year": "1979",
    },
    "taskforce1996": {
        "author": "{Task Force of the European Society of Cardiology and the North American Society of Pacing and "
        "Electrophysiology}",
        "title": "Heart rate variability: standards of measurement, physiological interpretation and clinical use",
        "doi": "10.1161/01.CIR.93.5.1043",
        "journal": "Circulation",
        "volume": "93",
        "pages": "1043--1065",
        "year": "1996",
    },
    "tobin1988": {
        "author": "Tobin, Martin J. and Mador, M. Jeffery and Guenther, Scott M. and Lodato, Robert F. and "
        "Sackner, Marvin A.",
        "title": "Variability of resting respiratory drive and timing in healthy subjects",
        "doi": "10.1152/jappl.1988.65.1.309",
        "journal": "Journal of Applied Physiology",
        "volume": "65",
        "pages": "309--317",
        "year": "1988",
    },
}
"""Works that the methods cite; features name their own sources in the dictionary."""


FORMULA = r"\frac{1}{n}\sum_i(|y_i-x_i^{\top}\beta|+\delta\|\beta\|_q)^2"
"""Loss under the worst perturbation."""


def write_methods(study: Study, folder: Path, *, config: dict[str, Any]) -> None:
    """Write ``methods.tex`` and ``references.bib`` into a study's folder.

    Parameters
    ----------
    study
        The results.
    folder
        The study's folder.
    config
        The whole config of the study, as plain values; the text tells what it says.
    """
    write_text(methods_text(study, config), folder / "methods.tex")
    write_text(references_text(), folder / "references.bib")


def methods_text(study: Study, config: dict[str, Any]) -> str:
    """Return the methods as LaTeX paragraphs."""
    lines = ["% Generated from the config of the study: do not edit. Needs numbers.tex and references.bib."]
    if study.is_simulated:
        lines.append(r"\textbf{All people are simulated; nothing here is a finding about real ones.}")
    lines += [rf"\paragraph{{{title}.}} {text}" for title, text in _paragraphs(study, config).items()]
    return "\n\n".join(lines) + "\n"


def methods_in_words(study: Study, config: dict[str, Any]) -> list[str]:
    """Return the same paragraphs for a page: citations as author and year, numbers and formulas written out."""
    used = study.recordings[study.recordings["status"] == "used"]
    written = {
        FORMULA: "(1/n) Σ (|yᵢ − xᵢᵀβ| + δ‖β‖_q)²",
        r"\infty": "∞",
        r"\eupneaRecordings{}": str(len(used)),
        r"\eupneaHours{}": f"{used['used_s'].sum() / 3600:.1f}",
        r"\eupneaParticipants{}": str(used["participant"].nunique()),
        r"\_": "_",
        "$": "",
    }
    paragraphs = []
    for title, latex in _paragraphs(study, config).items():
        text = re.sub(r"~?\\cite\{(\w+)\}", lambda found: f" ({_author_year(found[1])})", latex)
        for code, words in written.items():
            text = text.replace(code, words)
        paragraphs.append(f"{title}. {' '.join(text.split())}")
    return paragraphs


def _author_year(key: str) -> str:
    fields = REFERENCES[key]
    authors = [name.split(",")[0] for name in fields["author"].strip("{}").split(" and ")]
    first = "Task Force" if key.startswith("taskforce") else re.sub(r"\{?\\.\{?(\w)\}*", r"\1", authors[0])
    more = (
        ""
        if len(authors) == 1 or key.startswith("taskforce")
        else " et al."
        if len(authors) > 2
        else f" & {authors[1]}"
    )
    return f"{first}{more} {fields['year']}"


def _paragraphs(study: Study, config: dict[str, Any]) -> dict[str, str]:
    """Return the methods by heading, in LaTeX."""
    lengths = " and ".join(f"{length:g}" for length in config["features"]["window_s"])
    identification, traits, adversarial = (config[name] for name in ("identification", "traits", "adversarial"))
    people = "simulated people" if study.is_simulated else "participants"
    signals = ", ".join(sorted({kind for kinds in study.recordings["signals"] for kind in kinds.split(",") if kind}))
    nuisances = ", ".join(map(str, adversarial["nuisances"]))
    return {
        "Recordings": (
            rf"\eupneaRecordings{{}} recordings (\eupneaHours{{}} hours) of \eupneaParticipants{{}} {people} were "
            f"used{f'; signals: {escape(signals)}' if signals else ''}."
        ),
        "Features": _features(study, config, lengths),
        "Identification": (
            r"Rank-1 identification, CMC, DET and equal error rates follow ISO/IEC 19795-1~\cite{iso19795}. The model "
            "was selected inside the enrolment. Chance is the mean over "
            f"{_permutations(study, 'identification', identification['permutations'])} random assignments of "
            f"recordings to people, the whole fit repeated; "
            rf"intervals are for new people at this gallery~\cite{{efron1987}}. Families of tests were corrected; "
            r"false discovery rates were controlled~\cite{benjamini1995}."
        ),
        "Traits": (
            f"Traits were predicted with nested, participant-grouped cross-validation ({traits['folds']} outer folds, "
            f"{traits['repeats']} repeats); $p$ from {_permutations(study, 'traits', traits['permutations'])} "
            f"permutations of the participants' "
            "labels, every nested step repeated. Median and majority predictions are the baselines."
        ),
        "Adversarial age models": (
            rf"Linear age models were trained against worst-case perturbations, ${FORMULA}$ with $1/p+1/q=1$"
            r"~\cite{ribeiro2023}, for $p=\infty$ and $p=2$. Blind models had "
            f"what tells {escape(nuisances)} removed inside the folds; freshly trained attackers judged what was left."
        ),
        "Reliability and effects": (
            r"Reliability is ICC(3,1)~\cite{shrout1979}. Effects of mode, task, age, sex and BMI were estimated by "
            "mixed models with the participant as random intercept, corrected over features."
        ),
    }


def _features(study: Study, config: dict[str, Any], lengths: str) -> str:
    """Tell where the features come from; those of a table that was given are not described as if they were known."""
    if config["dataset"]["source"] == "features":
        return (
            f"The study began with a table of {len(study.dictionary)} features that had been computed elsewhere; they "
            "were used as they were given."
        )
    return (
        f"Features were computed in windows of {lengths} s that do not overlap: timing, volume and variability of "
        r"breaths~\cite{tobin1988}, their waveform, heart rate variability~\cite{taskforce1996}, and the coupling of "
        f"both; {len(study.dictionary)} features in all. Respiration means the breathing band; what lies above it "
        "served as a control."
    )


def _permutations(study: Study, analysis: str, asked: int) -> int:
    """Return how many permutations stand behind the p-values; the number asked for when none was noted.

    Differences between conditions on the same people are tested by signs of their own, which are not counted.
    """
    metrics = study.metrics
    is_told = (metrics["analysis"] == analysis) & (metrics["model"] == "selected")
    noted = metrics.loc[is_told & ~metrics["metric"].str.endswith(("_drop", "_difference")), "n_permutations"].max()
    return asked if noted != noted else int(noted)


def references_text() -> str:
    """Return the cited works in BibTeX."""
    entries = []
    for key, fields in REFERENCES.items():
        kind = "article" if "journal" in fields else "misc"
        written = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        entries.append(f"@{kind}{{{key},\n{written}\n}}\n")
    return "\n".join(entries)
