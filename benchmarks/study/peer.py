"""The other side of ``against_peers.py``: the study as it is put together from NeuroKit2, tsfresh and scikit-learn.

``python peer.py DATASET --permutations 1``: knows nothing of eupnea, and answers with a line of JSON per step (seconds
of CPU time). Written as their manuals show it: whole recordings through ``rsp_process`` and ``ecg_process``, windows
through ``*_intervalrelated`` and tsfresh's efficient set, people by an LDA whose features and shrinkage are chosen in a
``GridSearchCV``, traits by ridge and logistic regression chosen likewise, p-values by repeating the whole choice.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
START = time.process_time()

import neurokit2 as nk  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # noqa: E402
from sklearn.feature_selection import SelectKBest  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LogisticRegression, Ridge  # noqa: E402
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneGroupOut, StratifiedKFold  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from tsfresh import extract_features  # noqa: E402
from tsfresh.feature_extraction import EfficientFCParameters  # noqa: E402

NAME = re.compile(r"(sub-\w+?)_task-(\w+?)_acq-(\w+?)_recording-resp_physio")
RESPIRATION_HZ, ECG_HZ, RR_HZ, EVERY = 50, 250, 4, 6
WINDOWS_S = (60, 300)
SHRINKAGES = [0.05, 0.1, 0.2, 0.4]
FEATURES_KEPT = [20, 50, 100]
PENALTIES = list(10.0 ** np.arange(-2, 5))
PROTOCOLS = {
    "leave_one_run_out": ({}, {}),
    "within_nasal": ({"mode": "nasal"}, {"mode": "nasal"}),
    "within_oral": ({"mode": "oral"}, {"mode": "oral"}),
    "nasal_to_oral": ({"mode": "nasal"}, {"mode": "oral"}),
    "oral_to_nasal": ({"mode": "oral"}, {"mode": "nasal"}),
    "rest_to_task": ({"task": "rest"}, {"task": "nback"}),
    "task_to_rest": ({"task": "nback"}, {"task": "rest"}),
}


def tell(step: str, since: float, **more: object) -> None:
    print(json.dumps({"step": step, "cpu_s": time.process_time() - since, **more}), flush=True)


def signals_of(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Read one recording and process it whole."""
    airflow = pd.read_csv(path, sep="\t", header=None)[0].interpolate(limit_direction="both").to_numpy()
    ecg_path = path.with_name(path.name.replace("recording-resp", "recording-ecg"))
    ecg = pd.read_csv(ecg_path, sep="\t", header=None)[0].interpolate(limit_direction="both").to_numpy()
    rsp_signals, _ = nk.rsp_process(airflow, sampling_rate=RESPIRATION_HZ)
    ecg_signals, info = nk.ecg_process(ecg, sampling_rate=ECG_HZ)
    return rsp_signals, ecg_signals, np.asarray(info["ECG_R_Peaks"])


def window_starts(path: Path, window_s: int) -> list[float]:
    """Cut rest and blocks into windows."""
    events = pd.read_csv(str(path).replace("_recording-resp_physio.tsv.gz", "_events.tsv"), sep="\t")
    used = events[events["trial_type"].str.match(r"rest|block")]
    return [
        onset + i * window_s
        for onset, duration in zip(used["onset"], used["duration"], strict=True)
        for i in range(int(duration // window_s))
    ]


def described(function, signals: pd.DataFrame, start: float, length: float, sampling_hz: int) -> dict[str, float]:
    """Describe one window by NeuroKit2; what it cannot describe is missing."""
    part = signals.iloc[round(start * sampling_hz) : round((start + length) * sampling_hz)].reset_index(drop=True)
    try:
        row = function(part, sampling_rate=sampling_hz).iloc[0]
    except Exception:  # windows with too few breaths or beats raise errors of many kinds
        return {}
    return {name: float(np.ravel(value)[0]) for name, value in row.items() if np.size(value) == 1}


def long_series(name: str, signal: pd.DataFrame, peaks: np.ndarray, start: float, length: float) -> list[pd.DataFrame]:
    """Return breathing and intervals of one window as tsfresh wants them."""
    first, last = round(start * RESPIRATION_HZ), round((start + length) * RESPIRATION_HZ)
    breathing = signal["RSP_Clean"].to_numpy()[first:last:EVERY]
    grid = np.arange(start, start + length, 1 / RR_HZ)
    rr = np.interp(grid, peaks[1:] / ECG_HZ, np.diff(peaks) / ECG_HZ)
    return [pd.DataFrame({"id": name, "time": range(len(x)), "value": x}) for x in (breathing, rr)]


def described_recordings(dataset: Path) -> dict[int, pd.DataFrame]:
    """Make one row of features per window of every recording."""
    rows: dict[int, list[dict[str, object]]] = {w: [] for w in WINDOWS_S}
    series: dict[int, tuple[list[pd.DataFrame], list[pd.DataFrame]]] = {w: ([], []) for w in WINDOWS_S}
    took = {"reading and processing": 0.0, "NeuroKit2 features": 0.0}
    for path in sorted(dataset.glob("sub-*/**/*recording-resp_physio.tsv.gz")):
        since = time.process_time()
        participant, task, mode = NAME.match(path.name).groups()
        rsp, ecg, peaks = signals_of(path)
        took["reading and processing"] += time.process_time() - since
        since = time.process_time()
        for window_s in WINDOWS_S:
            for start in window_starts(path, window_s):
                keys = {"participant": participant, "task": task, "mode": mode, "start_s": start}
                breathing = described(nk.rsp_intervalrelated, rsp, start, window_s, RESPIRATION_HZ)
                heart = described(nk.ecg_intervalrelated, ecg, start, window_s, ECG_HZ)
                features = {f"respiration__{k}": v for k, v in breathing.items()}
                rows[window_s].append(keys | features | {f"cardiac__{k}": v for k, v in heart.items()})
                name = f"{len(rows[window_s]) - 1:06d}"
                for into, frame in zip(series[window_s], long_series(name, rsp, peaks, start, window_s), strict=True):
                    into.append(frame)
        took["NeuroKit2 features"] += time.process_time() - since
    for step, seconds in took.items():
        tell(step, time.process_time() - seconds)
    return {w: with_tsfresh(pd.DataFrame(rows[w]), series[w]) for w in WINDOWS_S}


def with_tsfresh(table: pd.DataFrame, series: tuple[list[pd.DataFrame], list[pd.DataFrame]]) -> pd.DataFrame:
    since = time.process_time()
    parts = [table]
    for modality, frames in zip(("respiration", "cardiac"), series, strict=True):
        found = extract_features(
            pd.concat(frames),
            column_id="id",
            column_sort="time",
            default_fc_parameters=EfficientFCParameters(),
            n_jobs=0,
            disable_progressbar=True,
        )
        parts.append(found.sort_index().reset_index(drop=True).add_prefix(f"{modality}__"))
    whole = pd.concat(parts, axis=1).replace([np.inf, -np.inf], np.nan)
    tell("tsfresh features", since, windows=len(whole), columns=whole.shape[1])
    return whole


def matrix_of(table: pd.DataFrame, modality: str) -> np.ndarray:
    prefixes = ("respiration__", "cardiac__") if modality == "all" else (f"{modality}__",)
    X = table[[name for name in table if name.startswith(prefixes)]].dropna(axis=1, thresh=len(table) // 2)
    return X.loc[:, X.nunique() > 1].to_numpy(dtype=float)


def folds_of(table: pd.DataFrame, protocol: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split windows into enrolment and probe, one recording of everybody left out where both sides may be alike."""
    enrol, probe = (
        np.logical_and.reduce([np.ones(len(table), dtype=bool), *(table[k] == v for k, v in side.items())])
        for side in PROTOCOLS[protocol]
    )
    block = (table["task"] + table["mode"]).to_numpy()
    if (enrol & probe).any():
        return [(enrol & (block != one), probe & (block == one)) for one in sorted(set(block[probe]))]
    return [(enrol, probe)]


def rank1(X: np.ndarray, owner: np.ndarray, block: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Choose features and shrinkage inside each enrolment, and recognise its probes."""
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        SelectKBest(),
        LinearDiscriminantAnalysis(solver="lsqr"),
    )
    kept = [k for k in FEATURES_KEPT if k <= X.shape[1]] or ["all"]
    grid = {"selectkbest__k": kept, "lineardiscriminantanalysis__shrinkage": SHRINKAGES}
    hits = []
    for enrol, probe in folds:
        blocks = pd.Series(block[enrol]).value_counts()
        several, least = len(blocks) > 1, enrol.sum() - (blocks.max() if len(blocks) else 0)
        if not probe.any() or (least if several else enrol.sum() // 2) <= 2 * len(set(owner)):
            return np.nan  # scikit-learn's LDA needs more windows than people in every inner fold
        search = GridSearchCV(clone(model), grid, cv=LeaveOneGroupOut() if several else StratifiedKFold(2), n_jobs=1)
        search.fit(X[enrol], owner[enrol], groups=block[enrol])
        hits.append(search.predict(X[probe]) == owner[probe])
    return float(np.concatenate(hits).mean())


def dealt_out(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Give the recordings of each task and mode to its people at random."""
    owner = table["participant"].to_numpy(dtype=object).copy()
    for _, rows in table.groupby(["task", "mode"]).groups.items():
        names = sorted(set(owner[rows]))
        new = dict(zip(names, rng.permutation(names), strict=True))
        owner[rows] = [new[name] for name in owner[rows]]
    return owner


def identify(tables: dict[int, pd.DataFrame], permutations: int) -> None:
    rng = np.random.default_rng(1)
    once, repeated = 0.0, 0.0
    for table in tables.values():
        block = (table["task"] + table["mode"]).to_numpy()
        for modality in ("respiration", "cardiac", "all"):
            X = matrix_of(table, modality)
            for protocol in PROTOCOLS:
                folds = folds_of(table, protocol)
                since = time.process_time()
                rank1(X, table["participant"].to_numpy(dtype=object), block, folds)
                once += time.process_time() - since
                since = time.process_time()
                for _ in range(permutations):
                    rank1(X, dealt_out(table, rng), block, folds)
                repeated += time.process_time() - since
    tell("identification", time.process_time() - once)
    tell("identification, permutations", time.process_time() - repeated, permutations=permutations)


def predict(X: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Predict people who were not seen, with the penalty chosen among the others."""
    steps = (SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    is_class = y.dtype == object
    if is_class:
        model, grid = make_pipeline(*steps, LogisticRegression(max_iter=2000)), {"logisticregression__C": PENALTIES}
    else:
        model, grid = make_pipeline(*steps, Ridge()), {"ridge__alpha": PENALTIES}
    predicted = np.empty(len(y), dtype=object)
    for train, test in KFold(8, shuffle=True, random_state=seed).split(X):
        if is_class and len(set(y[train])) < 2:
            predicted[test] = y[train][0]
            continue
        search = GridSearchCV(clone(model), grid, cv=KFold(7), n_jobs=1, error_score=0.0)
        search.fit(X[train], y[train])
        predicted[test] = search.predict(X[test])
    return predicted


def traits(table: pd.DataFrame, people: pd.DataFrame, permutations: int) -> None:
    rng = np.random.default_rng(2)
    once, repeated = 0.0, 0.0
    people = people.assign(bmi=people["weight_kg"] / (people["height_cm"] / 100) ** 2)
    for modality in ("respiration", "cardiac", "all"):
        X = pd.DataFrame(matrix_of(table, modality)).groupby(table["participant"])
        summary = X.agg(["mean", "std"])
        for target in ("age", "sex", "bmi"):
            y = people.loc[summary.index, target].to_numpy(dtype=object if target == "sex" else float)
            since = time.process_time()
            for repeat in range(3):
                predict(summary.to_numpy(), y, repeat)
            once += time.process_time() - since
            since = time.process_time()
            for _ in range(permutations):
                for repeat in range(3):
                    predict(summary.to_numpy(), rng.permutation(y), repeat)
            repeated += time.process_time() - since
    tell("traits", time.process_time() - once)
    tell("traits, permutations", time.process_time() - repeated, permutations=permutations)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--permutations", type=int, default=1)
    options = parser.parse_args()
    tell("imports", START)
    with contextlib.redirect_stderr(io.StringIO()):
        tables = described_recordings(options.dataset)
        identify(tables, options.permutations)
        people = pd.read_csv(options.dataset / "participants.tsv", sep="\t").set_index("participant_id")
        traits(tables[WINDOWS_S[0]], people, options.permutations)


if __name__ == "__main__":
    main()
