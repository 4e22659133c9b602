"""Worlds whose truth is known: chance where there is no signature, recognition where there is one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from identification.worlds import make_world

from eupnea.config.identification import IdentificationConfig, ModelsConfig, default_protocols
from eupnea.errors import LeakError
from eupnea.evidence.permutation import permutation_p
from eupnea.identification import null
from eupnea.identification.compare import compare
from eupnea.identification.engine import Engine, random_labels, real_labels
from eupnea.identification.evaluation import decisions, person_means, run_folds
from eupnea.identification.failures import failures
from eupnea.identification.fusion import WINDOW
from eupnea.identification.identify import identify
from eupnea.identification.null import null_draws
from eupnea.identification.protocols import Fold, split_samples
from eupnea.identification.samples import make_samples
from eupnea.io.contract import METRICS, SCORES
from eupnea.io.tables import read_table, table_parts_to, write_table

MODELS = ModelsConfig(shrinkages=(0.2,))


def quick(**changes):
    options = {
        "permutations_few_people": 99,
        "permutations_controls": 19,
        "bootstrap": 100,
        "importance_repeats": 2,
        "models": MODELS,
    }
    return IdentificationConfig(**(options | changes))


def only(*names):
    return {name: default_protocols()[name] for name in names}


def headline(metrics, metric="rank1_window", **keys):
    rows = metrics[(metrics["metric"] == metric) & (metrics["model"] == "selected") & (metrics["status"] == "ok")]
    for name, value in ({"control": "", "subset": "", "analysis": "identification"} | keys).items():
        rows = rows[rows[name] == value]
    return rows


@pytest.fixture(scope="module")
def study():
    return make_world(people=10, windows={"rest": 3, "nback": 4}, signature=2.0, seed=11)


@pytest.fixture(scope="module")
def result(study):
    return identify(*study, modality="respiration", config=quick(), seed=1)


def test_tables_follow_the_contract(result):
    assert list(result.metrics.columns) == METRICS.column_names
    assert list(result.scores.columns) == SCORES.column_names
    assert set(result.curves["curve"]) == {"cmc", "det", "score_density", "null", "length", "gallery"}
    assert {"participant", "rank1_window", "genuine_score", "impostor_score", "protocol"} <= set(result.people.columns)


def test_a_strong_signature_is_recognised_with_evidence(result):
    row = headline(result.metrics, protocol="leave_one_run_out").iloc[0]
    assert row["value"] > 0.8
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["p_value"] == pytest.approx(1 / 100)
    assert (row["gallery_size"], row["n_participants"], row["probe_s"]) == (10, 10, 60)
    assert row["chance"] == pytest.approx(0.1, abs=0.03)


def test_every_protocol_has_a_row_or_a_reason(result):
    for name in default_protocols():
        rows = result.metrics[result.metrics["protocol"] == name]
        assert len(rows), name
        assert (rows["status"] == "ok").any() or rows["reason"].str.len().min() > 0
    missing = result.metrics[result.metrics["protocol"] == "leave_one_session_out"].iloc[0]
    assert missing["status"] == "not_answerable"
    assert "one session only" in missing["reason"]


def test_shuffled_identities_fall_to_chance(result):
    rows = headline(result.metrics, analysis="control", control="shuffled_identities")
    assert len(rows) >= 6
    # mean of the draws within four standard errors of one over the gallery, for all protocols
    assert ((rows["value"] - 1 / rows["gallery_size"]).abs() <= 4 * rows["se"] + 1e-9).all()


def test_same_recording_is_said_so(result):
    rows = result.metrics[(result.metrics["protocol"] == "first_to_later") & (result.metrics["status"] == "ok")]
    assert set(rows["subset"]) == {"same recording"}


def test_other_modes_are_harder_than_the_same(result):
    within = headline(result.metrics, protocol="within_nasal")["value"].iloc[0]
    across = headline(result.metrics, protocol="nasal_to_oral")["value"].iloc[0]
    assert across < within


def test_the_matrix_has_every_pair(result):
    cells = result.metrics
    cells = cells[cells["subset"].str.contains(" -> ") & (cells["metric"] == "rank1_window")]
    assert len(cells) == 16
    assert "nasal/rest -> oral/nback" in set(cells["subset"])
    diagonal = cells[[a == b for a, b in cells["subset"].str.split(" -> ")]]
    assert set(diagonal.loc[diagonal["status"] == "ok", "reason"]) <= {"same recording"}


def test_controls_and_depth_are_there(result):
    metrics = result.metrics
    assert len(headline(metrics, control="amplitude_free")) >= 6
    assert len(headline(metrics, "eer", analysis="verification", control="matched_impostors")) + len(
        metrics[(metrics["control"] == "matched_impostors") & (metrics["status"] != "ok")]
    )
    for metric in ("rank1_length", "rank1_gallery", "f_ratio", "rank1_window_drop", "failure_to_acquire"):
        assert (metrics["metric"] == metric).any(), metric
    assert (metrics["analysis"] == "open_set").any()
    assert metrics["subset"].str.startswith("background").any()
    assert metrics["subset"].str.startswith("matched lengths").any()
    assert {"lda", "whitened_centroid"} <= set(metrics["model"])


def test_controls_and_cells_have_p_and_chance(result):
    rows = result.metrics[(result.metrics["status"] == "ok") & (result.metrics["model"] == "selected")]
    cells = rows[rows["subset"].str.contains(" -> ")]
    free = rows[rows["control"] == "amplitude_free"]
    lengths = rows[rows["subset"].str.startswith("matched lengths")]
    for part in (cells, free, lengths):
        assert {"rank1_window", "rank1_recording", "eer"} <= set(part["metric"])
        assert part["p_value"].between(0, 1).all()
        assert part.loc[part["metric"] == "eer", "chance"].between(0.4, 0.6).all()
    impostors = rows[rows["control"] == "matched_impostors"]
    assert (impostors["chance"] == 0.5).all()


def test_scores_of_every_model_are_calibrated(result):
    rows = result.metrics[(result.metrics["metric"] == "cllr") & (result.metrics["protocol"] == "leave_one_run_out")]
    assert {"selected", "logistic", "random_forest"} <= set(rows["model"])
    assert (rows["value"] < 0.9).all()
    assert (rows["chance"] == 1.0).all()
    assert rows["reason"].str.startswith("calibrated").all()


def test_verification_and_cumulative_ranks_have_intervals(result):
    rows = result.metrics[(result.metrics["model"] == "selected") & (result.metrics["control"] == "")]
    rows = rows[(rows["protocol"] == "leave_one_run_out") & (rows["subset"] == "")]
    for metric in ("eer", "d_prime", "cllr", "rank5_window", "rank5_recording"):
        row = rows[rows["metric"] == metric].iloc[0]
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert np.isfinite([row["chance"], row["ci_low"], row["ci_high"]]).all()
    ranks = rows[rows["metric"].isin(["rank1_window", "rank5_window"])].drop_duplicates("metric").set_index("metric")
    assert ranks.loc["rank5_window", "value"] > ranks.loc["rank1_window", "value"]
    assert ranks.loc["rank5_window", "chance"] == pytest.approx(5 / ranks.loc["rank5_window", "gallery_size"])


def test_protocols_are_those_of_the_config(result):
    assert set(result.metrics["protocol"]) <= {*default_protocols(), ""}


def test_points_that_the_data_cannot_support_are_empty(result):
    rows = result.metrics[result.metrics["metric"] == "fnmr_at_fmr_0.001"]
    assert rows["value"].isna().all()
    assert set(rows["status"]) == {"not_supported"}
    assert rows["reason"].str.contains("fewer than 30 expected errors").all()


def test_gallery_curve_falls_and_is_labelled_beyond_the_enrolled(result):
    curve = result.curves[result.curves["curve"] == "gallery"].sort_values("x")
    assert (curve["y"].diff().dropna() <= 1e-12).all()
    assert set(curve.loc[curve["x"] > 10, "label"]) == {"extrapolated (beta-binomial)"}


def test_longer_probes_are_easier(result):
    rows = result.metrics[(result.metrics["metric"] == "rank1_length")]
    whole = rows[rows["enrolment_s"] == rows["enrolment_s"].max()].sort_values("probe_s")
    assert whole["value"].iloc[-1] >= whole["value"].iloc[0]
    shortest = rows[rows["enrolment_s"] == rows["enrolment_s"].min()]
    assert shortest["value"].mean() < whole["value"].mean()


def test_stored_scores_give_the_reported_ranks(result):
    scores = result.scores[(result.scores["protocol"] == "leave_one_run_out")]
    for level in ("window", "recording"):
        part = scores[scores["level"] == level]
        keys = ["fold", "recording", "start_s", "probe_participant"]
        own = part[part["genuine"]].set_index(keys)["score"]
        best = part[~part["genuine"]].groupby(keys)["score"].max()
        value = (own > best).groupby("probe_participant").mean().mean()
        row = headline(result.metrics, f"rank1_{level}", protocol="leave_one_run_out").iloc[0]
        assert value == pytest.approx(row["value"])


def test_row_order_and_repetition_change_nothing(study, result):
    windows = study[0].sample(frac=1, random_state=3)
    config = quick(protocols=only("leave_one_run_out", "nasal_to_oral"), matrix=False)
    again = identify(windows, *study[1:], modality="respiration", config=config, seed=1)
    first = result.metrics
    for metric in ("rank1_window", "rank1_recording"):
        for protocol in ("leave_one_run_out", "nasal_to_oral"):
            a, b = (headline(m, metric, protocol=protocol).iloc[0] for m in (first, again.metrics))
            assert (a["value"], a["ci_low"], a["p_value"]) == (b["value"], b["ci_low"], b["p_value"])
    repeated = identify(*study, modality="respiration", config=config, seed=1)
    pd.testing.assert_frame_equal(repeated.metrics, again.metrics)
    pd.testing.assert_frame_equal(repeated.scores, again.scores)


def test_rank_one_rises_with_the_signature():
    values = []
    for signature in (0.0, 0.5, 1.0, 2.5):
        world = make_world(people=12, windows=4, signature=signature, seed=5)
        config = quick(protocols=only("leave_one_run_out"), matrix=False, detail_protocols=(), length_protocols=())
        metrics = identify(*world, modality="respiration", config=config, seed=1).metrics
        values.append(headline(metrics)["value"].iloc[0])
    assert values[0] < 0.2
    assert values == sorted(values)
    assert values[-1] > 0.9


def test_a_sensor_signature_lights_up_the_device_control_only():
    world = make_world(people=12, windows=4, signature=0.0, sensor=1.0, seed=6)
    draws = {"permutations_few_people": 120, "permutations_controls": 99}
    config = quick(protocols=only("leave_one_run_out"), matrix=False, detail_protocols=(), length_protocols=(), **draws)
    found = {name: identify(*world, modality=name, config=config, seed=1).metrics for name in ("respiration", "device")}
    assert headline(found["respiration"])["n_permutations"].iloc[0] == 120
    assert headline(found["device"])["n_permutations"].iloc[0] == 99
    assert headline(found["device"])["value"].iloc[0] > 0.5
    assert headline(found["device"])["p_value"].iloc[0] <= 0.01
    assert headline(found["respiration"])["value"].iloc[0] < 0.25


def test_demographics_only_is_the_chance_among_people_alike(study):
    participants = study[2].assign(sex=["F", "M"] * 5, age=30.0, bmi=22.0)
    config = quick(protocols=only("leave_one_run_out"))
    result = identify(study[0], study[1], participants, study[3], modality="demographics", config=config, seed=1)
    assert headline(result.metrics)["value"].iloc[0] == pytest.approx(1 / 5)


def test_missing_demographics_tell_nothing(study):
    # two people of one sex, and nothing known of the others: nobody is verified better than by a coin
    known = np.array([True, True] + [False] * 8)
    participants = study[2].assign(sex=np.where(known, "F", None), age=np.where(known, 30.0, np.nan), bmi=np.nan)
    config = quick(protocols=only("leave_one_run_out"))
    result = identify(study[0], study[1], participants, study[3], modality="demographics", config=config, seed=1)
    rows = result.metrics
    assert rows.loc[rows["metric"] == "eer", "value"].iloc[0] == pytest.approx(0.5, abs=0.1)
    assert headline(rows)["value"].iloc[0] == pytest.approx((2 * 1 / 2 + 8 * 1 / 10) / 10)


def test_a_modality_that_was_not_recorded_is_told(study):
    metrics = identify(*study, modality="coupling", config=quick(), seed=1).metrics
    assert set(metrics["status"]) == {"not_answerable"}
    assert metrics["reason"].str.contains("no 60 s window with coupling features").all()


def test_only_comparable_features_cross_to_another_sensor(study):
    windows, recordings, participants, dictionary = study
    recordings = recordings.assign(signals=np.where(recordings["mode"] == "oral", "thermistor,ecg", "airflow,ecg"))
    flow_only = dictionary["name"].str.startswith("respiration") & ~dictionary["name"].str.endswith("f0")
    dictionary = dictionary.assign(comparable_kinds=np.where(flow_only, "airflow", dictionary["comparable_kinds"]))
    config = quick(protocols=only("nasal_to_oral", "within_nasal"), matrix=False)
    metrics = identify(
        windows, recordings, participants, dictionary, modality="respiration", config=config, seed=1
    ).metrics
    across, within = (headline(metrics, protocol=p)["value"].iloc[0] for p in ("nasal_to_oral", "within_nasal"))
    assert across < 0.5 < within


def test_a_leak_stops_the_run(study):
    samples = make_samples(study[0], "respiration", 60.0, max_missing_share=0.5)[0]
    rows = np.random.default_rng(0).permutation(len(samples.X))
    fold = Fold("random", np.sort(rows[: len(rows) // 2]), np.sort(rows[len(rows) // 2 :]))
    engine = Engine(samples, MODELS, max_missing_share=0.5)
    with pytest.raises(LeakError):
        run_folds(engine, (fold,), guard_s=60.0, where="random windows")
    engine.record.allow(fold.enrol, "fold")
    with pytest.raises(LeakError, match="do not enrol"):
        engine.space(np.arange(len(samples.X)), "clip")


def test_comparisons_are_paired_and_corrected(study):
    config = quick(protocols=only("leave_one_run_out", "within_nasal", "within_oral"), matrix=False)
    scores = {
        name: identify(*study, modality=name, config=config, seed=1).scores for name in ("respiration", "cardiac")
    }
    metrics = compare(scores, study[1], config=config, seed=1)
    rows = metrics[(metrics["analysis"] == "comparison") & (metrics["comparator"] == "respiration")]
    row = rows[(rows["protocol"] == "leave_one_run_out") & (rows["metric"] == "rank1_window_difference")]
    own, other = (headline_of(scores[name]) for name in ("cardiac", "respiration"))
    cardiac = row[row["modality"] == "cardiac"].iloc[0]
    assert cardiac["value"] == pytest.approx((own - other).mean())
    assert (rows["p_adjusted"] >= rows["p_value"]).all()
    assert (metrics["comparator"] == "within_oral").any()
    fused = metrics[(metrics["model"] == "score_fusion") & (metrics["metric"] == "rank1_recording")]
    assert set(fused["modality"]) == {"respiration+cardiac"}
    assert (fused["p_value"] == 1 / 100).all()
    assert fused["chance"].to_numpy() == pytest.approx(np.full(len(fused), 0.1), abs=0.03)


def test_modalities_are_compared_and_fused_on_the_probes_that_both_have(study):
    config = quick(protocols=only("leave_one_run_out"), matrix=False)
    scores = {
        name: identify(*study, modality=name, config=config, seed=1).scores for name in ("respiration", "cardiac")
    }
    first = scores["cardiac"].groupby(["recording", "level"])["start_s"].transform("min")
    is_first = (scores["cardiac"]["level"] == "window") & (scores["cardiac"]["start_s"] == first)
    # a bad pulse at the start of every recording: its first window is lost, and the whole begins later
    later = scores["cardiac"].assign(
        start_s=scores["cardiac"]["start_s"] + 60.0 * (scores["cardiac"]["level"] == "recording")
    )[~is_first]
    metrics = compare(scores | {"cardiac": later}, study[1], config=config, seed=1)
    whole = compare(scores, study[1], config=config, seed=1)
    fused, before = (m[m["model"] == "score_fusion"] for m in (metrics, whole))
    assert len(fused) == len(before) > 0
    assert (fused["n_recordings"].to_numpy() == before["n_recordings"].to_numpy()).all()
    row = metrics[(metrics["metric"] == "rank1_window_difference") & (metrics["modality"] == "cardiac")].iloc[0]
    respiration = scores["respiration"]
    kept = respiration[
        (respiration["level"] != "window")
        | (respiration["start_s"] > respiration.groupby(["recording", "level"])["start_s"].transform("min"))
    ]
    assert row["value"] == pytest.approx((headline_of(later) - headline_of(kept)).mean())


def test_scores_in_files_are_compared_as_those_in_memory(study, tmp_path):
    config = quick(protocols=only("leave_one_run_out", "within_nasal"), matrix=False)
    held, paths = {}, {}
    for name in ("respiration", "cardiac"):
        held[name] = identify(*study, modality=name, config=config, seed=1).scores
        paths[name] = tmp_path / f"{name}.parquet"
        with table_parts_to(paths[name], SCORES) as write:
            streamed = identify(*study, modality=name, config=config, seed=1, write_scores=write)
        assert streamed.scores.empty
        pd.testing.assert_frame_equal(read_table(paths[name], SCORES), held[name])
    in_memory, in_files = (compare(scores, study[1], config=config, seed=1) for scores in (held, paths))
    pd.testing.assert_frame_equal(in_files, in_memory)
    nameless = {name: table.assign(window_s=np.nan) for name, table in held.items()}
    for name, path in paths.items():
        write_table(nameless[name], path, SCORES)
    for unknown in (nameless, paths):  # a table of features need not tell the length of its windows
        found = compare(unknown, study[1], config=config, seed=1)
        assert found["window_s"].isna().all()
        assert len(found) == len(in_memory)
        differences = in_memory["metric"] == "rank1_window_difference"
        assert found.loc[differences, "value"].tolist() == in_memory.loc[differences, "value"].tolist()
        assert differences.any()


def test_assignments_drawn_in_pieces_are_those_drawn_together(study, monkeypatch):
    config = quick(protocols=only("leave_one_run_out"), matrix=False)
    together = identify(*study, modality="respiration", config=config, seed=1).nulls
    monkeypatch.setattr(null, "HELD_COMPARISONS", 4000)
    in_pieces = identify(*study, modality="respiration", config=config, seed=1).nulls
    for one, other in zip(together["draws"], in_pieces["draws"], strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray(other), abs=1e-9)


def headline_of(scores):
    part = scores[(scores["protocol"] == "leave_one_run_out") & (scores["level"] == "window")]
    keys = ["fold", "recording", "start_s", "probe_participant"]
    own = part[part["genuine"]].set_index(keys)["score"]
    return (own > part[~part["genuine"]].set_index(keys)["score"]).groupby("probe_participant").mean()


def test_comparing_one_modality_says_so():
    metrics = compare({}, pd.DataFrame(), config=quick(), seed=1)
    assert metrics["status"].iloc[0] == "not_answerable"


def test_people_without_recordings_are_failures():
    recordings = pd.DataFrame(
        {
            "participant": ["sub-01", "sub-02"],
            "recording": ["a", "b"],
            "status": ["used", "set_aside"],
            "reason": ["", "flat"],
        }
    )
    participants = pd.DataFrame({"participant": ["sub-01", "sub-02", "sub-03"]})
    table = failures(recordings, participants)
    assert list(table["participant"]) == ["sub-02", "sub-03"]
    assert list(table["reason"]) == ["flat", "no recording"]


def null_p_value(cohort: int) -> float:
    windows, *_ = make_world(people=6, windows=3, features=4, signature=0.0, modes=("nasal",), seed=1000 + cohort)
    samples = make_samples(windows, "respiration", 60.0, max_missing_share=0.5)[0]
    engine = Engine(samples, ModelsConfig(shrinkages=(0.1, 0.4)), max_missing_share=0.5)
    split = split_samples(default_protocols()["leave_one_run_out"], samples, min_people=5)
    selected = run_folds(engine, split.folds, guard_s=0.0, where="null")["selected"]
    value = np.nanmean(person_means(decisions(samples, selected, WINDOW), len(samples.people)))
    labels = random_labels(samples, 99, seed=cohort)
    null = null_draws(engine, split.folds, labels, labels, [WINDOW]).rank1["window"]
    assert real_labels(samples).shape == (1, len(samples.recordings))
    return permutation_p(value, null)


def test_p_values_are_valid_without_a_signature():
    p = np.array([null_p_value(cohort) for cohort in range(40)])
    # 99 % binomial bound of 40 tests at .05 and at .2
    assert np.count_nonzero(p <= 0.05) <= 6
    assert np.count_nonzero(p <= 0.2) <= 15
    assert np.count_nonzero(p > 0.5) >= 8


@pytest.mark.slow
def test_p_values_of_200_cohorts_are_valid():
    from scipy.stats import kstest

    p = np.array([null_p_value(cohort) for cohort in range(200)])
    assert np.count_nonzero(p <= 0.05) <= 18
    assert kstest(p, "uniform", alternative="greater").pvalue > 0.01
