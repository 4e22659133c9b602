"""The breath table against NeuroKit2 and biosppy: the same belts, in turns, CPU time.

``python -m benchmarks.features.breaths --peers FOLDER`` makes an environment per peer in FOLDER, or
uses the one that is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from benchmarks.detection.synthetic import SAMPLING_HZ, make_signal  # noqa: E402
from benchmarks.peers import peers_at_hand  # noqa: E402
from benchmarks.report import write_table  # noqa: E402
from eupnea.breaths.table import detect_breaths  # noqa: E402
from eupnea.signals.presets import RESPIRATION_HZ  # noqa: E402
from eupnea.signals.respiration import clean_respiration  # noqa: E402

BARS = {"neurokit2": 200.0, "biosppy": 3.0}
FIRST_SEED = 400
PIECE_MIN = 5
REPEATS = 5


class Peer:
    """A peer that waits in its own environment."""

    def __init__(self, name: str, python: Path) -> None:
        command = [str(python), str(Path(__file__).with_name("breaths_peer.py")), name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._answer()["version"]

    def cpu_seconds(self, path: Path) -> float:
        """Let the peer work once."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return float(self._answer()["cpu_s"])

    def _answer(self) -> dict:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """Let the peer go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def belt(minutes: int) -> np.ndarray:
    """Make a belt of some minutes at 25 Hz from pieces of five, cleaned."""
    pieces = [make_signal("belt", "white_10db", FIRST_SEED + i)[0] for i in range(-(-minutes // PIECE_MIN))]
    cleaned = clean_respiration(np.concatenate(pieces), SAMPLING_HZ, preset="belt").detection
    return np.asarray(cleaned[: int(minutes * 60 * RESPIRATION_HZ)], dtype=float)


def own_cpu_seconds(values: np.ndarray, *, with_cleaning: bool) -> float:
    """Return the CPU time of the breath table: the mean of a few runs, as one is short against the clock."""
    start = time.process_time()
    for _ in range(REPEATS):
        signal = clean_respiration(values, RESPIRATION_HZ, preset="belt").detection if with_cleaning else values
        detect_breaths(signal, RESPIRATION_HZ, preset="belt")
    return (time.process_time() - start) / REPEATS


def compare(peers: dict[str, Peer], minutes: int, *, pairs: int, folder: Path) -> list[dict[str, object]]:
    """Let eupnea and its peers work in turns; the first turn warms up and does not count."""
    values = belt(minutes)
    path = folder / f"{minutes}.npy"
    np.save(path, values)
    rows = []
    for _ in range(pairs + 1):
        row = {name: peer.cpu_seconds(path) for name, peer in peers.items()}
        row |= {"table": own_cpu_seconds(values, with_cleaning=False)}
        row |= {"cleaned": own_cpu_seconds(values, with_cleaning=True)}
        rows.append(row)
    took = pd.DataFrame(rows[1:])
    own = {
        "eupnea_ms_per_min": 1000 * took["table"].median() / minutes,
        "with_cleaning_ms_per_min": 1000 * took["cleaned"].median() / minutes,
    }
    found: list[dict[str, object]] = []
    for name, peer in peers.items():
        ratio, whole = took[name] / took["table"], took[name] / took["cleaned"]
        found.append(
            {
                "minutes": minutes,
                "peer": f"{name} {peer.version}",
                **own,
                "peer_ms_per_min": 1000 * took[name].median() / minutes,
                "ratio": ratio.median(),
                "ratio_low": ratio.min(),
                "ratio_high": ratio.max(),
                "ratio_with_cleaning": whole.median(),
                "bar": BARS[name],
            }
        )
    return found or [{"minutes": minutes, "peer": "none", **own}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--minutes", type=int, nargs="+", default=[5, 10, 50])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    options = parser.parse_args()
    found, missing = peers_at_hand(tuple(BARS), options.peers)
    peers = {name: Peer(name, python) for name, python in found.items()}
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row
            for minutes in options.minutes
            for row in compare(peers, minutes, pairs=options.pairs, folder=Path(folder))
        ]
    for peer in peers.values():
        peer.close()
    note = "CPU time per minute of a belt at 25 Hz under 10 dB of white noise; median ratio of interleaved pairs. "
    write_table(pd.DataFrame(rows), options.output, "breaths", note=note + "; ".join(missing.values()))


if __name__ == "__main__":
    main()
