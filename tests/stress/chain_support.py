"""From one file to its features in one process, as the workflow's steps do it, and what must be true of the tables."""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.io
from private_support import WRITERS, simulated_signals
from recordings.mutations import Seed, real_seeds

from eupnea.beats.chunk import beats_of_chunk
from eupnea.beats.plausible import beat_quality, with_beats
from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.beats import BeatsConfig
from eupnea.config.breaths import BreathsConfig
from eupnea.config.dataset import DatasetConfig
from eupnea.config.features import FeaturesConfig
from eupnea.config.recordings import RecordingsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.features.assemble import features_of_chunk
from eupnea.recordings.describe import describe_chunk
from eupnea.recordings.discovery import discover
from eupnea.recordings.load import load_signals
from eupnea.recordings.readers.registry import limits_of
from eupnea.signals.clean import clean_chunk

SECONDS = 60
"""Length of the files."""
CARDIAC_HZ = 250.0
LIMITS = RecordingsConfig(min_duration_s=10, max_samples=2_000_000, max_megabytes=20)
FEATURES = FeaturesConfig(window_s=(15.0,))
KINDS = ("airflow", "nasal_pressure", "thermistor", "belt", "co2", "ecg", "ppg")
CHANNELS = [{"pattern": f"{kind}.*", "kind": kind} for kind in KINDS] + [
    {"pattern": "rr|values|RESP_BELT", "kind": "rr"},
    {"pattern": "respiratory|resp.*", "kind": "belt"},
    {"pattern": "cardiac", "kind": "ppg"},
]


@dataclass(frozen=True)
class Chain:
    """What came out of a file: every table by its name."""

    tables: dict[str, pd.DataFrame]

    @property
    def n_windows(self) -> int:
        """Windows with features."""
        return len(self.tables["windows"])


def run_chain(base: Path, seed: Seed, content: bytes) -> Chain:
    """Write a file, and go from reading it to its features.

    Warnings of libraries go to the log of a step, and are nothing here.
    """
    bids = "sub-01/beh/sub-01_task-rest_physio"
    for name, raw in {**seed.others, seed.name: content}.items():
        path = base / (f"{bids}.{name.partition('.')[2]}" if seed.reader == "bids_physio" else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    where: dict[str, object] = {"source": "bids"}
    if seed.reader != "bids_physio":
        row = f"path\tparticipant\tsampling_hz\tformat\n{seed.main}\t01\t{CARDIAC_HZ:g}\t{seed.reader}\n"
        (base / "recordings.tsv").write_text(row)
        where = {"source": "files", "recordings_table": "recordings.tsv"}
    dataset = DatasetConfig.model_validate({"path": str(base), "channels": CHANNELS} | where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return steps(dataset, base)


def steps(dataset: DatasetConfig, base: Path, config: FeaturesConfig = FEATURES) -> Chain:
    """Go from the files of a dataset to the features of their windows."""
    people = [entry.participant for entry in discover(dataset, base)]
    found = describe_chunk(dataset, LIMITS, base, people, 0)
    raw = load_signals(base, found.channels, limits=limits_of(LIMITS))
    clean = clean_chunk(raw, found.channels, found.intervals, SignalsConfig())
    breaths = breaths_of_chunk(clean.respiration, found.channels, BreathsConfig())
    beats = beats_of_chunk(clean.cardiac, BeatsConfig())
    judged = beat_quality(clean.quality, beats, BeatsConfig())
    features = features_of_chunk(
        found.recordings,
        found.intervals,
        found.channels,
        clean.respiration,
        clean.cardiac,
        with_beats(clean.quality, judged),
        breaths,
        beats,
        config,
    )
    return Chain(
        {
            "recordings": found.recordings,
            "channels": found.channels,
            "findings": found.findings,
            **{name: getattr(clean, name) for name in ("respiration", "cardiac", "quality", "notes")},
            "breaths": breaths,
            "beats": beats,
            "beat quality": judged,
            "recording features": features.recordings,
            "windows": features.windows,
            "set aside": features.set_aside,
        }
    )


def complaints(chain: Chain) -> list[str]:
    """Return what is not true of the tables: a number that is not finite, a gap without a reason."""
    found = [
        f"{name}: {column} is infinite"
        for name, table in chain.tables.items()
        for column in table.select_dtypes("number")
        if np.isinf(table[column].to_numpy(float)).any()
    ]
    found += [
        f"{name}: an infinite sample in {column}"
        for name in ("respiration", "cardiac")
        for column in ("values", "times_s")
        if column in chain.tables[name]
        for cell in chain.tables[name][column]
        if np.isinf(np.asarray(cell, dtype=float)).any()
    ]
    for name, flag in (("breaths", "is_valid"), ("quality", "is_usable"), ("beat quality", "is_plausible")):
        table = chain.tables[name]
        found += [f"{name}: {flag} is false without a reason"] * bool((~table[flag] & (table["reason"] == "")).any())
    for name in ("recordings", "channels"):
        table = chain.tables[name]
        found += [f"{name}: set aside without a reason"] * bool(
            ((table["status"] == "set_aside") & (table["reason"].str.strip() == "")).any()
        )
    beats = chain.tables["beats"]
    found += ["beats: valid without an interval"] * bool((beats["is_valid"] & beats["rr_corrected_ms"].isna()).any())
    return found + _silent(chain)


def _silent(chain: Chain) -> list[str]:
    """Return a used recording of some windows' length of which nothing tells why there is no window."""
    recordings = chain.tables["recordings"]
    used = recordings[(recordings["status"] == "used") & (recordings["used_s"] >= FEATURES.window_s[0])]
    told = {*chain.tables["windows"]["recording"], *chain.tables["set aside"]["recording"]}
    told |= set(chain.tables["notes"]["recording"])
    return [f"{name}: neither a window nor a reason" for name in used["recording"] if name not in told]


def simulated_seeds(dataset: Path, folder: Path) -> list[Seed]:
    """Return one file of every format, with the airflow and the ECG of a simulated person."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _, _, _, signals = next(simulated_signals(dataset))
    cut = {name: (values[: int(SECONDS * hz)], hz) for name, (values, hz) in signals.items()}
    found = []
    for kind, write in WRITERS.items():
        known = set(folder.iterdir())
        main = write(folder, f"a_{kind}", "a", cut)
        content = {path.name: path.read_bytes() for path in sorted(set(folder.iterdir()) - known)}
        reader = {"bdf": "edf", "acq": "acqknowledge"}.get(kind, kind)
        found.append(Seed(reader, main, content.pop(main), content))
    for data in found[-1 * len(WRITERS) :]:
        found += [
            Seed(
                data.reader,
                name,
                raw,
                {data.name: data.content} | {other: one for other, one in data.others.items() if other != name},
            )
            for name, raw in data.others.items()
        ]
    flow = np.repeat(cut["airflow"][0], int(CARDIAC_HZ / cut["airflow"][1]))
    columns = {"airflow": flow, "ecg": cut["ecg"][0]}
    return [*found, *_tables(columns), *_arrays(columns, folder, pa, pq)]


def _tables(columns: dict[str, np.ndarray]) -> list[Seed]:
    flow, ecg = columns["airflow"], columns["ecg"]
    time = np.arange(ecg.size) / CARDIAC_HZ
    rows = [f"{t:.3f},{a:.4f},{b:.4f}" for t, a, b in zip(time, flow, ecg, strict=True)]
    plain = "\n".join(f"{a:.4f}\t{b:.4f}" for a, b in zip(flow, ecg, strict=True)).encode()
    about = {"SamplingFrequency": CARDIAC_HZ, "StartTime": 0, "Columns": ["airflow", "ecg"]}
    sidecar = json.dumps(about | {"airflow": {"Units": "l/s"}, "ecg": {"Units": "mV"}}).encode()
    beats = np.cumsum(0.8 + 0.05 * np.sin(np.arange(75)))
    return [
        Seed("text", "a.csv", "\n".join(["time,airflow,ecg", *rows]).encode()),
        Seed("bids_physio", "a.tsv", plain, {"a.json": sidecar}),
        Seed("bids_physio", "a.json", sidecar, {"a.tsv": plain}),
        Seed("rr_text", "a.txt", "\n".join(f"{1000 * step:.0f}" for step in np.diff(beats)).encode()),
    ]


def _arrays(columns: dict[str, np.ndarray], folder: Path, pa: object, pq: object) -> list[Seed]:
    pq.write_table(pa.table(columns), folder / "a.parquet")  # type: ignore[attr-defined]
    scipy.io.savemat(folder / "a.mat", columns | {"fs": CARDIAC_HZ})
    parquet = Seed("parquet", "a.parquet", (folder / "a.parquet").read_bytes())
    return [parquet, Seed("matlab", "a.mat", (folder / "a.mat").read_bytes()), Seed("numpy", "a.npz", archive(columns))]


def archive(columns: dict[str, np.ndarray]) -> bytes:
    """Return a NumPy archive of channels by their names."""
    target = io.BytesIO()
    np.savez(target, **columns)
    return target.getvalue()


def real_files(base: Path) -> list[Seed]:
    """Return real recordings; of the long ones the header tells of their first minutes only."""
    found = []
    for seed in real_seeds(base):
        longest = {"f1o08m.hea": (b" 250 900000", b" 250 22500"), "100.hea": (b" 360 650000", b" 360 32400")}
        header = {name: raw.replace(*longest[name]) for name, raw in seed.others.items() if name in longest}
        content = seed.content.replace(*longest[seed.name]) if seed.name in longest else seed.content
        if seed.reader not in ("matlab", "numpy"):
            found.append(replace(seed, content=content, others=seed.others | header))
    flow, ecg = (np.load(base / "airflow" / f"{name}.npy")[: SECONDS * 1000] for name in ("resp1_airflow", "ecg1"))
    flow, ecg = -flow.reshape(-1, 4)[:, 0], ecg.reshape(-1, 4)[:, 0]
    return [*found, Seed("numpy", "a.npz", archive({"airflow": flow, "ecg": ecg}), origin="real")]


def spoiled(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Do to a signal what sensors, amplifiers and exports do to it at their worst, once to three times."""
    values = np.array(values, dtype=float)
    with np.errstate(all="ignore"):
        for _ in range(int(rng.integers(1, 4))):
            values = _SPOILERS[int(rng.integers(0, len(_SPOILERS)))](values, rng)
    return values


def _stretch(values: np.ndarray, rng: np.random.Generator) -> slice:
    start = int(rng.integers(0, max(1, values.size)))
    return slice(start, start + int(rng.integers(1, max(2, values.size))))


def _filled(content: float) -> object:
    def fill(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        values[_stretch(values, rng)] = content
        return values

    return fill


def _scattered(content: float) -> object:
    def scatter(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        values[rng.random(values.size) < rng.choice([0.001, 0.1, 0.5])] = content
        return values

    return scatter


_SPOILERS = (
    *map(_filled, (np.nan, 0.0, 1e18, -1e18, 1e-300, np.inf)),
    *map(_scattered, (np.nan, np.inf, -np.inf, 1e19, -1e19, 0.0, 1e300)),
    *(lambda values, rng, gain=gain: values * gain for gain in (1e-300, 1e-12, 1e12, 1e17, -1.0, 0.0)),
    *(lambda values, rng, offset=offset: values + offset for offset in (1e6, 1e15, -1e18)),
    lambda values, rng: values[: int(rng.integers(0, max(1, values.size)))],
    lambda values, rng: np.clip(values, *np.sort(rng.normal(0, 1, 2))),
    lambda values, rng: np.cumsum(rng.normal(size=values.size)),
    lambda values, rng: rng.standard_cauchy(values.size),
    lambda values, rng: np.sign(np.sin(np.arange(values.size) * rng.uniform(1e-4, 3))),
    lambda values, rng: np.sin(np.arange(values.size) * rng.uniform(1e-5, 3)),
    lambda values, rng: values + np.nan_to_num(1e3 * values[::-1]),
    lambda values, rng: np.repeat(values[::50], 50)[: values.size],
    lambda values, rng: np.where(np.arange(values.size) % 2, 1e19, -1e19),
    lambda values, rng: np.roll(values, int(rng.integers(0, 1000))) * np.linspace(0, 1e9, values.size),
    lambda values, rng: np.tile(values[: max(1, values.size // 100)], 100),
)
"""Each takes values and a generator, and returns values."""
