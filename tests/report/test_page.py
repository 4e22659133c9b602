"""The report says what the tables say, and nothing leaves the page."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from report_support import HOSTILE, add_pulse, make_report, make_results

from eupnea.config.report import ReportConfig
from eupnea.evidence.metrics import metric_row, metrics_frame, missing_row
from eupnea.io.contract import METRICS
from eupnea.report import answers_adversarial, answers_identification, answers_models
from eupnea.report.answers import answers
from eupnea.report.answers_adversarial import q6
from eupnea.report.answers_models import q7
from eupnea.report.sections import sections_of


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_report(make_results(tmp_path_factory.mktemp("study")))


def sentences(folder: Path, number: str) -> str:
    found = {answer.number: answer for answer in answers(make_results(folder))}
    return " ".join(found[number].sentences)


def test_answer_has_estimate_interval_p_people_and_chance(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q1")
    assert "0.432 [0.312, 0.568], p = 0.012 (corrected p = 0.025), n = 12, chance 0.083" in text
    assert "better than chance after correction" in text


def test_a_missing_answer_says_why(tmp_path: Path) -> None:
    assert f"Oral breathing: not answerable on this dataset: no oral recording {HOSTILE}." in sentences(tmp_path, "Q1")


def test_enough_signal_is_the_least_that_reaches_ninety_percent_of_the_best(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q4")
    assert "90 % of the best (0.600) is reached with 300 s of enrolment and 60 s of probe: 0.550" in text


def test_a_prediction_stands_beside_its_baseline_and_is_not_praised(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q5")
    assert "Age from breathing, heart and coupling together: mean absolute error 7.65 [5.50, 9.90], p = 0.2" in text
    assert "median baseline 8.25" in text
    assert "not told apart from chance" in text


def test_attack_and_blindness_are_told_before_and_after(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q6")
    assert "trained against norm ∞ 9.00 [8.00, 10.00] → 9.50 [8.50, 10.50]" in text
    assert "ridge 8.00 [7.00, 9.00] → 19.00 [18.00, 20.00]" in text
    assert (
        "0.710, p = 0.01, chance 0.500 before, 0.520, p = 0.3, chance 0.500 (not told apart from chance) after" in text
    )


def test_lower_bounds_and_the_best_of_many_are_called_so(tmp_path: Path) -> None:
    study = make_results(tmp_path)
    metrics = study.metrics.copy()
    metrics.loc[(metrics["model"] == "ridge_clean") & (metrics["norm"] == "inf"), "reason"] = "lower bound: searched"
    q6 = " ".join(answers_adversarial.q6(metrics).sentences)
    assert "ridge 8.00 [7.00, 9.00] → 19.00 [18.00, 20.00], at least" in q6
    assert "trained against norm ∞ 9.00 [8.00, 10.00] → 9.50 [8.50, 10.50];" in q6
    assert "the true worst one may hurt more" in q6
    assert "the true worst" not in " ".join(answers_adversarial.q6(study.metrics).sentences)
    assert "picked afterwards as the best of 1, so that its estimate is too good" in sentences(tmp_path, "Q7")


def test_lengths_of_two_protocols_are_not_mixed(tmp_path: Path) -> None:
    metrics = make_results(tmp_path).metrics
    lengths = metrics[metrics["metric"] == "rank1_length"]
    other = lengths.assign(protocol="within_nasal", value=lengths["value"] / 10)
    text = answers_identification.q4(pd.concat([metrics, other], ignore_index=True)).sentences
    assert len(text) == 2
    assert "leave one run out" in text[0]
    assert "the best (0.600)" in text[0]
    assert "within nasal" in text[1]
    assert "the best (0.060)" in text[1]


def identified(protocol: str, **by_modality: float) -> list[dict[str, object]]:
    keys = {"level": "window", "protocol": protocol, "model": "selected", "window_s": 60.0, "p_value": 0.001}
    return [
        metric_row("identification", "rank1_window", value, modality=modality, **keys)
        for modality, value in by_modality.items()
    ]


def against_breathing(protocol: str, modality: str, unit: str, value: float, p_value: float) -> dict[str, object]:
    keys = {"protocol": protocol, "modality": modality, "comparator": "respiration", "model": "selected"}
    return metric_row("comparison", f"rank1_{unit}_difference", value, window_s=60.0, p_adjusted=p_value, **keys)


def test_a_control_that_does_as_well_is_named_for_every_change_of_condition() -> None:
    rows = identified("rest_to_task", respiration=0.5, device=0.6, cardiogenic=0.2)
    rows += identified("task_to_rest", respiration=0.5, device=0.45, cardiogenic=0.2)
    rows.append(against_breathing("task_to_rest", "device", "window", -0.05, 0.8))
    rows.append(against_breathing("task_to_rest", "cardiogenic", "window", -0.3, 0.001))
    text = answers_identification.q2(metrics_frame(rows)).sentences
    at_least = [sentence for sentence in text if "at least as well as breathing does" in sentence]
    not_clearly = [sentence for sentence in text if "not clearly worse than breathing does" in sentence]
    assert len(at_least) == len(not_clearly) == 1
    assert at_least[0].startswith("The sensor alone")
    assert not_clearly[0].startswith("The sensor alone")
    assert "-0.050" in not_clearly[0]


def test_what_the_heart_adds_is_told_from_windows_where_all_recordings_are_named() -> None:
    rows = identified("leave_one_run_out", respiration=0.8, cardiac=0.99)
    rows.append(against_breathing("leave_one_run_out", "cardiac", "recording", 0.02, 1.0))
    answer = answers_identification.q3(metrics_frame(rows))
    assert answer.short.startswith("No clear difference: the heart (rank 1 differs by 0.020, p = 1).")
    assert answer.sentences[-1].startswith("The coupling: not answerable on this dataset:")
    rows.append(against_breathing("leave_one_run_out", "cardiac", "window", 0.19, 0.001))
    answer = answers_identification.q3(metrics_frame(rows))
    assert answer.short.startswith("Better than breathing alone: the heart (rank 1 differs by 0.190, p = 0.001).")
    assert "0.020 (corrected p = 1) (no clear difference after correction)" in answer.sentences[-2]


def test_every_answer_begins_with_a_short_one(tmp_path: Path) -> None:
    short = {answer.number: answer.short for answer in answers(make_results(tmp_path))}
    nasal = "nasal breathing (rank 1 0.432 [0.312, 0.568], p = 0.025, n = 12)"
    assert short["Q1"] == f"Better than chance: {nasal}. Not answerable: oral breathing."
    assert short["Q2"].startswith("Not answerable: nasal to oral, oral to nasal")
    better = "breathing, heart and coupling together (rank 1 differs by 0.250 [0.050, 0.450], p = 0.03, n = 12)"
    unknown = "Not answerable: the coupling of breathing and heart."
    assert short["Q3"] == f"Better than breathing alone: {better}. {unknown}"
    assert "90 % of the best rank 1 that was measured is reached with 300 s of enrolment" in short["Q4"]
    age = "age from all signals (mean absolute error 7.65 [5.50, 9.90], p = 0.2, n = 12)"
    assert short["Q5"] == f"Not told apart from chance: {age}."
    assert "the robust model errs by 9.50 [8.50, 10.50] years, against 19.00 [18.00, 20.00] of plain" in short["Q6"]
    assert "Attackers no longer told apart from chance: the mode (0.520, p = 0.3, chance 0.500)." in short["Q6"]
    clearest = "respiration, breath: rate bpm 1.25 [0.250, 2.25], p = 0.002"
    assert f"Features with a clear effect: mode (oral) 1 of 1; clearest {clearest}." in short["Q7"]


def test_features_are_called_by_family_name_and_definition(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q7")
    assert "clearest respiration, breath: rate bpm (60 / T_tot, 50 % & more), standardised effect 1.25" in text
    assert "__" not in text


def test_networks_on_series_and_disturbed_recordings_are_told_beside_the_median_as_lower_bounds() -> None:
    shared = {"target": "age", "n_participants": 14.0}
    bound = "lower bound: projected gradient"
    rows = [
        metric_row(
            "adversarial",
            "mae_series",
            value,
            family="rr",
            modality="cardiac",
            model=model,
            norm="inf",
            epsilon=epsilon,
            ci_low=value - 1,
            ci_high=value + 1,
            reason=bound if epsilon else "",
            **shared,
        )
        for model, values in {"cnn": (9.0, 30.0), "cnn_attacked_inf": (10.0, 12.0), "median": (8.0, 8.0)}.items()
        for epsilon, value in zip((0.0, 0.1), values, strict=True)
    ]
    rows += [
        metric_row(
            "adversarial",
            "mae_signal",
            value,
            modality="all",
            model=model,
            norm="signal",
            attack="time_warp",
            epsilon=epsilon,
            ci_low=value - 2,
            ci_high=value + 2,
            **shared,
        )
        for model, values in {"adversarial_inf": (9.0, 11.0), "median": (8.5, 8.5)}.items()
        for epsilon, value in zip((0.0, 0.3), values, strict=True)
    ]
    rows.append(metric_row("adversarial", "share_refused", 0.25, modality="all", norm="signal", **shared))
    disturbed, networks = answers_adversarial.q6(metrics_frame(rows)).sentences
    assert "n = 14: 9.00 [7.00, 11.00] undisturbed, median of the training people 8.50 [6.50, 10.50]" in disturbed
    assert "at least time warp 11.00 [9.00, 13.00]. Each is a lower bound" in disturbed
    assert "refused 25% of them" in disturbed
    assert "the series of RR intervals itself" in networks
    assert "trained plainly 9.00 [8.00, 10.00] → at least 30.00 [29.00, 31.00]" in networks
    assert "trained against norm ∞ 10.00 [9.00, 11.00] → at least 12.00 [11.00, 13.00]" in networks
    assert "median of the training people 8.00 [7.00, 9.00]" in networks
    assert "a lower bound" in networks


@pytest.mark.parametrize(("high", "group"), [(0.45, "Attackers still read"), (0.55, "no longer told apart")])
def test_identity_is_judged_by_the_interval_and_beside_its_cost_and_floor(high: float, group: str) -> None:
    shared = {"target": "age", "modality": "all", "nuisance": "identity", "n_participants": 30.0}
    rows = [
        metric_row(
            "invariance",
            "eer_strongest",
            value,
            model="ridge_identity_erasure",
            strength=strength,
            subset="features",
            ci_low=value - 0.1,
            ci_high=limit,
            chance=0.5,
            **shared,
        )
        for strength, value, limit in ((0.0, 0.1, 0.2), (1.0, 0.4, high))
    ]
    rows += [
        metric_row("invariance", "mae", 9.0, model="ridge_identity_erasure", strength=1.0, **shared),
        metric_row(
            "invariance",
            "mae_difference",
            0.5,
            model="ridge_identity_erasure",
            strength=1.0,
            ci_low=-0.2,
            ci_high=1.2,
            **shared,
        ),
        metric_row("invariance", "eer_floor", 0.3, ci_low=0.2, ci_high=0.4, chance=0.5, **shared),
        metric_row("invariance", "mae", 9.1, model="median", ci_low=8.0, ci_high=10.0, target="age", modality="all"),
    ]
    answer = answers_adversarial.q6(metrics_frame(rows))
    assert f"{group}" in answer.short
    assert f"the identity (EER 0.400 [0.300, {high:.3f}], n = 30, chance 0.500)" in answer.short
    assert "error of age in years then 9.00 (a change of 0.500 [-0.200, 1.20] from no removal)" in answer.sentences[0]
    assert "floor that true age allows 0.300 [0.200, 0.400]" in answer.sentences[0]
    assert "It is a lower bound" in answer.sentences[1]
    assert answer.sentences[2].endswith("median of the training people errs in age in years by 9.10 [8.00, 10.00].")


def test_breathing_whatever_its_mode_is_told_where_no_mode_was_recorded() -> None:
    answer = answers_identification.q1(
        metrics_frame(identified("leave_one_run_out", respiration=0.8)), has_breathing=True
    )
    assert answer.short.startswith("Better than chance: breathing, whatever its mode (rank 1 0.800")
    assert answer.short.endswith("Not answerable: nasal breathing, oral breathing.")
    assert answer.is_answered


def test_a_column_that_is_missing_is_told_with_the_traits() -> None:
    rows = [missing_row("mixed_model", "beta", "the dataset has no column 'bmi'", term="bmi", modality="respiration")]
    said = answers_models.q5(metrics_frame(rows)).sentences
    assert "BMI: not answerable on this dataset: the dataset has no column 'bmi'." in said


def test_heart_and_other_columns_stand_beside_a_trait_told_from_breathing() -> None:
    shared = {"target": "age", "level": "participant", "model": "selected", "p_value": 0.01, "p_adjusted": 0.02}
    rows = [
        metric_row("traits", "mae", error, modality=modality, n_participants=25.0, **shared)
        for modality, error in (("respiration", 8.7), ("cardiac", 7.4), ("demographics", 6.5))
    ]
    answer = answers_models.q5(metrics_frame(rows))
    assert answer.short.startswith("Better than chance: age from breathing (mean absolute error 8.70")
    assert "From the heart: 7.40" in answer.sentences[0]
    assert "Control, sex and BMI alone: 6.50" in answer.sentences[0]
    together = answers_models.q5(metrics_frame([one | {"modality": "all"} for one in rows[:1]] + rows[1:]))
    assert "From the heart" not in together.sentences[0]


def test_what_onsets_were_read_from_is_told(page: str) -> None:
    table = page.split("What onsets of breaths were read from")[1].split("</table>")[0]
    assert "first_flow" in table
    assert 'data-value="29' in table


def test_the_figure_stands_beside_its_answer(page: str) -> None:
    answer = page.split('id="q1"')[1].split("</li>")[0]
    assert '<img src="data:image/png;base64,' in answer
    assert 'href="#figure-cmc"' in answer


def test_effects_are_counted_in_one_unit(tmp_path: Path) -> None:
    text = sentences(tmp_path, "Q7")
    assert "mode (oral): a clear effect on 1 of 1 features" in text
    assert "77.7" not in text


def test_what_comes_from_data_is_escaped(page: str) -> None:
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", page)
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", page)


def test_simulated_people_are_called_so_and_real_ones_are_not(page: str, tmp_path: Path) -> None:
    assert page.count('<span class="tag">simulated</span>') == page.count("<h2>")
    assert 'class="simulated"' in page
    assert 'class="simulated"' not in make_report(make_results(tmp_path, simulated=False))


def test_no_missing_number_reaches_the_reader(page: str) -> None:
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\b(nan|NaN|None|unknown)\b", text)


def test_the_viewer_holds_signal_breaths_and_quality(page: str) -> None:
    held = json.loads(re.findall(r'id="viewer-data">(.*?)</script>', page, re.DOTALL)[0])
    assert len(held) == 1
    viewer = held[0]
    assert viewer["recording"] == "sub-01_task-rest_acq-nasal_run-1"
    assert viewer["values"][int(viewer["hz"])] == pytest.approx(math.sin(math.pi / 2 * (12 / 12.5)), abs=0.01)
    assert viewer["inhale"][:3] == [0.0, 4.0, 8.0]
    assert [epoch[2] for epoch in viewer["epochs"]] == [True, False]
    assert viewer["left_out"] == []
    assert viewer["sighs"] == []


def test_the_viewer_shows_the_heart_with_its_beats(tmp_path: Path) -> None:
    study = make_results(tmp_path)
    add_pulse(study)
    held = json.loads(re.findall(r'id="viewer-data">(.*?)</script>', make_report(study), re.DOTALL)[0])[0]
    heart = held["heart"]
    assert (min(heart["values"]), max(heart["values"])) == (0, 999)
    assert held["beats"][:2] == [1.0, 2.0]
    assert held["odd_beats"] == [5.0]
    for beat in held["beats"][:40]:
        assert heart["values"][round((beat - heart["start_s"]) * heart["hz"])] == 999


def test_all_seven_questions_open_the_page(page: str) -> None:
    assert re.findall(r'<span class="number">(Q\d)</span>', page) == [f"Q{number}" for number in range(1, 8)]
    assert page.index('id="answers"') < page.index('id="recordings"')


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets


def test_reliability_of_the_breath_parameters_is_on_the_page(tmp_path: Path) -> None:
    study = make_results(tmp_path)
    row = {"analysis": "reliability", "term": "runs", "family": "breath", "metric": "icc_3_1", "level": "window"}
    rows = [
        {**row, "feature": "respiration__breath__rate_bpm", "value": 0.935, "status": "ok"},
        {**row, "feature": "respiration__breath__empty", "status": "not_supported", "reason": "nobody has it"},
    ]
    study.metrics = METRICS.conform(pd.concat([study.metrics, pd.DataFrame(rows)], ignore_index=True))
    make_report(study)
    section = {one.id: one for one in sections_of(study, config=ReportConfig(), dpi=40)[0]}["associations"]
    table = section.tables[0]
    assert table.title == "Reliability of the breath parameters"
    cells = [[cell.text for cell in line] for line in table.rows]
    assert cells == [["runs", "respiration__breath__rate_bpm", "0.935"]]


def test_reliability_between_runs_and_between_tasks_are_told_apart() -> None:
    row = {"analysis": "reliability", "metric": "icc_3_1", "level": "window", "window_s": 60.0, "status": "ok"}
    rows = [
        {**row, "modality": "respiration", "feature": feature, "term": term, "value": value}
        for term, value in (("tasks", 0.4), ("runs", 0.8))
        for feature in ("respiration__breath__rate_bpm", "respiration__breath__interval_s")
    ]
    middle = {"metric": "icc_3_1_median", "modality": "respiration", "term": "runs", "value": 0.8}
    rows.append({**row, **middle, "ci_low": 0.7, "ci_high": 0.9, "n_participants": 12.0})
    answer = q7(METRICS.conform(pd.DataFrame(rows)))
    assert "between tasks: breathing 0.400." in answer.short
    assert "between runs: breathing 0.800 [0.700, 0.900], n = 12." in answer.short
    assert all("best of 2," in sentence for sentence in answer.sentences[:2])


def test_an_attacker_that_read_nothing_before_is_not_said_to_have_lost_it() -> None:
    row = {"analysis": "invariance", "metric": "balanced_accuracy_strongest", "subset": "features", "status": "ok"}
    rows = [
        {**row, "nuisance": nuisance, "model": model, "strength": strength, "value": 0.6, "p_value": p}
        for nuisance, before in (("task", 0.5), ("mode", 0.01))
        for model, strength, p in (("none", 0.0, before), ("ridge_linear_erasure", 1.0, 0.6))
    ]
    short = q6(METRICS.conform(pd.DataFrame(rows))).short
    assert "no longer told apart from chance: the mode (0.600, p = 0.6)." in short
    assert "before or after: the task (0.600, p = 0.6)." in short
