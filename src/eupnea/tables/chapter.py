"""``thesis/captions.tex`` and ``thesis/example.tex``: a chapter that uses every figure, table and number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eupnea.figures.registry import FIGURES
from eupnea.io.files import write_text
from eupnea.io.tables import read_table
from eupnea.tables.latex import escape, macro, macro_name
from eupnea.tables.registry import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from eupnea.study import Study

SHOWN_TABLES = tuple(name for name in TABLES if name != "features")
TITLES = {
    "recordings": "Recordings",
    "signals": "Signals",
    "identification": "Identification",
    "traits": "Age, sex, BMI",
    "adversarial": "Age models, robust and blind",
    "associations": "Reliability and effects",
}
PREAMBLE = r"""% pdflatex example; bibtex example; pdflatex example; pdflatex example   (in this folder)
\documentclass[a4paper]{report}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[margin=2cm]{geometry}
\usepackage{array,booktabs,longtable,graphicx}
\graphicspath{{../figures/}}
\emergencystretch=2em
% A figure in its own size, or as wide as the text where it is wider.
\newsavebox{\drawn}
\newcommand{\fitted}[1]{\IfFileExists{../figures/#1.pdf}{\sbox{\drawn}{\includegraphics{#1.pdf}}%
  \ifdim\wd\drawn>\linewidth\includegraphics[width=\linewidth]{#1.pdf}\else\usebox{\drawn}\fi}{(no PDF was asked for)}}
\input{../numbers.tex}
\input{captions.tex}
\begin{document}
"""


def write_chapter(study: Study, folder: Path) -> None:
    """Write ``captions.tex`` and ``example.tex`` into a folder beside ``figures`` and ``tables``.

    Parameters
    ----------
    study
        The results; its figures must have been drawn.
    folder
        ``<study>/thesis``.
    """
    captions = {
        row["name"]: (row["title"], row["caption"])
        for stage in FIGURES
        for _, row in read_table(study.folder / "figures" / f"captions-{stage}.tsv").iterrows()
    }
    write_text(_captions_text(captions), folder / "captions.tex")
    write_text(_example_text(captions, is_simulated=study.is_simulated), folder / "example.tex")


def _captions_text(captions: dict[str, tuple[str, str]]) -> str:
    r"""Return a macro per figure: ``\\eupneaCaptionCmc``."""
    lines = ["% Generated: do not edit. The caption of every figure, written from its numbers."]
    lines += [macro(macro_name("caption", name), caption) for name, (_, caption) in captions.items()]
    return "\n".join(lines) + "\n"


def _example_text(captions: dict[str, tuple[str, str]], *, is_simulated: bool) -> str:
    title = "Example chapter" + (": simulated people" if is_simulated else "")
    lines = [PREAMBLE, rf"\chapter{{{title}}}", r"\section{Methods}", r"\input{../methods.tex}"]
    for stage, names in FIGURES.items():
        lines.append(rf"\section{{{TITLES[stage]}}}")
        lines += [_figure(name, captions[name][0]) for name in names]
        lines.append(r"\clearpage")
    lines.append(r"\section{Tables}")
    lines += [rf"\input{{../tables/{name}.tex}}" for name in SHOWN_TABLES]
    lines += [r"\bibliographystyle{plain}", r"\bibliography{../references}", r"\end{document}"]
    return "\n".join(lines) + "\n"


def _figure(name: str, title: str) -> str:
    caption = rf"\caption[{escape(title)}]{{\eupnea{macro_name('caption', name)}}}\label{{fig:{name}}}"
    return rf"\begin{{figure}}[htbp]\centering\fitted{{{name}}}{caption}\end{{figure}}"
