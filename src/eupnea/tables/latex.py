"""LaTeX: tables with booktabs rules, macros for numbers. No package beyond booktabs and longtable is needed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "²": r"$^2$",
    "³": r"$^3$",
    "Δ": r"$\Delta$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": r"$-$",
    "→": r"$\rightarrow$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "δ": r"$\delta$",
    "ε": r"$\epsilon$",
    "σ": r"$\sigma$",
    "ρ": r"$\rho$",
    "τ": r"$\tau$",
    "μ": r"$\mu$",
    "√": r"$\surd$",
    "∫": r"$\int$",
    "Σ": r"$\Sigma$",
    "π": r"$\pi$",
    "φ": r"$\varphi$",
    "λ": r"$\lambda$",
    "ω": r"$\omega$",
    "ℓ": r"$\ell$",
    "∞": r"$\infty$",
    "–": "--",
    "…": r"\ldots{}",
    "’": "'",
}
_DIGITS = dict(
    zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True)
)


def escape(text: object) -> str:
    """Return text that LaTeX prints as it stands; characters that plain LaTeX cannot print become ``?``."""
    written = "".join(_SPECIAL.get(character, character) for character in str(text))
    return "".join(character if ord(character) < 0x180 else "?" for character in written)


def booktabs(frame: pd.DataFrame, *, caption: str, label: str, wide: Sequence[str] = ()) -> str:
    """Return a table as LaTeX.

    Parameters
    ----------
    frame
        Cells that are already text, or numbers that are printed with three significant digits.
    caption, label
        Caption (stands alone) and the label behind ``tab:``.
    wide
        Columns of running text; they get a fixed width and break lines.

    Returns
    -------
    str
        A ``longtable``: it breaks over pages where it is long.
    """
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    kinds = [
        "p{0.3\\textwidth}" if name in wide else "r" if is_number else "l"
        for name, is_number in zip(frame.columns, numeric, strict=True)
    ]
    head = " & ".join(escape(str(name).replace("_", " ")) for name in frame.columns) + r" \\"
    rows = [
        " & ".join(escape(_cell(value)) for value in row) + r" \\" for row in frame.itertuples(index=False, name=None)
    ]
    empty = rf"\multicolumn{{{len(kinds)}}}{{l}}{{nothing to show}} \\"
    lines = [
        r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}",
        rf"\begin{{longtable}}{{@{{}}{''.join(kinds)}@{{}}}}",
        rf"\caption{{{escape(caption)}}}\label{{tab:{label}}}\\",
        r"\toprule",
        head,
        r"\midrule\endfirsthead",
        r"\toprule",
        head,
        r"\midrule\endhead",
        r"\bottomrule\endfoot",
        *(rows or [empty]),
        r"\end{longtable}",
        r"\endgroup",
    ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3g}"
    return "" if value is None else str(value)


def macro_name(*parts: object) -> str:
    """Return the name of a LaTeX macro, letters only: ``("rank1", "nasal_to_oral")`` gives ``RankOneNasalToOral``."""
    text = " ".join(str(part) for part in parts if part not in ("", None))
    text = "".join(f" {_DIGITS[character]} " if character in _DIGITS else character for character in text)
    words = re.split(r"[^A-Za-z]+", text)
    return "".join(word[:1].upper() + word[1:] for word in words if word)


def macro(name: str, value: str) -> str:
    r"""Return the line that defines a macro: ``\newcommand{\eupneaName}{value}``."""
    return rf"\newcommand{{\eupnea{name}}}{{{escape(value)}}}"
