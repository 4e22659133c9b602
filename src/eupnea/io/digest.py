"""Digests of the code that a workflow step uses.

Snakemake sees the script of a rule, not the modules that it imports. Each rule therefore carries the digest of all
modules of the package that its script reaches, so that an edit reruns exactly the steps that use it. Comments,
docstrings and formatting do not count.
"""

from __future__ import annotations

import ast
import gc
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "eupnea"


def script_digest(script: str | Path, *, also: Iterable[str] = ()) -> str:
    """Return a digest of every module of the package that a script imports, directly or through others.

    Parameters
    ----------
    script
        Path of a Python file. Its own text does not count: Snakemake watches it.
    also
        Modules that the script loads by name, where no import statement shows it.
    """
    with _no_collection():
        tree = ast.parse(Path(script).read_text(encoding="utf-8"))
        reached: set[str] = set()
        _collect(_imported(tree, module="") | set(also), reached)
        digest = hashlib.sha256()
        for name in sorted(reached):
            digest.update(f"{name}\0{_code(name)}\0".encode())
    return digest.hexdigest()[:16]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the collector of garbage back: it would look through the growing trees time and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def modules_of_script(script: str | Path) -> list[str]:
    """Return the names of the modules that `script_digest` looks at."""
    reached: set[str] = set()
    _collect(_imported(ast.parse(Path(script).read_text(encoding="utf-8")), module=""), reached)
    return sorted(reached)


def _collect(names: set[str], reached: set[str]) -> None:
    for name in sorted(names):
        for module in _with_parents(name):
            if module not in reached and _path(module) is not None:
                reached.add(module)
                _collect(_imports_of(module), reached)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: depth + 1]) for depth in range(len(parts))]


@cache
def _path(module: str) -> Path | None:
    root = _package_root()
    parts = module.split(".")[1:]
    for candidate in (root.joinpath(*parts, "__init__.py"), root.joinpath(*parts).with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


@cache
def _package_root() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        message = f"the package {PACKAGE} is not installed"
        raise ImportError(message)
    return Path(spec.origin).parent


@cache
def _tree(module: str) -> ast.Module:
    path = _path(module)
    return ast.parse(path.read_text(encoding="utf-8")) if path is not None else ast.Module([], [])


@cache
def _imports_of(module: str) -> set[str]:
    path, tree = _path(module), _tree(module)
    is_package = path is not None and path.name == "__init__.py"
    names = _imported(tree, module=module if is_package else module.rpartition(".")[0])
    if is_package and path is not None and module != PACKAGE and _is_lazy(tree):
        inside = sorted(path.parent.glob("*.py"))
        names |= {f"{module}.{file.stem}" for file in inside if file.stem != "__init__"}
    return names


def _is_lazy(tree: ast.Module) -> bool:
    """Tell whether a package loads its modules on first use (PEP 562), which no import statement shows."""
    return any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every statement below a node; expressions, which are most of a module, hold none."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(tree, field, ())
        for node in below if isinstance(below, list) else ():
            yield node
            yield from _statements(node)


def _imported(tree: ast.Module, *, module: str) -> set[str]:
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return {name for name in names if name == PACKAGE or name.startswith(f"{PACKAGE}.")}


def _base(node: ast.ImportFrom, package: str) -> str:
    if node.level == 0:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, node.module] if node.module else above)


@cache
def _code(module: str) -> str:
    tree = _tree(module)
    for node in [tree, *_statements(tree)]:
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return ast.dump(tree)
