"""Tables compile, quote what the metrics say, and single nobody out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_support import HOSTILE, make_results

from eupnea.config.figures import FiguresConfig
from eupnea.config.study import StudyConfig
from eupnea.config.tables import TablesConfig
from eupnea.figures.registry import FIGURES
from eupnea.figures.stage import draw_stage
from eupnea.io.contract import METRICS
from eupnea.io.tables import read_table
from eupnea.study import Study
from eupnea.tables import build
from eupnea.tables.chapter import write_chapter
from eupnea.tables.latex import booktabs, escape, macro_name
from eupnea.tables.methods import REFERENCES, methods_in_words, methods_text, write_methods
from eupnea.tables.numbers import write_numbers
from eupnea.tables.registry import TABLES
from eupnea.tables.write import write_tables

HEAD = r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{array,booktabs,longtable}\begin{document}"


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
    text = (study.folder / "numbers.tex").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("%")]
    assert len(found) == len(lines) == len({name for name, _ in found})
    numbers = dict(found)
    key = "eupneaIdWithinNasalRespirationRankOneRecording"
    assert [numbers[key + suffix] for suffix in ("", "Low", "High", "P", "N")] == [
        "0.432",
        "0.312",
        "0.568",
        "0.012",
        "12",
    ]
    assert numbers["eupneaParticipants"] == "11"
    assert numbers["eupneaTraitAgeAllMae"] == "7.65"
    assert numbers["eupneaTraitAgeAllBaselineMae"] == "8.25"
    assert numbers["eupneaEnoughLeaveOneRunOutRespirationEnrolment"] == "300"
    assert numbers["eupneaAttackRidgeCleanNormInf"] == "19.00"
    assert numbers["eupneaBlindModeAfter"] == "0.520"
    assert numbers["eupneaBlindModeCost"] == "8.40"
    assert numbers["eupneaEffectModeOralClear"] == "1"


def test_a_protocol_and_a_comparison_stand_in_one_row_each(study: Study) -> None:
    named = pd.read_csv(study.folder / "tables/identification.tsv", sep="\t", dtype=str, keep_default_na=False)
    row = named.set_index(["features", "protocol", "window, s"]).loc[("respiration", "within nasal", "60")]
    assert row.to_dict() == {
        "rank 1, window": "",
        "rank 1, recording": "0.432 [0.312, 0.568]",
        "EER": "0.210",
        "corrected p": "0.05",
        "n": "12",
    }
    compared = pd.read_csv(study.folder / "tables/modalities.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert compared[["features", "minus", "window", "p, window", "recording"]].to_numpy().tolist() == [
        ["all", "respiration", "0.250 [0.050, 0.450]", "0.03", ""]
    ]
    assert dict(macros(study))["eupneaDiffLeaveOneRunOutAllMinusRespirationWindow"] == "0.250"


@pytest.fixture(scope="module")
def chapter(study: Study) -> str:
    """Compile the example chapter, and return what LaTeX said."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not here: install texlive-latex-base and texlive-latex-recommended")
    for stage in FIGURES:
        config = FiguresConfig(formats=("pdf",), png_dpi=40)
        draw_stage(study, stage, config=config, folder=study.folder / "figures")
    write_methods(study, study.folder, config=StudyConfig().model_dump(mode="json"))
    write_chapter(study, study.folder / "thesis")
    pdflatex(study.folder / "thesis", "example.tex")
    bibtex = subprocess.run(
        ["bibtex", "example"], cwd=study.folder / "thesis", capture_output=True, text=True, check=False
    )
    assert bibtex.returncode == 0, bibtex.stdout
    pdflatex(study.folder / "thesis", "example.tex")
    return pdflatex(study.folder / "thesis", "example.tex")


def test_the_example_chapter_compiles_with_methods_and_references(chapter: str) -> None:
    assert "undefined" not in chapter
    assert "multiply" not in chapter


def test_nothing_in_the_example_chapter_runs_over_the_margin(chapter: str) -> None:
    over = [float(points) for points in re.findall(r"Overfull .hbox \(([\d.]+)pt too wide\)", chapter)]
    assert max(over, default=0.0) < 2


def test_a_wide_table_with_long_names_fits_the_page(tmp_path: Path) -> None:
    words = ["respiration__variability__ttot_sample_entropy", "a definition of many words " * 8, "0.123 [0.101, 0.145]"]
    frame = pd.DataFrame([[*words, *words, 1.5]] * 3, columns=["feature", "definition", "value", "f", "d", "v", "n"])
    text = booktabs(frame, caption="Wide", label="wide")
    head = r"\documentclass[a4paper]{article}\usepackage[utf8]{inputenc}\usepackage[margin=2cm]{geometry}"
    page = rf"{head}\usepackage{{array,booktabs,longtable}}\begin{{document}}{text}\end{{document}}"
    (tmp_path / "wide.tex").write_text(page, encoding="utf-8")
    over = re.findall(r"Overfull .hbox \(([\d.]+)pt too wide\)", pdflatex(tmp_path, "wide.tex"))
    assert max(map(float, over), default=0.0) < 2


def test_methods_tell_what_the_config_says(study: Study) -> None:
    config = StudyConfig().model_dump(mode="json")
    config["traits"]["permutations"] = 4321
    text = methods_text(study, config)
    assert "4321 permutations" in text
    assert "All people are simulated" in text
    assert set(re.findall(r"cite\{(\w+)\}", text)) == set(REFERENCES)


def test_methods_of_a_given_feature_table_claim_nothing_about_its_features(study: Study) -> None:
    config = StudyConfig().model_dump(mode="json")
    config["dataset"]["source"] = "features"
    text = methods_text(study, config)
    assert "computed elsewhere" in text
    assert "Tobin" not in text
    assert "tobin1988" not in text
    assert "heart rate variability" not in text


def test_methods_count_the_assignments_behind_chance_and_no_other_draws(study: Study) -> None:
    config = StudyConfig().model_dump(mode="json")
    metrics = study.metrics
    shared = {"analysis": "identification", "model": "selected"}
    more = pd.DataFrame(
        [shared | {"metric": "rank1_window", "n_permutations": 777.0},
         shared | {"metric": "rank1_window_drop", "n_permutations": 10000.0}]
    )  # fmt: skip
    is_other = ~((metrics["analysis"] == "identification") & (metrics["model"] == "selected"))
    told = SimpleNamespace(
        metrics=pd.concat([metrics[is_other], more], ignore_index=True),
        recordings=study.recordings, dictionary=study.dictionary, is_simulated=True,
    )  # fmt: skip
    assert "777 random assignments" in methods_text(told, config)


def test_methods_in_words_hold_no_latex_and_the_same_citations(study: Study) -> None:
    config = StudyConfig().model_dump(mode="json")
    text = " ".join(methods_in_words(study, config))
    assert not re.search(r"[\\\\${}~]", text)
    assert "(Ribeiro et al. 2023)" in text
    assert "Benjamini & Hochberg 1995" in text
    assert "(Task Force 1996)" in text
    assert "of 11 simulated people" in text
    assert "δ‖β‖_q" in text


def test_small_groups_are_not_told(study: Study) -> None:
    table = read_table(study.folder / "tables" / "participants.tsv")
    assert table["male"].tolist() == ["<5", "not told"]
    assert table["female"].tolist() == ["not told", "not told"]
    assert table["all"].iloc[0] == "11"
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


def test_reliabilities_say_what_lies_between_and_effects_stand_once(study: Study, tmp_path: Path) -> None:
    base = {"window_s": 60.0, "level": "window", "modality": "cardiac", "feature": "cardiac__hrv_time__p20_ms"}
    icc = {**base, "analysis": "reliability", "metric": "icc_3_1", "status": "ok"}
    effect = {**base, "analysis": "mixed_model", "term": "task[nback]", "p_adjusted": 1e-9, "status": "ok"}
    rows = [{**icc, "term": "tasks", "value": 0.5}, {**icc, "term": "runs", "value": 0.75}]
    rows += [{**effect, "metric": "beta", "value": 12.0}, {**effect, "metric": "effect_size", "value": 0.5}]
    one = Study(study.folder)
    one.metrics = METRICS.conform(pd.DataFrame(rows))
    reliable = build.reliability(one, TablesConfig()).frame
    assert reliable[["feature", "between"]].to_numpy().tolist() == [
        ["cardiac, hrv time: p20 ms", "runs"],
        ["cardiac, hrv time: p20 ms", "tasks"],
    ]
    effects = build.mixed_models(one, TablesConfig()).frame
    assert effects[["term", "beta", "corrected p"]].to_numpy().tolist() == [["task (nback)", "12.00", "< 0.0001"]]
    write_numbers(one, tmp_path / "numbers.tex")
    assert r"\eupneaReliabilityRunsCardiac}{0.750}" in (tmp_path / "numbers.tex").read_text(encoding="utf-8")
