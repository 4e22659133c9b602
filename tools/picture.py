"""Make the picture of the README anew from a report: ``docs/_static/report.png``. Needs Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "_static" / "report.png"
WIDTH, HEIGHT, COLOURS = 1100, 1000, 64
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(report: str = "results/demo/report.html") -> int:
    """Take the top of a report as it looks on a desktop; few colours keep the file small."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not Path(report).is_file():
        print(f"Needed: one of {', '.join(BROWSERS)}, and a report (make study); looked for {report}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "report.png"
        size = f"--window-size={WIDTH},{HEIGHT}"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size, f"--screenshot={shot}"]
        address = Path(report).resolve().as_uri()
        subprocess.run([browser, *options, address], check=True, capture_output=True)
        Image.open(shot).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
