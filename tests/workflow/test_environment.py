"""The lock, environment.yml and pyproject.toml agree, and name nothing of one machine."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version as installed
from pathlib import Path

import pytest
from packaging.markers import Marker
from tools_support import load_tool

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
BANNED = {"pycatch22", "systole", "neurokit2"}


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def _locked() -> set[str]:
    return _names([line for line in LOCK.splitlines() if line[:1].isalnum()])


def test_lock_holds_every_dependency_with_a_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = _names(project["project"]["dependencies"]) | _names(project["dependency-groups"]["dev"])
    assert wanted <= _locked()
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n?)+)", LOCK, re.MULTILINE)
    assert len(pins) == len([line for line in LOCK.splitlines() if line[:1].isalnum()])


def test_lock_names_no_index_and_nothing_with_a_copyleft_licence() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    assert not BANNED & _locked()


def test_environment_yml_is_what_the_lock_says() -> None:
    lock = load_tool("lock")
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == lock.environment_yml(), "run: make lock"


@pytest.mark.parametrize("name", ["xgboost-cpu", "xgboost"])
def test_only_one_xgboost_is_installed_per_platform(name: str) -> None:
    lines = [line for line in LOCK.splitlines() if line.startswith(f"{name}==")]
    wanted = "sys_platform != 'darwin'" if name == "xgboost-cpu" else "sys_platform == 'darwin'"
    assert lines
    assert all(wanted in line for line in lines)


def test_every_package_of_a_run_has_a_licence_that_permits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    licences = load_tool("licences")
    needed = licences.needed()
    assert {"numpy", "snakemake", "mne", "fqdn"} <= set(needed)
    assert licences.refused() == []
    assert set(licences.EXCEPTIONS) <= set(needed)
    monkeypatch.setattr(licences, "EXCEPTIONS", {})
    assert {one.split(":")[0] for one in licences.refused()} >= {"certifi", "fqdn", "docutils"}


def test_the_page_of_licences_names_every_package_and_no_other() -> None:
    licences = load_tool("licences")
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", licences.PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    listed -= {"package"}
    assert set(licences.needed()) <= listed, "run: python tools/licences.py"
    assert listed - set(licences.needed()) <= set(licences.ELSEWHERE), "run: python tools/licences.py"


def test_licences_are_those_of_the_versions_of_the_lock_and_of_every_package_in_it() -> None:
    licences = load_tool("licences")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = set(licences.needed())
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\\n]+))?", LOCK, re.MULTILINE)
    here = {name: version for name, version, marker in pins if not marker or Marker(marker.strip()).evaluate()}
    others = {name: installed(name) for name in needed if installed(name) != here.get(name)}
    assert others == {}, "what is installed is not what the lock says; run: make setup"
    assert set(here) == needed | set(licences.needed(project["dependency-groups"]["dev"]))
    assert {name for name, _, _ in pins} - set(here) <= set(licences.ELSEWHERE)
    assert all(licences.PERMISSIVE.match(said) for said in licences.ELSEWHERE.values())


@pytest.mark.parametrize("what", ["vulnerabilities", "dockerfile"])
def test_audit_finds_nothing_to_mend(what: str) -> None:
    audit = load_tool("audit")
    verdict, lines = getattr(audit, what)()
    if verdict == audit.UNKNOWN:
        pytest.skip(f"{lines[0]} (python tools/audit.py)")
    assert verdict == audit.FINE, lines


def test_the_image_holds_no_data_runs_as_nobody_special_and_installs_the_lock() -> None:
    """What needs no tool to be seen; the rest is hadolint's."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    base = [value for word, value in steps if word == "FROM"]
    assert [re.fullmatch(r"python:3\.1[123]-slim-[a-z]+", one) is not None for one in base] == [True]
    assert [value for word, value in steps if word == "USER"][-1:] == ["1000"]
    last_user = max(number for number, (word, _) in enumerate(steps) if word == "USER")
    assert all(number > last_user for number, (word, _) in enumerate(steps) if word == "COPY")
    assert not {"ADD", "ARG"} & {word for word, _ in steps}
    assert not re.search(r"curl|wget|http|sudo|chmod|password|token", "".join(value for _, value in steps), re.I)
    assert ["RUN", "python3 tools/setup.py"] in steps  # with the hashes of the lock
    private = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    assert private >= {".git", ".venv", ".snakemake", "results", "data", "private"}


def test_audit_tells_a_vulnerability_from_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = load_tool("audit")
    known = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}
    skipped = {"name": "b", "skip_reason": "not found"}
    monkeypatch.setattr(audit, "FOLDER", tmp_path)
    assert audit.vulnerabilities()[0] == audit.UNKNOWN
    (tmp_path / "bin").mkdir()
    for packages, verdict in (
        ([known, skipped], audit.WRONG),
        ([skipped], audit.UNKNOWN),
        ([known | {"vulns": []}], audit.FINE),
    ):
        script = f"#!/bin/sh\necho '{json.dumps({'dependencies': packages})}'\n"
        audit.tool("pip-audit").write_text(script)
        audit.tool("pip-audit").chmod(0o755)
        assert audit.vulnerabilities()[0] == verdict


def test_every_rule_asks_for_more_memory_when_it_is_tried_again() -> None:
    asked = [
        line
        for path in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
        for line in re.findall(r"mem_mb=(.*),", path.read_text(encoding="utf-8"))
    ]
    assert len(asked) > 20
    assert [line for line in asked if not line.startswith("memory(")] == []
