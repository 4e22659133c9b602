"""An edit of a module changes the digest of exactly the scripts that reach it; comments change nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from eupnea.io import digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "src" / "eupnea"
    (root / "a").mkdir(parents=True)
    (root / "lazy").mkdir()
    (root / "__init__.py").write_text("")
    (root / "a" / "__init__.py").write_text("")
    (root / "a" / "top.py").write_text("def f():\n    from eupnea.a.deep import g\n    return g()\n")
    (root / "a" / "deep.py").write_text('def g():\n    """Say one."""\n    return 1  # one\n')
    (root / "other.py").write_text("x = 1\n")
    (root / "lazy" / "__init__.py").write_text("def __getattr__(name):\n    return name\n")
    (root / "lazy" / "hidden.py").write_text("y = 1\n")
    monkeypatch.setattr(digest, "_package_root", lambda: root)
    _forget()
    yield root
    _forget()


def _forget() -> None:
    for cached in (digest._path, digest._tree, digest._imports_of, digest._code):
        cached.cache_clear()


def _digest_after(path: Path, text: str, script: Path) -> str:
    path.write_text(text)
    _forget()
    return digest.script_digest(script)


def test_edits_are_followed_through_imports_inside_functions(package: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from eupnea.a.top import f\n")
    before = digest.script_digest(script)
    deep = package / "a" / "deep.py"
    assert _digest_after(deep, '# new\ndef g():\n    """Say ONE."""\n    return 1\n', script) == before
    assert _digest_after(package / "other.py", "x = 2\n", script) == before
    assert _digest_after(deep, "def g():\n    return 2\n", script) != before


def test_lazy_packages_count_whole(package: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from eupnea.lazy import y\n")
    before = digest.script_digest(script)
    assert _digest_after(package / "lazy" / "hidden.py", "y = 2\n", script) != before


def test_relative_imports_are_followed(package: Path, tmp_path: Path) -> None:
    (package / "a" / "top.py").write_text("from .deep import g\nfrom ..other import x\n")
    script = tmp_path / "script.py"
    script.write_text("import eupnea.a.top\n")
    assert digest.modules_of_script(script) == ["eupnea", "eupnea.a", "eupnea.a.deep", "eupnea.a.top", "eupnea.other"]


def test_every_script_of_the_workflow_reaches_only_what_is_there() -> None:
    scripts = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
    for script in sorted(scripts.glob("*.py")):
        assert "eupnea.io.job" in digest.modules_of_script(script)
    assert isinstance(sys.modules["eupnea.io.digest"], ModuleType)
