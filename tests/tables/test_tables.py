"""Tables compile, quote what the metrics say, and single nobody out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_support import HOSTILE, make_results

from eupnea.config.study import StudyConfig
from eupnea.config.tables import TablesConfig
from eupnea.io.tables import read_table
from eupnea.study import Study
from eupnea.tables import build
from eupnea.tables.latex import escape, macro_name
from eupnea.tables.methods import REFERENCES, methods_text, write_methods
from eupnea.tables.registry import TABLES
from eupnea.tables.write import write_numbers, write_tables

HEAD = r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{booktabs,longtable}\begin{document}"


def pdflatex(folder: Path, name: str) -> str:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not here: install texlive-latex-base and texlive-latex-recommended")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, errors="replace")
    assert done.returncode == 0, done.stdout[-1500:]
    return done.stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = make_results(tmp_path_factory.mktemp("study"))
    write_tables(study, study.folder / "tables", config=TablesConfig())
    write_numbers(study, study.folder / "numbers.tex")
    return study


def macros(study: Study) -> list[tuple[str, str]]:
    text = (study.folder / "numbers.tex").read_text(encoding="utf-8")
    return re.findall(r"^\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}$", text, re.MULTILINE)


def test_every_table_compiles(study: Study, tmp_path: Path) -> None:
    inputs = "".join(rf"\input{{{study.folder}/tables/{name}.tex}}" for name in TABLES)
    (tmp_path / "all.tex").write_text(rf"{HEAD}\input{{{study.folder}/numbers.tex}}{inputs}\end{{document}}")
    pdflatex(tmp_path, "all.tex")


def test_macros_are_unique_valid_and_right(study: Study) -> None:
    found = macros(study)
    lines = (study.folder / "numbers.tex").read_text(encoding="utf-8").splitlines()[1:]
    assert len(found) == len(lines) == len({name for name, _ in found})
    numbers = dict(found)
    key = "eupneaIdentificationWithinNasalRespirationSelectedRankOneRecordingSixZeroS"
    assert numbers[key] == "0.432"
    assert numbers[f"{key}Low"] == "0.312"
    assert numbers["eupneaParticipants"] == "11"


def test_the_example_chapter_compiles_with_methods_and_references(study: Study) -> None:
    write_methods(study, study.folder, config=StudyConfig().model_dump(mode="json"))
    pdflatex(study.folder / "thesis", "example.tex")
    bibtex = subprocess.run(
        ["bibtex", "example"], cwd=study.folder / "thesis", capture_output=True, text=True, check=False
    )
    assert bibtex.returncode == 0, bibtex.stdout
    pdflatex(study.folder / "thesis", "example.tex")
    log = pdflatex(study.folder / "thesis", "example.tex")
    assert "undefined" not in log


def test_methods_tell_what_the_config_says(study: Study) -> None:
    config = StudyConfig().model_dump(mode="json")
    config["traits"]["permutations"] = 4321
    text = methods_text(study, config)
    assert "4321 permutations" in text
    assert "All people are simulated" in text
    assert set(re.findall(r"cite\{(\w+)\}", text)) == set(REFERENCES)


def test_two_numbers_never_share_a_macro(study: Study) -> None:
    lengths = {
        name: value for name, value in macros(study) if "RankOneLength" in name and name.endswith("ProbeSixZeroS")
    }
    assert sorted(lengths.values()) == ["0.200", "0.550", "0.600"]


def test_small_groups_are_not_told(study: Study) -> None:
    table = read_table(study.folder / "tables" / "participants.tsv")
    assert table["male"].tolist() == ["<5", "not told"]
    assert build.participants(study, TablesConfig(suppress_below=1)).frame["male"].iloc[0] == "2"


def test_tables_of_simulated_people_say_so(study: Study) -> None:
    for name in TABLES:
        assert "Simulated people." in (study.folder / "tables" / f"{name}.tex").read_text(encoding="utf-8")


@given(st.text(max_size=30))
def test_escaped_text_holds_no_bare_special_character(text: str) -> None:
    bare = re.sub(r"\\(?:[a-zA-Z]+(?:\{\})?|[&%$#_{}])|\$[^$]*\$", "", escape(text))
    assert not re.search(r"[&%$#_{}~^\\]", bare)


def test_escape_prints_what_was_meant() -> None:
    assert escape("50 % & a_b") == r"50 \% \& a\_b"
    assert "<" not in escape(HOSTILE)


def test_macro_names_are_letters_only() -> None:
    assert macro_name("rank1", "nasal_to_oral") == "RankOneNasalToOral"
