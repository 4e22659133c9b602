"""The other side of ``hrv.py``: NeuroKit2 in an environment of its own, asked over a pipe.

Reads lines of JSON (a list of intervals in ms), answers lines of JSON (seconds of CPU time, values).
"""

from __future__ import annotations

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import neurokit2 as nk  # noqa: E402
import numpy as np  # noqa: E402
from neurokit2.hrv import hrv_nonlinear as parts  # noqa: E402


def same_measures(rr_ms: np.ndarray, *, is_long: bool) -> dict[str, float]:
    """Compute what eupnea computes for a window, and as little else as NeuroKit2 allows."""
    given = {"RRI": rr_ms, "RRI_Time": np.cumsum(rr_ms) / 1000.0}
    found = nk.hrv_time(given).iloc[0].to_dict()
    found |= nk.hrv_frequency(given).iloc[0].to_dict()
    module = sys.modules["neurokit2.hrv.hrv_nonlinear"]
    for step in ("_hrv_nonlinear_poincare", "_hrv_nonlinear_fragmentation", "_hrv_nonlinear_poincare_hra"):
        found |= {f"HRV_{name}": value for name, value in getattr(module, step)(rr_ms, out={}).items()}
    if is_long:
        tolerance = 0.2 * np.std(rr_ms, ddof=1)
        found["HRV_SampEn"], _ = nk.entropy_sample(rr_ms, delay=1, dimension=2, tolerance=tolerance)
        found["HRV_ApEn"], _ = nk.entropy_approximate(rr_ms, delay=1, dimension=2, tolerance=tolerance)
        found["HRV_DFA_alpha1"], _ = nk.fractal_dfa(rr_ms, scale=np.arange(4, 17), overlap=False)
    return found


def public_functions(rr_ms: np.ndarray) -> None:
    """Call what a user calls to get these measures (and the others that come with them)."""
    given = {"RRI": rr_ms, "RRI_Time": np.cumsum(rr_ms) / 1000.0}
    nk.hrv_time(given)
    nk.hrv_frequency(given)
    nk.hrv_nonlinear(given)


def main() -> None:
    assert parts is not None
    print(json.dumps({"version": nk.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        rr_ms = np.asarray(request["rr_ms"], dtype=float)
        start = time.process_time()
        values = same_measures(rr_ms, is_long=request["is_long"])
        took = time.process_time() - start
        public = float("nan")
        if request["with_public"]:
            start = time.process_time()
            public_functions(rr_ms)
            public = time.process_time() - start
        print(
            json.dumps({"cpu_s": took, "public_cpu_s": public, "values": {k: float(v) for k, v in values.items()}}),
            flush=True,
        )


if __name__ == "__main__":
    main()
