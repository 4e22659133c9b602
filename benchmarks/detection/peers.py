"""Run one peer on a file of signals, in the peer's own environment; knows nothing of eupnea.

``python peers.py NAME SIGNALS.npz ANSWERS.npz``
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

HZ = 50


def as_volume(values, kind):
    """Give tools that only know belts the integral of flow, without its slow part, as the nearest they can use."""
    if kind == "belt":
        return values
    from scipy.signal import butter, sosfiltfilt

    whole = np.interp(np.arange(values.size), np.flatnonzero(np.isfinite(values)), values[np.isfinite(values)])
    sections = butter(2, 0.03, btype="highpass", fs=HZ, output="sos")
    return sosfiltfilt(sections, np.cumsum(sosfiltfilt(sections, whole)) / HZ)


def neurokit(method: str):
    import neurokit2

    def onsets(values, kind):
        clean = neurokit2.rsp_clean(as_volume(values, kind), sampling_rate=HZ, method=method)
        info = neurokit2.rsp_peaks(clean, sampling_rate=HZ, method=method)[1]
        return np.asarray(info["RSP_Troughs"], dtype=float) / HZ

    return onsets


def neurokit_scipy():
    import neurokit2

    def onsets(values, kind):
        clean = neurokit2.rsp_clean(as_volume(values, kind), sampling_rate=HZ, method="khodadad2018")
        info = neurokit2.rsp_peaks(clean, sampling_rate=HZ, method="scipy")[1]
        return np.asarray(info["RSP_Troughs"], dtype=float) / HZ

    return onsets


def physio():
    from physio import compute_respiration

    presets = {"belt": "human_belt", "airflow": "human_airflow"}

    def onsets(values, kind):
        # the presets expect the sign of their own recordings: inspiration down in airflow
        signal = -values if kind == "airflow" else values
        _, cycles = compute_respiration(signal, HZ, parameter_preset=presets[kind])
        return cycles["inspi_time"].to_numpy(dtype=float)

    return onsets


def biosppy():
    from biosppy.signals.resp import resp

    def onsets(values, kind):
        answer = resp(signal=values, sampling_rate=HZ, show=False)
        # biosppy gives zero crossings of the filtered signal: the nearest it has to an onset
        return np.asarray(answer["zeros"], dtype=float)[::2] / HZ

    return onsets


def breathmetrics():
    from breathmetrics.core import Breathe

    kinds = {"airflow": "humanAirflow", "belt": "humanBB"}

    def onsets(values, kind):
        # it is made for 1 kHz: its smoothing windows are whole numbers of samples
        whole = np.interp(np.arange(0, values.size, HZ / 1000), np.arange(values.size), values)
        found = Breathe(whole, 1000, kinds[kind])
        try:
            found.estimate_all_features()
        except IndexError:  # it stops where a breath has no pause; the newer onsets do not need the pauses
            found.find_inhale_onsets_new()
        return np.asarray(found.inhale_onsets, dtype=float) / 1000

    return onsets


PEERS = {
    "neurokit_khodadad": lambda: neurokit("khodadad2018"),
    "neurokit_biosppy": lambda: neurokit("biosppy"),
    "neurokit_scipy": neurokit_scipy,
    "physio": physio,
    "biosppy": biosppy,
    "breathmetrics": breathmetrics,
}


def main(name: str, signals: str, answers: str) -> None:
    warnings.simplefilter("ignore")
    find = PEERS[name]()
    given, found = np.load(signals), {}
    seconds = 0.0
    for key in given.files:
        kind = key.split("|")[0]
        start = time.process_time()
        try:
            found[key] = find(given[key].copy(), kind)
        except Exception as error:
            print(f"{name}: {key}: {type(error).__name__}: {error}", file=sys.stderr)
            found[key] = np.empty(0)
        seconds += time.process_time() - start
    np.savez(answers, **found, cpu_s=np.array(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
