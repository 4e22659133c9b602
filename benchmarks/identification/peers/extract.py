"""Features of a peer for every window, in the peer's own environment; knows nothing of eupnea.

``python extract.py PEER MODALITY SIGNALS.npz WINDOWS.tsv FEATURES.tsv``: `SIGNALS` has one array per recording and its
rate ``hz``; `WINDOWS` has the columns recording, start_s, window_s, on the signals' clock, which starts at 0.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd


def catch24(_modality):
    """22 canonical time-series characteristics with mean and standard deviation, of each window by itself."""
    import pycatch22

    def of_recording(values, hz, windows):
        for window in windows.itertuples():
            found = pycatch22.catch22_all(cut(values, hz, window).tolist(), catch24=True)
            yield dict(zip(found["names"], found["values"], strict=True))

    return of_recording


def neurokit(modality):
    """``rsp_process`` or ``ppg_process`` of the whole recording, ``*_intervalrelated`` of each window."""
    import neurokit2

    process = {"respiration": neurokit2.rsp_process, "cardiac": neurokit2.ppg_process}[modality]
    describe = {"respiration": neurokit2.rsp_intervalrelated, "cardiac": neurokit2.ppg_intervalrelated}[modality]

    def of_recording(values, hz, windows):
        signals, _ = process(values, sampling_rate=hz)
        for window in windows.itertuples():
            part = cut(signals, hz, window).reset_index(drop=True)
            try:
                yield numbers(describe(part, sampling_rate=hz).iloc[0].to_dict())
            except Exception as error:  # few cycles in a window: it has no features
                print(f"neurokit: {window.recording} at {window.start_s} s: {error}", file=sys.stderr)
                yield {}

    return of_recording


def physio(_modality):
    """Median and median absolute deviation of the cycle features of ``compute_respiration`` over each window."""
    from physio import compute_respiration

    def of_recording(values, hz, windows):
        _, cycles = compute_respiration(values.astype("float64"), hz, parameter_preset="human_belt")
        cycles = cycles.select_dtypes("number")
        features = [name for name in cycles if not name.endswith(("_time", "_index"))]
        for window in windows.itertuples():
            end = window.start_s + window.window_s
            inside = cycles[(cycles["inspi_time"] >= window.start_s) & (cycles["next_inspi_time"] <= end)][features]
            middle = inside.median()
            spread = (inside - middle).abs().median()
            yield {"n_cycles": len(inside)} | middle.to_dict() | spread.add_suffix("_mad").to_dict()

    return of_recording


PEERS = {"catch24": catch24, "neurokit": neurokit, "physio": physio}


def cut(values, hz, window):
    """Return the samples of one window."""
    first = round(window.start_s * hz)
    return values[first : first + round(window.window_s * hz)]


def numbers(row):
    """Keep what is a number; some answers come as arrays of one."""
    found = {}
    for name, value in row.items():
        one = np.ravel(value)
        if one.size == 1 and np.issubdtype(np.asarray(one).dtype, np.number):
            found[name] = float(one[0])
    return found


def main(peer: str, modality: str, signals: str, windows: str, features: str) -> None:
    warnings.simplefilter("ignore")
    of_recording = PEERS[peer](modality)
    given, table = np.load(signals), pd.read_csv(windows, sep="\t", dtype={"recording": str})
    parts = []
    for recording, rows in table.groupby("recording", sort=False):
        try:
            found = list(of_recording(given[recording], float(given["hz"]), rows))
        except Exception as error:
            print(f"{peer}: {recording}: {type(error).__name__}: {error}", file=sys.stderr)
            found = [{}] * len(rows)
        parts.append(pd.DataFrame(found, index=rows.index))
    pd.concat(parts).sort_index().to_csv(features, sep="\t", index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
