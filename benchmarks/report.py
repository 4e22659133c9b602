"""Write a benchmark's table twice: TSV for programs, Markdown for people."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def write_table(table: pd.DataFrame, output: Path, name: str, *, note: str = "") -> None:
    """Write ``<name>.tsv`` (full digits) and ``<name>.md`` (a note, then the table) into `output`, and print it.

    Parameters
    ----------
    table
        What was measured; its index is not written.
    output
        Folder, made when it is missing.
    name
        Name of both files.
    note
        Text above the Markdown table: versions, and peers that are missing.
    """
    output.mkdir(parents=True, exist_ok=True)
    table.to_csv(output / f"{name}.tsv", sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n")
    lines = [f"| {' | '.join(map(str, table.columns))} |", "|" + "---|" * table.shape[1]]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in table.itertuples(index=False)]
    text = "\n".join(([note, ""] if note else []) + lines) + "\n"
    (output / f"{name}.md").write_text(text, encoding="utf-8")
    print(f"## {name}\n\n{text}", flush=True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        if pd.isna(value):
            return ""
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "" if value is None else str(value)
