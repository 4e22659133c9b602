"""Draw which rule needs which: ``docs/_static/rulegraph.dot`` and ``.svg`` (the latter needs graphviz's ``dot``)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOT = ROOT / "docs" / "_static" / "rulegraph.dot"
HEAD = """digraph rules {
  graph [rankdir=TB, nodesep=0.2, ranksep=0.35, bgcolor=white];
  node [shape=box, style="rounded,filled", fillcolor="#eef5fb", color="#0072b2", fontname="sans-serif", fontsize=11];
  edge [color="#5c5c5c", arrowsize=0.6];
"""
Edges = set[tuple[str, str]]


def edges_of_study() -> Edges:
    """Return (earlier rule, later rule) of the default study, as ``snakemake --rulegraph`` tells them."""
    command = [str(Path(sys.executable).parent / "snakemake"), "--rulegraph", "dot", "--cores", "1", "--forceall"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.MULTILINE))
    arrows = re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE)
    return {(names[a], names[b]) for a, b in arrows}


def without_detours(edges: Edges) -> Edges:
    """Leave out arrows between rules that a longer way joins, too (transitive reduction)."""
    after: dict[str, set[str]] = {}
    for a, b in edges:
        after.setdefault(a, set()).add(b)

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = list(after.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += after.get(name, ())
        return found

    beyond = {name: reached(name) for name in after}
    return {(a, b) for a, b in edges if not any(b in beyond.get(other, ()) for other in after[a])}


def dot_text(edges: Edges) -> str:
    """Return the graph in graphviz's language; the same edges give the same text."""
    return HEAD + "".join(f"  {a} -> {b};\n" for a, b in sorted(edges)) + "}\n"


def main() -> int:
    """Write both files."""
    DOT.write_text(dot_text(without_detours(edges_of_study())), encoding="utf-8")
    drawn = subprocess.run(["dot", "-Tsvg", str(DOT)], capture_output=True, text=True, check=True).stdout
    DOT.with_suffix(".svg").write_text(re.sub(r"<!--.*?-->\n", "", drawn, flags=re.DOTALL), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
