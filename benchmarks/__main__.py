"""Run the benchmarks against the peers: detection, features, files, threads; a table of each in ``--output``.

``python -m benchmarks --peers .peers``: each peer gets an environment of its own in that folder. A peer that cannot be
installed is named above the tables; the exit code is 1 when a benchmark stops with an error.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = {
    "detection": ("benchmarks.detection", "--peers"),
    "recordings": ("benchmarks.detection.recordings", "--peers"),
    "breaths": ("benchmarks.features.breaths", "--peers"),
    "hrv": ("benchmarks.features.hrv", "--peers"),
    "timeseries": ("benchmarks.features.timeseries", None),
    "files": ("benchmarks.files", None),
    "threads": ("benchmarks.threads", None),
}
"""Name -> module, and its option for the folder of the peers' environments."""


def main() -> int:
    """Run what is asked for, one after the other in processes of their own: none warms up another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=Path(".peers"), help="folder of the peers' environments")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks"))
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS))
    options = parser.parse_args()
    broken = []
    for name in options.only:
        module, peers = BENCHMARKS[name]
        command = [sys.executable, "-m", module, "--output", str(options.output)]
        command += [peers, str(options.peers)] if peers else []
        print(f"# {name}\n", flush=True)
        written = options.output / f"{name}.md"
        written.unlink(missing_ok=True)
        subprocess.run(command, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
        if not written.exists():  # a missed bar has its own exit code, but its table is written
            broken.append(name)
    tables = sorted(options.output.glob("*.md"))
    print("Tables:", ", ".join(map(str, tables)))
    if broken:
        print("Stopped with an error:", ", ".join(broken), file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
