"""Compiled loops are kept by what all of them are made of."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from eupnea.compiled import PACKAGE, digest_of_loops

INNER = "import numba\n\nfrom eupnea.compiled import JIT\n\n\n@numba.njit(**JIT)\ndef inner(x):\n    return x + {}\n"
OUTER = """import numba

from eupnea.compiled import JIT
from eupnea.inner import inner


@numba.njit(**JIT)
def outer(x):
    return inner(x)


print(outer(1.0))
"""


def _copy(folder: Path) -> Path:
    """Make a package of the module under test and two loops, of which one calls the other in another file."""
    package = folder / "eupnea"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "compiled.py").write_text((PACKAGE / "compiled.py").read_text(encoding="utf-8"))
    (package / "outer.py").write_text(OUTER)
    return package


def _outer(folder: Path) -> str:
    known = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-m", "eupnea.outer"],
        env=known | {"PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_changed_loop_is_compiled_anew_inside_its_callers(tmp_path: Path) -> None:
    package = _copy(tmp_path)
    for added in (1, 41):
        (package / "inner.py").write_text(INNER.format(float(added)))
        assert _outer(tmp_path) == f"{1.0 + added}"
    assert len(list((package / "__pycache__").glob("compiled-*"))) == 2


def test_the_digest_tells_loops_from_other_code(tmp_path: Path) -> None:
    package = _copy(tmp_path)
    (package / "inner.py").write_text(INNER.format(1.0))
    known = digest_of_loops(package)
    (package / "other.py").write_text("x = 1\n")
    assert digest_of_loops(package) == known
    (package / "inner.py").write_text(INNER.format(2.0))
    assert digest_of_loops(package) != known


def test_every_module_with_loops_keeps_them_apart() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name == "compiled.py" or "njit" not in text:
            continue
        imported = {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
        assert imported & {"eupnea.compiled"}, f"{path} compiles loops without eupnea.compiled"
