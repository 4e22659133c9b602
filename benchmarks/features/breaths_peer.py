"""The other side of ``breaths.py``: a peer in an environment of its own, asked over a pipe; knows nothing of eupnea.

``python breaths_peer.py neurokit2|biosppy``: reads paths of NumPy files, answers lines of JSON (seconds of CPU time).
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np

warnings.filterwarnings("ignore")
HZ = 25


def neurokit():
    import neurokit2

    def work(values):
        _, info = neurokit2.rsp_process(values, sampling_rate=HZ)
        return len(info["RSP_Troughs"])

    return version("neurokit2"), work


def biosppy():
    from biosppy.signals.resp import resp

    def work(values):
        return len(resp(signal=values, sampling_rate=HZ, show=False)["zeros"]) // 2

    return version("biosppy"), work  # biosppy 2.2.4 calls itself 2.1.2


def main(name: str) -> None:
    version, work = {"neurokit2": neurokit, "biosppy": biosppy}[name]()
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        values = np.load(line.strip())
        start = time.process_time()
        n_breaths = work(values)
        print(json.dumps({"cpu_s": time.process_time() - start, "n_breaths": n_breaths}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
