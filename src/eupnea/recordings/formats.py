"""Which reader reads which file; known without importing any of them."""

from __future__ import annotations

SUFFIX_FORMATS: dict[str, str] = {
    ".tsv.gz": "text",
    ".csv.gz": "text",
    ".txt.gz": "text",
    ".tsv": "text",
    ".csv": "text",
    ".txt": "text",
    ".rr": "rr_text",
    ".hrm": "rr_text",
    ".parquet": "parquet",
    ".edf": "edf",
    ".bdf": "edf",
    ".vhdr": "brainvision",
    ".hea": "wfdb",
    ".acq": "acqknowledge",
    ".mat": "matlab",
    ".npy": "numpy",
    ".npz": "numpy",
}
"""Reader per file suffix; ``bids_physio`` and ``empatica`` are told by the dataset and the file's name."""

EMPATICA_FILES = ("BVP.csv", "IBI.csv", "HR.csv")
"""Files of an Empatica E4 session that hold the heart."""

FORMATS = tuple(sorted({*SUFFIX_FORMATS.values(), "bids_physio", "empatica"}))
"""Names of all readers."""


def format_of(path: str) -> str:
    """Return the name of the reader for a file, or the empty string when no reader knows it."""
    name = path.rsplit("/", 1)[-1]
    if name in EMPATICA_FILES:
        return "empatica"
    lower = name.lower()
    return next((reader for suffix, reader in SUFFIX_FORMATS.items() if lower.endswith(suffix)), "")
